"""Mail by an SMTP server, as [smtp] says."""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Sequence
from email.message import EmailMessage

from flowcron.alerts.failure import DeliveryError, not_reached, said_in_a_line
from flowcron.domain.channel import Smtp

PATIENCE = 10.0  # seconds for each step of the conversation


def send_by_smtp(
    mail: EmailMessage, to: Sequence[str], *, smtp: Smtp, password: str | None
) -> str | None:
    """Send a mail; return who of several was refused, or None. Raises DeliveryError."""
    where = f"{smtp.host}:{smtp.port}"
    try:
        with _connected(smtp) as server:
            _log_in(server, smtp, password, where)
            refused = server.send_message(mail, smtp.sender, list(to))
    except smtplib.SMTPException as error:
        raise _refused(error, where) from None
    except OSError as error:
        raise not_reached(error, where) from None
    if not refused:
        return None
    reasons = (f"{who}: {said_in_a_line(why[1])}" for who, why in refused.items())
    return f"{where} refused {'; '.join(reasons)}"


def _connected(smtp: Smtp) -> smtplib.SMTP:
    """Return a connection, encrypted where that is asked for."""
    name = socket.gethostname()  # not what a slow name server makes of it
    if smtp.tls == "tls":
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(smtp.host, smtp.port, name, timeout=PATIENCE, context=context)
    server = smtplib.SMTP(smtp.host, smtp.port, name, timeout=PATIENCE)
    if smtp.tls == "starttls":
        try:
            server.starttls(context=ssl.create_default_context())
        except BaseException:
            server.close()
            raise
    return server


def _log_in(server: smtplib.SMTP, smtp: Smtp, password: str | None, where: str) -> None:
    if smtp.username is None or password is None:
        return
    try:
        server.login(smtp.username, password)
    except smtplib.SMTPAuthenticationError as error:
        said = f"{error.smtp_code} {said_in_a_line(error.smtp_error)}"
        message = f"{where} refused the password: {said} (user {smtp.username})"
        raise DeliveryError(message, hint=f"password comes from {smtp.password}") from None
    except smtplib.SMTPNotSupportedError:
        message = f"{where} takes no password here"
        hint = "leave out username and password, or use the port and tls that want them"
        raise DeliveryError(message, hint=hint) from None


def _refused(error: smtplib.SMTPException, where: str) -> DeliveryError:
    match error:
        case smtplib.SMTPNotSupportedError():
            hint = 'use tls = "tls" (port 465), or "none" where the network is trusted'
            return DeliveryError(f"{where} does not offer STARTTLS", hint=hint)
        case smtplib.SMTPRecipientsRefused(recipients=recipients):
            reasons = (f"{who}: {said_in_a_line(why[1])}" for who, why in recipients.items())
            message = f"{where} refused every recipient: {'; '.join(reasons)}"
            return DeliveryError(message, hint="are the addresses right?")
        case smtplib.SMTPSenderRefused(sender=sender, smtp_error=why):
            message = f"{where} refused {sender} as the sender: {said_in_a_line(why)}"
            return DeliveryError(message, hint="write the right address into from of [smtp]")
        case smtplib.SMTPServerDisconnected() if "timed out" in str(error):
            return not_reached(TimeoutError(), where)
        case smtplib.SMTPServerDisconnected():
            message = f"{where} broke the connection off"
            hint = "is tls of [smtp] right for this port?"
            return DeliveryError(message, hint=hint, is_down=True)
        case smtplib.SMTPResponseException(smtp_code=code, smtp_error=why):
            message = f"{where} answered {code} {said_in_a_line(why)}"
            return DeliveryError(
                message, hint="the server has trouble of its own, or wants a login"
            )
        case _:
            return DeliveryError(f"{where}: {said_in_a_line(str(error))}", hint="is [smtp] right?")
