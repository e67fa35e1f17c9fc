"""The services that Apprise knows: sending to one, and why it failed without its URL."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qsl, unquote, urlsplit

from apprise import Apprise, AppriseAsset, NotifyType, OverflowMode
from apprise.plugins.base import NotifyBase

from flowcron.alerts.failure import DeliveryError, said_in_a_line
from flowcron.alerts.message import Message

_LOGGER = logging.getLogger("apprise")
_STATUS = re.compile(r"\berror=([0-9]{3})\b")
_SMTP_STATUS = re.compile(r"\((5[0-9]{2}), b?['\"]")
_CAUSES = (
    ("refused", "refused the connection", "is the service running, and are host and port right?"),
    ("certificate verify failed", "has a certificate that is not trusted", "is the host right?"),
    ("not known", "is not there: no host has this name", "is the name of the host right?"),
    ("name resolution", "is not there: no host has this name", "is the name of the host right?"),
    ("timed out", "did not answer in time", "is it slow, or does a firewall drop what we send?"),
    ("reset", "broke the connection off", "is the service well?"),
    ("aborted", "broke the connection off", "is the service well?"),
)
_NAMES = ("secure_protocol", "protocol")  # where a service says what is in front of its ://
_PATH_OF_URL = re.compile(r"(with url: )\S+")


def service_of(url: str) -> NotifyBase | None:
    """Return the service behind a URL, or None when Apprise knows none."""
    with _heard():
        asset = AppriseAsset(async_mode=False)
        found = Apprise.instantiate(url, asset=asset, suppress_exceptions=True)
    return found if isinstance(found, NotifyBase) else None


def name_of(service: NotifyBase, url: str) -> str:
    """Return what a service is called in front of ://, which is no secret."""
    found = [getattr(service, each) or () for each in _NAMES]
    names = [name for each in found for name in ((each,) if isinstance(each, str) else each)]
    kind = url.partition("://")[0].lower()
    return kind if kind in names else str(names[0]).lower()


def secrets_in(url: str, service: NotifyBase) -> tuple[str, ...]:
    """Return every part of a URL that may be a secret: all but the name of a real host."""
    parts = urlsplit(url)
    found = {url, parts.path, parts.username or "", parts.password or "", parts.query}
    found |= {*parts.path.split("/"), *(value for _, value in parse_qsl(parts.query))}
    if "host" not in service.template_tokens:
        found |= {parts.netloc, *parts.netloc.split("@"), parts.hostname or ""}
    tokens = service.template_tokens.items()
    private = [each.get("map_to") or name for name, each in tokens if each.get("private")]
    values = [getattr(service, name, None) for name in private]
    found |= {value for value in values if isinstance(value, str)}
    return tuple({text for secret in found for text in (secret, unquote(secret)) if text})


def send_to_service(service: NotifyBase, name: str, message: Message) -> None:
    """Send a message to a service of this name; raises DeliveryError unless all of it was taken."""
    if service.overflow_mode == OverflowMode.UPSTREAM:  # many refuse what is too long for them
        service.overflow_mode = OverflowMode.TRUNCATE
    apprise = Apprise(asset=AppriseAsset(async_mode=False))
    apprise.add(service)
    with _heard() as heard:
        taken = apprise.notify(
            body=message.text,
            title=message.subject,
            notify_type=NotifyType(message.mood.value),
            body_format="text",
        )
    if not taken:
        raise _failure(name, heard)


def _failure(name: str, heard: list[logging.LogRecord]) -> DeliveryError:
    """Return what Apprise says of a failure: in what it warns of, and in its notes about it."""
    notes = " · ".join(record.getMessage() for record in heard)
    warnings = [each.getMessage() for each in heard if each.levelno >= logging.WARNING]
    said = said_in_a_line(_PATH_OF_URL.sub(r"\1•••", warnings[-1])) if warnings else "no reason"
    if status := _STATUS.search(notes):
        return DeliveryError(f"{name}: {said}", hint=_hint(int(status[1])))
    if status := _SMTP_STATUS.search(notes):
        message = f"{name}: the mail server refused it with {status[1]}"
        return DeliveryError(message, hint="are name, password and addresses in the URL right?")
    for sign, meaning, hint in _CAUSES:
        if sign in notes:
            return DeliveryError(f"{name} {meaning}", hint=hint, is_down=True)
    return DeliveryError(f"{name}: {said}", hint="does the URL have all that the service wants?")


def _hint(status: int) -> str:
    match status:
        case 400 | 401 | 403 | 404 | 410:
            return "are the tokens in its URL still right? make new ones at the service"
        case 413 | 422:
            return "it does not take such a message"
        case 429:
            return "it wants fewer messages: group and limit make them fewer; it is tried again"
        case _:
            return "the service has trouble of its own; it is tried again"


class _Ear(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it."""
        self.records.append(record)


@contextmanager
def _heard() -> Iterator[list[logging.LogRecord]]:
    """Keep what Apprise logs; nobody else gets it, because there are URLs in it."""
    ear = _Ear()
    _LOGGER.addHandler(ear)
    _LOGGER.setLevel(logging.DEBUG)
    _LOGGER.propagate = False
    try:
        yield ear.records
    finally:
        _LOGGER.removeHandler(ear)
