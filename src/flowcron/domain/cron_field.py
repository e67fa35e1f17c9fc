"""One field of a cron expression: its text read strictly, to the values it stands for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import NoReturn

_NUMBER = re.compile(r"[0-9]{1,4}")
_HASHED = re.compile(r"H(?:\(([0-9]{1,2})-([0-9]{1,2})\))?", re.IGNORECASE)
_NTH = re.compile(r"([^#]*)#([^#]*)")
_LAST_WEEKDAY = re.compile(r"L([0-7])|([A-Z]{3})L", re.IGNORECASE)
_FOREIGN = re.compile(r"\?|R|LW|WL|[0-9]+W|L-[0-9]+|[0-7]L", re.IGNORECASE)
_LONGEST_LIST = 40


class ScheduleError(ValueError):
    """A schedule that cannot be: what is wrong, where (offsets in its text), what to write."""

    def __init__(self, message: str, *, start: int = 0, end: int = 0, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.start = start
        self.end = end
        self.hint = hint


@dataclass(frozen=True, slots=True)
class FieldKind:
    """One of the five fields. H chooses up to `hash_high`; `wrap` is the last value of a cycle."""

    name: str
    low: int
    high: int
    hash_high: int
    wrap: int
    names: tuple[str, ...] = ()


MINUTE = FieldKind("minute", 0, 59, 59, 59)
HOUR = FieldKind("hour", 0, 23, 23, 23)
DAY = FieldKind("day of month", 1, 31, 28, 31)
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
MONTH = FieldKind("month", 1, 12, 12, 12, _MONTHS)
WEEKDAY = FieldKind("day of week", 0, 7, 6, 6, _WEEKDAYS)


@dataclass(frozen=True, slots=True)
class Field:
    """A field as it was understood.

    `text` is what was written, with H replaced by its choice. `values` are the plain values (Sunday
    is 0). `last` is L as day of month. `nth` are the weekdays of a month: (1, 2) is the second
    Monday, (5, -1) the last Friday. `star` says whether the text begins with `*` (rules 5 and 7).
    """

    kind: FieldKind
    text: str
    values: frozenset[int]
    last: bool
    nth: frozenset[tuple[int, int]]
    star: bool

    @property
    def is_full(self) -> bool:
        """Whether the field leaves nothing out."""
        return len(self.values) == self.kind.wrap - self.kind.low + 1


def parse_field(text: str, kind: FieldKind, *, start: int, salt: str) -> Field:
    """Return the field written as `text` at offset `start`; raise ScheduleError."""
    values: set[int] = set()
    nth: set[tuple[int, int]] = set()
    last, plain, resolved, at = False, False, [], start
    for written in text.split(","):
        item = _Item(kind, written, at, salt)
        if kind is DAY and written.upper() == "L":
            last = True
        elif kind is WEEKDAY and (found := item.nth_weekday()):
            nth.add(found)
        else:
            plain = True
            values.update(item.values())
        resolved.append(item.resolved)
        at += len(written) + 1
    if nth and plain:
        raise ScheduleError(
            f'{kind.name}: "{text}" mixes weekdays of the month with plain weekdays',
            start=start,
            end=start + len(text),
            hint="write two cron lines",
        )
    if kind is WEEKDAY:
        values = {value % 7 for value in values}
    return Field(
        kind, ",".join(resolved), frozenset(values), last, frozenset(nth), text.startswith("*")
    )


class _Item:
    """One item of a field's list, and where it stands."""

    def __init__(self, kind: FieldKind, text: str, start: int, salt: str) -> None:
        self.kind = kind
        self.text = text
        self.resolved = text
        self.start = start
        self.salt = salt

    def nth_weekday(self) -> tuple[int, int] | None:
        """Return (weekday, which) of `MON#2`, `FRIL` or `L5`; None for a plain item."""
        if match := _NTH.fullmatch(self.text):
            weekday = self._value(match[1], offset=0)
            if re.fullmatch("[1-5]", match[2]) is None:
                self._fail(f'"{match[2]}" is not 1 to 5', "write MON#2 for the second Monday")
            return weekday % 7, int(match[2])
        if match := _LAST_WEEKDAY.fullmatch(self.text):
            return self._value(match[1] or match[2], offset=0) % 7, -1
        return None

    def values(self) -> Iterator[int]:
        """Return the values of a plain item."""
        body, slash, step_text = self.text.partition("/")
        step = self._step(step_text, offset=len(body) + 1) if slash else 1
        if body == "*":
            return iter(range(self.kind.low, self.kind.wrap + 1, step))
        if match := _HASHED.fullmatch(body):
            return iter(self._hashed(match, step if slash else None))
        if "-" in body and _FOREIGN.fullmatch(body) is None:
            return iter(self._range(body, step))
        value = self._value(body, offset=0)
        if slash:
            right = f"{body}-{self.kind.wrap}/{step_text}"
            self._fail(f'"{self.text}" has a step without a range', f"write {right}")
        return iter((value,))

    def _range(self, body: str, step: int) -> range:
        low_text, _, high_text = body.partition("-")
        low = self._value(low_text, offset=0)
        high = self._value(high_text, offset=len(low_text) + 1)
        if low > high:
            self._fail(f'the range "{body}" runs backward', self._forward(low, high, step))
        return range(low, high + 1, step)

    def _forward(self, low: int, high: int, step: int) -> str:
        kind = self.kind
        cycle = [*range(low, kind.wrap + 1), *range(kind.low, high + 1)][::step]
        words = ",".join(kind.names[n - kind.low] if kind.names else str(n) for n in cycle)
        if len(words) <= _LONGEST_LIST:
            return f"write {words}"
        return f"write {low}-{kind.wrap},{kind.low}-{high}"

    def _hashed(self, match: re.Match[str], step: int | None) -> range:
        low, high = self.kind.low, self.kind.hash_high
        if match[1] is not None:
            low = self._value(match[1], offset=2)
            high = self._value(match[2], offset=match.start(2))
            if low > high:
                self._fail(f'the range in "{match[0]}" runs backward', f"write H({high}-{low})")
        choices = high - low + 1
        digest = sha256(f"{self.salt}\0{self.kind.name}".encode()).digest()
        low += int.from_bytes(digest[:8], "big") % (choices if step is None else min(step, choices))
        if step is None or low + step > high:
            self.resolved = str(low)
            return range(low, low + 1)
        self.resolved = f"{low}-{high}/{step}"
        return range(low, high + 1, step)

    def _step(self, text: str, *, offset: int) -> int:
        if _NUMBER.fullmatch(text) is None or int(text) == 0:
            self._fail(
                f'the step "{text}" is not a number from 1',
                "write */5 for each fifth",
                offset,
                text,
            )
        return int(text)

    def _value(self, text: str, *, offset: int) -> int:
        kind = self.kind
        if text.upper() in kind.names:
            return kind.names.index(text.upper()) + kind.low
        if _NUMBER.fullmatch(text) is None:
            self._fail(*self._why_no_value(text), offset, text)
        if not kind.low <= int(text) <= kind.high:
            allowed = f"write a number from {kind.low} to {kind.high}"
            self._fail(f"{text} is outside {kind.low}-{kind.high}", allowed, offset, text)
        return int(text)

    def _why_no_value(self, text: str) -> tuple[str, str]:
        kind = self.kind
        if not text:
            return f'a value is missing in "{self.text}"', "remove the comma or the dash"
        if (short := text[:3].upper()) in kind.names:
            return f'"{text}" is not a name', f"write {short}"
        if _FOREIGN.fullmatch(text) or text.upper() in ("L", "H", "W") or "#" in text:
            return f'"{text}" is not supported here', _instead(text, kind)
        words = f" or {kind.names[0]}-{kind.names[-1]}" if kind.names else ""
        return f'"{text}" is not a value', f"write {kind.low}-{kind.high}{words}"

    def _fail(self, what: str, hint: str, offset: int = 0, part: str | None = None) -> NoReturn:
        start = self.start + offset
        width = max(1, len(self.text if part is None else part))
        raise ScheduleError(f"{self.kind.name}: {what}", start=start, end=start + width, hint=hint)


def _instead(text: str, kind: FieldKind) -> str:
    if text == "?":
        return "write *"
    if re.fullmatch("[0-7]L", text, re.IGNORECASE):
        return f"write L{text[0]} in the day of week" if kind is WEEKDAY else "write L"
    if text.upper() == "R":
        return "write H: chosen per job, and then always the same"
    if "L" in text.upper() and "W" not in text.upper():
        return "write L as the day of month, FRIL as the day of week"
    if "#" in text:
        return "write MON#2 in the day of week alone"
    return "there is no nearest-weekday (W) in cron"
