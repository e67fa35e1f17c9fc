"""What every command shares: its global options, the files it works on, the time and the screen."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta, tzinfo
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flowcron.cli import journal
from flowcron.cli.output import Screen, screen_of
from flowcron.cli.text import Span
from flowcron.config.paths import config_places, find_config, find_history
from flowcron.domain.instant import Instant
from flowcron.errors import FlowcronError
from flowcron.system import clock

if TYPE_CHECKING:
    from flowcron.cli.formats import Format, Record
    from flowcron.history.database import Connection


_STDERR = 2


class Session:
    """One call of flowcron. The options stand first; the rest is found when it is needed."""

    def __init__(self, *, ask_clock: Callable[[], Instant] = clock.now) -> None:
        self.config: Path | None = None
        self.db: Path | None = None
        self.format: str | None = None
        self.fields: tuple[str, ...] | None = None
        self.header = False
        self.wide = False
        self.color = "auto"
        self.tz: str | None = None
        self.utc = False
        self.typed: set[str] = set()
        self.no_pager = False
        self.no_input = False
        self.quiet = False
        self.verbose = 0
        self.ask_clock = ask_clock
        self._closing: list[Callable[[], object]] = []

    @cached_property
    def now(self) -> Instant:
        """The time of this call, the same wherever it is asked for."""
        return self.ask_clock()

    @cached_property
    def zone(self) -> tzinfo | None:
        """The zone that times are shown and read in; None is the machine's own."""
        if self._zone_asked is None:
            return None
        from zoneinfo import ZoneInfo  # noqa: PLC0415 the machine's own zone needs none

        try:
            return ZoneInfo(self._zone_asked)
        except (KeyError, ValueError, OSError) as error:
            raise _no_such_zone(self._zone_asked) from error

    @cached_property
    def zone_name(self) -> str:
        """The IANA name of the zone that times are shown in."""
        if self._zone_asked is not None:
            return self._zone_asked
        from flowcron.config.machine import machine_zone  # noqa: PLC0415 seldom needed

        return machine_zone()

    @cached_property
    def _zone_asked(self) -> str | None:
        """The zone that was asked for; what was typed goes before the environment."""
        if {"utc", "tz"} <= self.typed:
            raise click.UsageError("--utc and --tz cannot both be; keep one of them")
        if self.utc and "tz" not in self.typed:
            return "UTC"
        return self.tz

    @cached_property
    def config_path(self) -> Path | None:
        """The configuration file, or None when there is none in any of the usual places."""
        return find_config(self.config)

    @property
    def needed_config(self) -> Path:
        """The configuration file; raises FlowcronError when there is none."""
        if self.config_path is not None:
            return self.config_path
        places = ", ".join(str(place) for place in config_places())
        raise NoConfigError(
            f"there is no schedules.toml (looked for {places})",
            hint="flowcron init   writes one here; -c PATH names another",
        )

    @cached_property
    def history_path(self) -> Path:
        """The history file that goes with the configuration; it need not exist yet."""
        return find_history(self.db, config=self.config_path).resolve()

    @cached_property
    def history(self) -> Connection:
        """The history, for reading; it is empty where nothing was ever run."""
        from flowcron.history.database import read_history  # noqa: PLC0415 not every command reads

        connection = read_history(self.history_path)
        self._closing.append(connection.close)
        return connection

    def configured_names(self) -> tuple[str, ...]:
        """Return the names of the jobs in the configuration; none when it cannot be used."""
        from flowcron.config.load import load  # noqa: PLC0415 it brings pydantic along

        try:
            return tuple(job.name for job in load(self.needed_config).jobs)
        except FlowcronError:
            return ()

    @cached_property
    def screen(self) -> Screen:
        """Where results go."""
        return screen_of(sys.stdout, color=self.color, wide=self.wide)

    @cached_property
    def notes(self) -> Screen:
        """Where everything else goes: hints, warnings, progress."""
        screen = screen_of(sys.stderr, color=self.color)
        return screen._replace(mark=journal.WARNING) if journal.reads(_STDERR) else screen

    @property
    def is_for_people(self) -> bool:
        """Whether results are laid out for a reader instead of a program."""
        return self.output_format == "table"

    @property
    def output_format(self) -> Format:
        """The format of results: as asked, or by whether a terminal is there."""
        from flowcron.cli.formats import Format  # noqa: PLC0415 it brings JSON along

        if self.format is not None:
            return Format(self.format)
        return Format.TABLE if self.screen.is_terminal else Format.PLAIN

    def time(self, text: str | None, option: str, *, ahead: bool = False) -> Instant | None:
        """Return the instant that was written after an option."""
        if text is None:
            return None
        from flowcron.cli.readtime import TimeError, read_time  # noqa: PLC0415 seldom needed

        try:
            return read_time(text, self.now, self.zone, ahead=ahead)
        except TimeError as error:
            raise click.BadParameter(str(error), param_hint=option) from error

    def records(
        self, records: Sequence[Record], fields: Sequence[str], *, document: Record
    ) -> None:
        """Write records for a program, in the format and with the fields asked for."""
        from flowcron.cli.formats import write_records  # noqa: PLC0415 people get tables

        write_records(
            self.screen,
            records,
            self.fields or fields,
            as_=self.output_format,
            document=document,
            header=self.header,
        )

    def document(self, document: Record) -> None:
        """Write one thing for a program, in the format and with the fields asked for."""
        from flowcron.cli.formats import write_document  # noqa: PLC0415 people get text

        if self.fields:
            document = {key: document.get(key) for key in ("schema", *self.fields)}
        write_document(self.screen, document, as_=self.output_format)

    def hint(self, *steps: str) -> None:
        """Say what to do next, to a person only."""
        if self.notes.is_terminal and not self.quiet and self.is_for_people:
            self.notes.line(Span("→ " + " · ".join(steps), "dim"))

    @contextmanager
    def paged(self) -> Iterator[None]:
        """Show the results written meanwhile in a pager, to a person whose screen is too small."""
        if self.no_pager or not (self.is_for_people and self.screen.is_terminal):
            yield
            return
        from flowcron.cli.pager import paged  # noqa: PLC0415 programs need none

        screen, notes = self.screen, self.notes
        try:
            with paged(screen, notes) as (self.screen, self.notes):
                yield
        finally:
            self.screen, self.notes = screen, notes

    def note(self, *spans: Span | str) -> None:
        """Say something beside the result, to a person only."""
        if self.notes.is_terminal and not self.quiet and self.is_for_people:
            self.notes.line(*spans)

    def warn(self, text: str) -> None:
        """Say what is not as it should be."""
        if not self.quiet:
            self.notes.line(Span("warning: ", "warning"), text)

    def close(self) -> None:
        """Close what was opened."""
        while self._closing:
            self._closing.pop()()


class NoConfigError(FlowcronError):
    """There is no configuration anywhere."""

    exit_code = 3


def since(at: Instant, now: Instant) -> timedelta:
    """Return the length of time from an instant until now."""
    return timedelta(microseconds=now - at)


def _no_such_zone(name: str) -> click.BadParameter:
    from flowcron.domain.zone import ZoneError, zone_of  # noqa: PLC0415 only for mistakes

    try:
        zone_of(name)
    except ZoneError as error:
        return click.BadParameter(f"{error.message}; {error.hint}", param_hint="--tz")
    return click.BadParameter(f'"{name}" is no time zone', param_hint="--tz")


pass_session = click.make_pass_decorator(Session)
