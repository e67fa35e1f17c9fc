"""Those who are told: an HTTP server and an SMTP server on loopback, which do as a test says."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


def free_port() -> int:
    """Return a port on which nobody listens."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


HANG = -1  # instead of a status: take the request and never answer
RESET = -2  # close the connection in the middle


@dataclass(frozen=True)
class Request:
    """A request that came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    at: float = field(default_factory=time.monotonic)


class Web:
    """An HTTP server; `answer` says with which status, or HANG or RESET, and which headers."""

    def __init__(self, port: int = 0) -> None:
        self.requests: list[Request] = []
        self.answer: Callable[[Request], tuple[int, dict[str, str]]] = lambda _: (200, {})
        self.open = threading.Event()  # those who hang are let go
        web = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self._do()

            def do_GET(self) -> None:
                self._do()

            def _do(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                request = Request(self.command, self.path, dict(self.headers), body)
                web.requests.append(request)
                status, headers = web.answer(request)
                if status == HANG:
                    web.open.wait(60)
                if status in {HANG, RESET}:
                    self.close_connection = True
                    return
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: Any) -> None:
                """Say nothing: clients are killed here."""

        self._server = Server(("127.0.0.1", port), Handler)
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def answers(self, status: int, **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answer = lambda _: (status, named)

    def close(self) -> None:
        self.open.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@contextmanager
def web_server(port: int = 0) -> Iterator[Web]:
    web = Web(port)
    try:
        yield web
    finally:
        web.close()


class Certificates:
    """An authority of its own, and what it has issued for "localhost" and 127.0.0.1."""

    def __init__(self, folder: Path) -> None:
        authority = trustme.CA()
        issued = authority.issue_cert("localhost", "127.0.0.1")
        self.authority = folder / "authority.pem"
        authority.cert_pem.write_to_path(str(self.authority))
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        issued.configure_cert(self.context)


class Mail:
    """An SMTP server that takes everything, or says `refusal` instead."""

    def __init__(
        self, port: int, *, tls: str, context: ssl.SSLContext, login: tuple[str, str] | None
    ) -> None:
        self.mails: list[EmailMessage] = []
        self.recipients: list[list[str]] = []
        self.refusal: dict[str, str] = {}
        mail = self

        class Handler:
            async def handle_RCPT(  # noqa: N802 aiosmtpd wants it so
                self, _: SMTP, __: Session, envelope: Envelope, address: str, options: list[str]
            ) -> str:
                if address in mail.refusal:
                    return mail.refusal[address]
                envelope.rcpt_tos.append(address)
                envelope.rcpt_options.extend(options)
                return "250 OK"

            async def handle_DATA(self, _: SMTP, __: Session, envelope: Envelope) -> str:  # noqa: N802 the same
                content = envelope.content
                assert isinstance(content, bytes)
                found = message_from_bytes(content.replace(b"\r\n", b"\n"), policy=default)
                assert isinstance(found, EmailMessage)
                mail.mails.append(found)
                mail.recipients.append(list(envelope.rcpt_tos))
                return mail.refusal.get("DATA", "250 OK")

        def authenticate(*arguments: Any) -> AuthResult:
            found = arguments[-1]
            assert isinstance(found, LoginPassword)
            right = login is not None and (found.login, found.password) == tuple(
                text.encode() for text in login
            )
            return AuthResult(success=right, handled=False)

        options: dict[str, Any] = {}
        if login is not None:
            options = {"authenticator": authenticate, "auth_required": True}
        if tls == "starttls":
            options |= {"tls_context": context, "require_starttls": True}
        self.port = port
        self._controller = _Controller(
            Handler(),
            hostname="127.0.0.1",
            port=port,
            ssl_context=context if tls == "tls" else None,
            **options,
        )
        self._controller.start()

    def close(self) -> None:
        self._controller.stop()


class _Controller(Controller):
    def factory(self) -> SMTP:
        """Return a server that takes a password: it does not know of TLS from the start."""
        server = SMTP(self.handler, **self.SMTP_kwargs)
        server._auth_require_tls = False
        return server


@contextmanager
def mail_server(
    certificates: Certificates,
    *,
    tls: str = "none",
    login: tuple[str, str] | None = None,
    port: int | None = None,
) -> Iterator[Mail]:
    mail = Mail(port or free_port(), tls=tls, context=certificates.context, login=login)
    try:
        yield mail
    finally:
        mail.close()
