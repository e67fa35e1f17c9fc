"""The kinds of values in schedules.toml, each with its check and its JSON Schema side by side."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Annotated, Any

from pydantic import (  # noqa: TID251 this package is its owner
    AfterValidator,
    Discriminator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
)
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from flowcron.config.wording import shown
from flowcron.domain.alertwords import AlertWordError
from flowcron.domain.cron import ScheduleError, other_trigger, parse_cron
from flowcron.domain.duration import DurationError, parse_duration
from flowcron.domain.period import checked_period
from flowcron.domain.size import SizeError, parse_size
from flowcron.domain.zone import zone_of

_KINDS = {str: "text", list: "list", dict: "table", int: "number", datetime: "moment"}


def by_kind(expected: str) -> Discriminator:
    """Tell the shapes of a value apart by their TOML type; `expected` says what there may be."""
    return Discriminator(
        lambda value: _KINDS.get(type(value)),
        custom_error_type="type",
        custom_error_message="{expected}",
        custom_error_context={"expected": expected},
    )


@dataclass(frozen=True, slots=True)
class Matching:
    """A text of one form; `noun` names it in "... is not a name"."""

    pattern: str
    code: str
    noun: str
    help: str = ""

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Check the form of a string."""
        whole = re.compile(self.pattern).fullmatch

        def check(text: str) -> str:
            if whole(text) is None:
                raise refusal(self.code, f"{shown(text)} is not {self.noun}", help=self.help)
            return text

        return core_schema.no_info_after_validator_function(check, handler(source))

    def __get_pydantic_json_schema__(self, *_: object) -> dict[str, Any]:
        """Say the same to editors."""
        return _string(self.pattern)


class Program:
    """A list that begins with something to start: its first text is not empty."""

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Check the first text."""

        def check(argv: list[str]) -> list[str]:
            if not argv[0]:
                help_ = 'write the program first: ["echo", "hello"]'
                raise refusal("command", "the program to start is empty", help=help_)
            return argv

        return core_schema.no_info_after_validator_function(check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Say the same to editors."""
        plain = handler(schema)
        return plain | {"prefixItems": [plain["items"] | {"minLength": 1}]}


@dataclass(frozen=True, slots=True)
class Reading:
    """A text that stands for something else, read by `read`; a bare number has no unit."""

    read: Callable[[str], Any]
    pattern: str
    code: str

    def __get_pydantic_core_schema__(self, *_: object) -> CoreSchema:
        """Read a string."""
        return core_schema.no_info_plain_validator_function(self._check)

    def __get_pydantic_json_schema__(self, *_: object) -> dict[str, Any]:
        """Say to editors which strings can be read."""
        return _string(self.pattern)

    def _check(self, value: object) -> Any:  # noqa: ANN401 what `read` gives
        if isinstance(value, int | float) and not isinstance(value, bool):
            value = f"{max(-(10**9), min(value, 10**9)):.0f}"  # as a text it is told what is wrong
        if not isinstance(value, str):
            raise refusal("type", "", expected=f"a {self.code} in quotes")
        try:
            return self.read(value)
        except (AlertWordError, DurationError, SizeError, ScheduleError) as error:
            raise refusal(self.code, error.message, help=error.hint) from error


def refusal(code: str, message: str, **details: str | int) -> PydanticCustomError:
    """Return an error that carries what a Problem needs."""
    return PydanticCustomError(code, "{message}", {"message": message} | details)


def _string(pattern: str) -> dict[str, Any]:
    return {"type": "string", "pattern": f"^(?:{pattern})$"}


def _more_than_nothing(text: str) -> timedelta:
    length = parse_duration(text)
    if not length:
        raise DurationError(
            f"{shown(text)} is no time at all", hint='write at least "1s", or leave the key out'
        )
    return length


def _period(text: str) -> timedelta:
    return checked_period(_more_than_nothing(text))


def _cron(text: str) -> str:
    try:
        if other_trigger(text) is None:
            parse_cron(text)
    except ScheduleError as error:
        places = {"start": error.start, "end": error.end}
        raise refusal("cron", error.message, help=error.hint, **places) from error
    return text


