"""A mail, with the headers that keep mail from being lost, answered, or shown twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from flowcron.domain.instant import Instant, moment


@dataclass(frozen=True, slots=True)
class Letter:
    """What a mail says. The same `key` gives the same Message-ID; `thread` names a conversation."""

    subject: str
    text: str
    key: str
    thread: str | None = None
    headers: tuple[tuple[str, str], ...] = ()


def mail_of(
    letter: Letter, *, sender: str, to: Sequence[str], host: str, at: Instant
) -> EmailMessage:
    """Return the mail; one that is sent again has the Message-ID that it had before."""
    mail = EmailMessage(SMTP)
    domain = "".join(char if char.isalnum() or char in ".-" else "-" for char in host)
    mail["From"] = sender
    mail["To"] = ", ".join(to)
    mail["Subject"] = letter.subject
    mail["Date"] = format_datetime(moment(at))
    mail["Message-ID"] = f"<{letter.key}@{domain}>"
    if letter.thread is not None:
        mail["In-Reply-To"] = mail["References"] = f"<{letter.thread}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    for name, value in letter.headers:
        mail[name] = value
    mail.set_content(letter.text, charset="utf-8", cte="quoted-printable")
    return mail
