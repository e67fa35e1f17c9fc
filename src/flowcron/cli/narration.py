"""What a running scheduler says: a line an event for people, logfmt or JSON for a log.

For systemd's journal it is logfmt too, with a level in front that it files the line under, and
without what it writes down by itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta, tzinfo
from functools import lru_cache

from flowcron.cli import journal
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
    "queued": ("○", "dim"),
    "late": ("!", "late"),
    "slow": ("!", "late"),
}
_BAD = {"failed", "timed_out", "lost"}
_PLAIN = re.compile(r"[!#-<>-~]+")  # ASCII that logfmt needs no quotes for


def narrator(
    screen: Screen, style: str, *, zone: tzinfo | None, names: list[str]
) -> Callable[[Sequence[Report]], None]:
    """Return what writes reports as they come; `style` is pretty, logfmt, json or journal."""
    room = min(max(map(width, names), default=0), _WIDEST_NAME)

    def write(reports: Sequence[Report]) -> None:
        if style == "pretty":
            for report in reports:
                _tell(screen, report, zone=zone, room=room)
        else:
            encode = _ENCODE[style]
            screen.text("".join(encode(report, _stamp(report.at, zone)) for report in reports))
        screen.stream.flush()

    def write_if_possible(reports: Sequence[Report]) -> None:
        """Write, or go on without: a closed terminal or a full disk must not stop the jobs."""
        with suppress(OSError):
            write(reports)

    return write_if_possible


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


def _sentence(report: Report) -> str:
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
            times = f"{report.times} times " if report.times else ""
            return f"{times}{report.kind}, {report.text}"
        case _:
            return report.text


@lru_cache(maxsize=4)
def _stamp(at: Instant, zone: tzinfo | None) -> str:
    """Return an instant for a log; all reports of a turn have the same."""
    return _moment(at, zone).isoformat(timespec="milliseconds")


def _json(report: Report, stamp: str) -> str:
    fields = {
        "ts": stamp,
        "level": _level(report),
        "event": report.kind,
        "job": report.job,
        "run": report.run,
        "attempt": report.attempt,
        "state": report.state,
        "pid": report.pid,
        "took": report.took,
        "retry_in": report.wait,
        "count": report.times,
        "msg": report.text,
        "last_line": report.last_line,
    }
    said = {name: value for name, value in fields.items() if value is not None and value != ""}
    return json.dumps(said) + "\n"


def _logfmt(report: Report, stamp: str) -> str:
    """Return a line; built by hand, because a storm says thousands of them."""
    return f"ts={stamp} level={_level(report)} {_fields(report)}"


def _journal(report: Report, stamp: str) -> str:  # noqa: ARG001 the journal knows the time
    mark = journal.WARNING if _level(report) == "warning" else journal.INFO
    return mark + _fields(report)


def _fields(report: Report) -> str:
    line = f"event={report.kind.value}"
    if report.job:
        line += f" job={report.job} run={report.run}"
    if report.attempt:
        line += f" attempt={report.attempt}"
    if report.state:
        line += f" state={report.state}"
    for name, number in (
        ("pid", report.pid),
        ("took", report.took),
        ("retry_in", report.wait),
        ("count", report.times),
    ):
        if number is not None:
            line += f" {name}={number}"
    line += f" msg={_logfmt_text(report.text)}"
    if report.last_line:
        line += f" last_line={_logfmt_text(report.last_line)}"
    return line + "\n"


def _logfmt_text(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else json.dumps(text)


def _level(report: Report) -> str:
    warns = report.kind in {Kind.WARNING, Kind.LATE, Kind.SLOW}
    return "warning" if warns or report.state in _BAD else "info"


def _moment(at: Instant, zone: tzinfo | None) -> datetime:
    return moment(at, zone) if zone else moment(at).astimezone()


_ENCODE = {"json": _json, "logfmt": _logfmt, "journal": _journal}
