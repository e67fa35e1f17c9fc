"""Why something could not be delivered, as a sentence and how to mend it; never with a secret."""

from __future__ import annotations

import errno
import socket
import ssl
from datetime import timedelta

from flowcron.domain.text import visible_in_line
from flowcron.errors import FlowcronError

LONGEST = 300  # characters of what another program or server says
_LEAST = 4  # characters of a secret that is worth hiding: a shorter one is in every other word
_HIDDEN = "•••"

_ERRNOS = {
    errno.ECONNREFUSED: "refused the connection",
    errno.EHOSTUNREACH: "cannot be reached from here",
    errno.ENETUNREACH: "cannot be reached from here: there is no network",
    errno.ETIMEDOUT: "did not answer in time",
}
_HINTS = {
    errno.ECONNREFUSED: "is the service running, and are host and port right?",
    errno.EHOSTUNREACH: "are the network and the firewall as they should be?",
    errno.ENETUNREACH: "are the network and the firewall as they should be?",
}


class DeliveryError(FlowcronError):
    """It was not delivered. `retry_after` is for how long the service wants to be left alone.

    `is_down` says that the service was not reached at all, so that nothing else gets there either.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        retry_after: timedelta | None = None,
        is_down: bool = False,
    ) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after
        self.is_down = is_down


def not_reached(error: OSError, where: str) -> DeliveryError:
    """Return what an error of the network means; `where` is host and port."""
    match error:
        case TimeoutError():
            message = f"{where} did not answer in time"
            hint = "is it slow, or does a firewall drop what comes from here?"
        case socket.gaierror():
            message = f"{where}: there is no such host"
            hint = "is the name right, and does this machine resolve names?"
        case ssl.SSLCertVerificationError():
            message = f"{where} has a certificate that is not trusted: {error.verify_message}"
            hint = "use the name that is in the certificate, and let this machine trust its issuer"
        case ssl.SSLError():
            message = f"{where} does not speak TLS as expected: {error.reason or error}"
            hint = "is it the right port, and does it want TLS from the beginning, later, or not?"
        case ConnectionResetError() | BrokenPipeError():
            message = f"{where} broke the connection off"
            hint = "is the service well?"
        case _:
            number = error.errno or 0
            said = _ERRNOS.get(number) or f"cannot be reached: {error.strerror or error}"
            message = f"{where} {said}"
            hint = _HINTS.get(number, "is the service well?")
    return DeliveryError(message, hint=hint, is_down=True)


def said_in_a_line(text: str | bytes) -> str:
    """Return what another program or server said, fit for one line."""
    whole = text.decode("utf-8", "backslashreplace") if isinstance(text, bytes) else text
    line = visible_in_line(" ".join(whole.split()))
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"


def masked(text: str, secrets: tuple[str, ...]) -> str:
    """Return a text in which no secret is left."""
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= _LEAST:
            text = text.replace(secret, _HIDDEN)
    return text