def _pattern(text: str) -> str:
    try:
        with warnings.catch_warnings(action="ignore"):  # what may mean something else one day
            re.compile(text, re.MULTILINE)
    except (re.error, RecursionError, OverflowError) as error:
        at = error.pos if isinstance(error, re.error) else None
        places = {} if at is None else {"start": at, "end": at + 1}
        why = error.msg if isinstance(error, re.error) else "it is too large"
        message = f"{shown(text)} is not a pattern: {why}"
        help_ = 'it is a regular expression of Python\'s; "." stands for any character'
        raise refusal("pattern", message, help=help_, **places) from error
    return text


@lru_cache(1024)
def _wrong_with_zone(name: str) -> tuple[str, str] | None:
    """Return message and help; remembered, because looking for near names takes long."""
    try:
        zone_of(name)
    except ScheduleError as error:
        return error.message, error.hint
    return None


def _zone(name: str) -> str:
    wrong = _wrong_with_zone(name)
    if wrong is not None:
        raise refusal("timezone", wrong[0], help=wrong[1])
    return name


_DURATION = "([0-9]+(ms|s|m|h|d|w))+"
POSITIVE = f"(?=.*[1-9]){_DURATION}"
REFERENCE = r"(env:[A-Za-z_][A-Za-z0-9_]*|(file|credential|command):[^\u0000]+)"
_SIZE = "[0-9]{1,30}(TiB|TB|GiB|GB|MiB|MB|KiB|KB|B)"
Duration = Annotated[timedelta, Reading(parse_duration, _DURATION, "duration")]
PositiveDuration = Annotated[timedelta, Reading(_more_than_nothing, POSITIVE, "duration")]
Period = Annotated[timedelta, Reading(_period, POSITIVE, "duration")]
Size = Annotated[int, Reading(parse_size, _SIZE, "size")]
CronText = Annotated[str, AfterValidator(_cron)]
Zone = Annotated[str, AfterValidator(_zone)]

_SOME_HELP = "write at least one character between the quotes"
_VARIABLE_HELP = 'write a name without "=": { LANG = "C.UTF-8" }'
_NAME_HELP = "write a letter, then letters, digits, - or _, at most 64 in all"
Name = Annotated[str, Matching("[A-Za-z][A-Za-z0-9_-]{0,63}", "name", "a name", _NAME_HELP)]
ChannelName = Annotated[
    str,
    Matching(
        "(?!mailto$)[A-Za-z][A-Za-z0-9_-]{0,63}",  # that is what the outbox calls mailed output
        "name",
        "a name for a channel",
        f"{_NAME_HELP}; and not mailto",
    ),
]
TagName = Annotated[
    str,
    Matching(
        "[A-Za-z0-9][A-Za-z0-9._-]{0,63}",
        "name",
        "a tag",
        "write letters, digits, '.', '-' or '_', at most 64 in all",
    ),
]
Text = Annotated[str, Matching(r"[^\u0000]*", "text", "a text without NUL")]
SomeText = Annotated[str, Matching(r"[^\u0000]+", "text", "a text to use here", _SOME_HELP)]
Pattern = Annotated[SomeText, AfterValidator(_pattern)]
VariableName = Annotated[
    str, Matching(r"[^=\u0000]+", "name", "the name of a variable", _VARIABLE_HELP)
]
ModuleFunction = Annotated[
    str,
    Matching(r"[\w.]+:[\w.]+", "python", "a function", 'write "module:function"'),
]
Reference = Annotated[
    str,
    Matching(
        REFERENCE,
        "secret",
        "a reference to a secret",
        'write "env:NAME", "file:/path", "credential:NAME" or "command:program"',
    ),
]
Umask = Annotated[
    str, Matching("0?[0-7]{3}", "umask", "a umask", 'write three octal digits: "022"')
]
ExitCode = Annotated[int, Field(ge=0, le=255)]
Count = Annotated[int, Field(ge=1, le=1_000_000)]
