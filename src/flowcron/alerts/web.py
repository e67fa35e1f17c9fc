"""Requests over HTTP that take seconds at most, and say in a sentence why they failed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from email.message import Message
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from flowcron import __version__
from flowcron.alerts.failure import DeliveryError, not_reached
from flowcron.domain.instant import instant
from flowcron.system import clock

PATIENCE = 10.0  # seconds for each step of a request
_LONGEST_WISH = timedelta(hours=1)  # that a service may have to be left alone
_FORBIDDEN = (401, 403)
_GONE = (404, 410)
_TOO_MANY = (429, 503)
_SERVER = 500


def request(
    url: str,
    *,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    patience: float = PATIENCE,
) -> None:
    """Send a request, with POST where there is a body; raises DeliveryError unless it is taken.

    No message has more of the URL in it than its host: the rest may be a secret.
    """
    where = host_of(url)
    asked = Request(url, data=body, headers={"User-Agent": f"flowcron/{__version__}"})  # noqa: S310 http(s) only, checked above
    for name, value in (headers or {}).items():
        asked.add_header(name, value)
    try:
        with urlopen(asked, timeout=patience) as answer:  # noqa: S310 the same
            answer.read(1)
    except HTTPError as error:
        with error:
            raise _answered(error, where) from None
    except URLError as error:
        reason = error.reason
        raise not_reached(
            reason if isinstance(reason, OSError) else OSError(str(reason)), where
        ) from None
    except OSError as error:
        raise not_reached(error, where) from None
    except HTTPException as error:
        message = f"{where} does not answer as HTTP does ({type(error).__name__})"
        raise DeliveryError(message, hint="is it the right port?", is_down=True) from None


def host_of(url: str) -> str:
    """Return host and port of a URL; raises DeliveryError for one that is none of HTTP."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise DeliveryError("this is not a URL", hint="write https://host/path")
    return parts.hostname if port is None else f"{parts.hostname}:{port}"


def retry_after(headers: Message[str, str]) -> timedelta | None:
    """Return for how long a service wants to be left alone, at most an hour, if it says so."""
    said = (headers.get("Retry-After") or "").strip()
    if said.isascii() and said.isdigit():
        return min(timedelta(seconds=int(said[:9])), _LONGEST_WISH)
    try:
        until = instant(parsedate_to_datetime(said))
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(timedelta(microseconds=until - clock.now()), timedelta()), _LONGEST_WISH)


def _answered(error: HTTPError, where: str) -> DeliveryError:
    """Return what an answer that is no success means."""
    code = error.code
    if code in _FORBIDDEN:
        hint = "is the token or the password in the URL still right?"
    elif code in _GONE:
        hint = "is the URL still right? make a new one at the service if it is not"
    elif code in _TOO_MANY:
        hint = "it is tried again later; group and limit make fewer messages"
    elif code >= _SERVER:
        hint = "the service has trouble of its own; it is tried again"
    else:
        hint = "does the URL expect something else?"
    wish = retry_after(error.headers) if code in _TOO_MANY else None
    message = f"{where} answered {code} {error.reason or ''}".rstrip()
    return DeliveryError(message, hint=hint, retry_after=wish)
