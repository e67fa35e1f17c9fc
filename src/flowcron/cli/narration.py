"""What a running scheduler says: a line an event for people, logfmt or JSON for a log."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, tzinfo
from functools import lru_cache

from flowcron.cli.output import Screen
from flowcron.cli.text import Span, cut, width
from flowcron.domain.duration import human_duration
from flowcron.domain.instant import Instant, moment
from flowcron.engine.report import Kind, Report

_WIDEST_NAME = 24
_LOOKS = {
    "success": ("✓", "ok"),
    "failed": ("✗", "failed"),
    "timed_out": ("◷", "failed"),
    "running": ("●", "running"),
    "retrying": ("↻", "late"),
    "skipped": ("⊘", "dim"),
    "missed": ("!", "late"),
    "cancelled": ("■", "dim"),
    "lost": ("?", "failed"),
}
_BAD = {"failed", "timed_out", "lost"}


def narrator(
    screen: Screen, style: str, *, zone: tzinfo | None, names: list[str]
) -> Callable[[Sequence[Report]], None]:
    """Return what writes reports as they come; `style` is pretty, logfmt or json."""
    room = min(max(map(width, names), default=0), _WIDEST_NAME)
    encode = _json if style == "json" else _logfmt

    def write(reports: Sequence[Report]) -> None:
        if style == "pretty":
            for report in reports:
                _tell(screen, report, zone=zone, room=room)
        else:
            lines = [encode(_fields(report, zone)) for report in reports]
            screen.text("\n".join([*lines, ""]))
        screen.stream.flush()

    return write


def _tell(screen: Screen, report: Report, *, zone: tzinfo | None, room: int) -> None:
    clock = f"{_moment(report.at, zone):%H:%M:%S}"
    if not report.job:
        symbol, style = ("!", "late") if report.kind is Kind.WARNING else (" ", "")
        screen.line(Span(clock, "dim"), "  ", Span(symbol, style), " ", report.text)
        return
    symbol, style = _look(report)
    name = cut(report.job, room)
    screen.line(
        Span(clock, "dim"),
        "  ",
        Span(symbol, style),
        " " + name + " " * (room - width(name)),
        f"  {report.run or '':>5}  ",
        Span(_sentence(report), style if report.state in _BAD else ""),
        fit=True,
    )
    if report.last_line and report.state in _BAD:
        screen.line(" " * (room + 19), Span(report.last_line, "dim"), fit=True)


def _look(report: Report) -> tuple[str, str]:
    if report.kind is Kind.RETRY:
        return _LOOKS["retrying"]
    return _LOOKS.get(report.state or report.kind, (" ", ""))


def _sentence(report: Report) -> str:  # noqa: PLR0911 one return an event
    took = "" if report.took is None else human_duration(timedelta(seconds=report.took))
    match report.kind:
        case Kind.STARTED:
            again = f"  attempt {report.attempt}/{report.attempts}" if report.attempt != 1 else ""
            return f"started  pid {report.pid}{again}"
        case Kind.ADOPTED:
            return f"still running, {report.text}  pid {report.pid}"
        case Kind.RETRY:
            wait = human_duration(timedelta(seconds=round(report.wait or 0, 1)))
            return (
                f"{report.text} in {took}  attempt {report.attempt}/{report.attempts}, "
                f"retry in {wait}"
            )
        case Kind.ENDED if report.state == "success":
            tries = (report.attempt or 1) - 1
            after = f" after {tries} {'retry' if tries == 1 else 'retries'}" if tries else ""
            return f"ok{after}  {took}"
        case Kind.ENDED:
            after = f" after {report.attempt} attempts" if (report.attempt or 1) > 1 else ""
            failed = "failed · " if report.state == "failed" else ""
            return f"{failed}{report.text}{after}  {took}".rstrip()
        case Kind.SKIPPED | Kind.MISSED:
            times = f"{report.count} times " if report.count else ""
            return f"{times}{report.kind}, {report.text}"
        case _:
            return report.text


@lru_cache(maxsize=4)
def _stamp(at: Instant, zone: tzinfo | None) -> str:
    """Return an instant for a log; all reports of a turn have the same."""
    return _moment(at, zone).isoformat(timespec="milliseconds")


def _fields(report: Report, zone: tzinfo | None) -> dict[str, object]:
    level = "warning" if report.kind is Kind.WARNING or report.state in _BAD else "info"
    fields = {
        "ts": _stamp(report.at, zone),
        "level": level,
        "event": str(report.kind),
        "job": report.job,
        "run": report.run,
        "attempt": report.attempt,
        "state": str(report.state),
        "pid": report.pid,
        "took": report.took,
        "retry_in": report.wait,
        "count": report.count,
        "msg": report.text,
        "last_line": report.last_line,
    }
    return {name: value for name, value in fields.items() if value not in {None, ""}}


def _json(fields: dict[str, object]) -> str:
    return json.dumps(fields)


def _logfmt(fields: dict[str, object]) -> str:
    return " ".join(f"{name}={_logfmt_value(value)}" for name, value in fields.items())


def _logfmt_value(value: object) -> str:
    text = str(value)
    plain = text.isascii() and text.isprintable() and not set(' "=') & set(text)
    return text if plain and text else json.dumps(text)


def _moment(at: Instant, zone: tzinfo | None) -> datetime:
    return moment(at, zone) if zone else moment(at).astimezone()
