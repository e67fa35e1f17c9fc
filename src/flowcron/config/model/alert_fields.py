"""The kinds of values that only alerts have: addresses, URLs with tokens, hours, limits."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import Field, Tag  # noqa: TID251 this package is its owner

from flowcron.config.model.fields import POSITIVE, REFERENCE, Matching, Reading, by_kind
from flowcron.domain.alerting import Remind as Reminding
from flowcron.domain.alertwords import parse_factor, parse_hours, parse_limit, parse_remind
from flowcron.domain.channel import Limit as Limited

_WEB = r"https?://[^\s\u0000]+"
_CLOCK = "([01][0-9]|2[0-3]):[0-5][0-9]"
_REFERENCES = '"env:NAME", "file:/path", "credential:NAME" or "command:program"'
_TO_HELP = f'write a URL of Apprise, "ntfy://topic", or {_REFERENCES}; an address goes into email'

Address = Annotated[
    str,
    Matching(
        r'\w[^\s\u0000-\u001f\u007f,;:<>()"\\|]*',
        "address",
        "an address",
        'write "ops@example.com", or the name of a local user; several in a list',
    ),
]
Destination = Annotated[
    str,
    Matching(
        rf"({REFERENCE}|[A-Za-z][A-Za-z0-9]*://[^\s\u0000]+)",
        "url",
        "a URL or a reference to one",
        _TO_HELP,
    ),
]
SecretUrl = Annotated[
    str,
    Matching(
        rf"({REFERENCE}|{_WEB})",
        "url",
        "a URL or a reference to one",
        f"write https://…, or {_REFERENCES}",
    ),
]
Host = Annotated[
    str,
    Matching(
        r"([\w-][\w.-]*|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)",
        "host",
        "the name of a host",
        'write the name alone, "smtp.example.com"; its port goes into port',
    ),
]
Addresses = Annotated[
    Annotated[Address, Tag("text")] | Annotated[list[Address], Tag("list")],
    by_kind("an address or a list of addresses"),
]
SomeAddresses = Annotated[
    Annotated[Address, Tag("text")] | Annotated[list[Address], Field(min_length=1), Tag("list")],
    by_kind("an address or a list of addresses"),
]
Destinations = Annotated[
    Annotated[Destination, Tag("text")]
    | Annotated[list[Destination], Field(min_length=1), Tag("list")],
    by_kind("a URL or a list of URLs"),
]
Remind = Annotated[
    timedelta | Reminding, Reading(parse_remind, f"never|each|{POSITIVE}", "duration")
]
Hours = Annotated[
    tuple[int, int], Reading(parse_hours, rf"(?!(.{{5}})-\1$){_CLOCK}-{_CLOCK}", "hours")
]
Limit = Annotated[
    Limited, Reading(parse_limit, f"[1-9][0-9]{{0,5}}/(ms|s|m|h|d|w|{POSITIVE})", "limit")
]
Factor = Annotated[
    float,
    Reading(
        parse_factor,
        r"(?!1(\.0*)?x)[1-9][0-9]{0,2}(\.[0-9]{1,3})?x",
        "factor",
    ),
]
