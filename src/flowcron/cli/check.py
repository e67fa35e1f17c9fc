"""Check schedules.toml and explain every mistake: `flowcron check`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flowcron.app.asking import scheduler_pid
from flowcron.cli.command import command as as_command
from flowcron.cli.context import Session, pass_session, since
from flowcron.cli.problems import near_name, write_problems
from flowcron.cli.text import Span
from flowcron.domain.instant import Instant
from flowcron.domain.times import away, short
from flowcron.domain.upcoming import next_time
from flowcron.errors import ConfigError, FlowcronError, Problem

if TYPE_CHECKING:
    from flowcron.config.config import Config

FIELDS = ("severity", "code", "message", "help", "file", "line", "column")
_GITHUB = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})


@dataclass(frozen=True, slots=True)
class Checked:
    """One file: its configuration unless it has errors, and everything there is to say."""

    path: Path
    config: Config | None
    problems: tuple[Problem, ...]

    @property
    def errors(self) -> int:
        """How many of the problems are errors."""
        return sum(not problem.warning for problem in self.problems)

    @property
    def warnings(self) -> int:
        """How many of the problems are warnings."""
        return len(self.problems) - self.errors


@as_command(
    name="check",
    examples=(
        "flowcron check",
        "flowcron check staging.toml production.toml --strict",
        "flowcron check -o github",
    ),
    fields=FIELDS,
)
@click.argument("files", nargs=-1, metavar="[FILE]...", type=click.Path(path_type=Path))
@click.option("--strict", is_flag=True, help="Warnings are errors too.")
@click.option(
    "-o",
    "--output",
    type=click.Choice(("text", "json", "github")),
    default="text",
    help="text, json or github (annotations of a workflow).",
)
@pass_session
def command(session: Session, *, files: tuple[Path, ...], strict: bool, output: str) -> int:
    """Check schedules.toml and explain every mistake in it.

    The exit code is 0 when it can be used and 3 when it cannot.
    """
    checked = [_check(path, session.now) for path in files or (session.needed_config,)]
    if output == "json":
        session.format = "json"
    if output == "github":
        _write_github(session, checked)
    elif session.format not in {None, "table"}:
        records = [_record(problem) for each in checked for problem in each.problems]
        session.records(records, FIELDS, document={"schema": "flowcron.check/1", "problems": []})
    else:
        for each in checked:
            _write(session, each, strict=strict)
    bad = any(each.errors or (strict and each.warnings) for each in checked)
    return ConfigError.exit_code if bad else 0


def _check(path: Path, now: Instant) -> Checked:
    from flowcron.config.lint_channels import warnings_about_channels  # noqa: PLC0415 only for this command
    from flowcron.config.lint_files import warnings_about_files  # noqa: PLC0415 only for this command
    from flowcron.config.lint_needs import warnings_about_needs  # noqa: PLC0415 only for this command
    from flowcron.config.lint_times import warnings_about_times  # noqa: PLC0415 it loads the next
    from flowcron.config.load import load  # noqa: PLC0415 pydantic is slow to load

    try:
        config = load(path.expanduser().absolute())
    except ConfigError as error:
        return Checked(path, None, error.problems)
    problems = (
        *config.warnings,
        *warnings_about_times(config, now),
        *warnings_about_files(config),
        *warnings_about_needs(config, os.environ),
        *warnings_about_channels(config, os.environ),
    )
    order = {str(file): number for number, file in enumerate(config.files)}
    in_order = sorted(problems, key=lambda each: (order.get(each.file, 0), each.line, each.column))
    return Checked(path, config, tuple(in_order))


def _write(session: Session, checked: Checked, *, strict: bool) -> None:
    shown = [each for each in checked.problems if not (session.quiet and each.warning)]
    write_problems(session.screen, shown)
    if session.quiet:
        return
    if shown:
        session.screen.line()
    _write_verdict(session, checked, strict=strict)


def _write_verdict(session: Session, checked: Checked, *, strict: bool) -> None:
    name = near_name(str(checked.path))
    if checked.config is None:
        session.screen.line(
            Span("✗ ", "failed"), f"{_counts(checked)} in {name}", _consequence(session, checked)
        )
        return
    jobs = _many(len(checked.config.jobs), "job")
    sign = Span("✗ ", "failed") if strict and checked.warnings else Span("✓ ", "ok")
    counts = _counts(checked) if checked.warnings else "no problems"
    session.screen.line(sign, f"{name}: {jobs}, {counts}")
    if not checked.config.jobs:
        session.warn(f"{name} has no job, so nothing would ever run; a job is a table [jobs.name]")
    if session.is_for_people:
        _write_next(session, checked.config)


def _write_next(session: Session, config: Config) -> None:
    times = [(next_time(job, session.now), job.name) for job in config.jobs]
    known = [(at, name) for at, name in times if at is not None]
    if known:
        at, name = min(known)
        when = short(at, session.now, session.zone)
        session.screen.line(f"  next: {name} {when}, in {away(-since(at, session.now))}")


def _consequence(session: Session, checked: Checked) -> str:
    """Say what goes on although the file is broken, when it is the one in use."""
    try:
        in_use = session.config_path is not None and checked.path.samefile(session.config_path)
        running = in_use and scheduler_pid(session.history_path) is not None
    except (OSError, FlowcronError):
        return ""
    return " · the running scheduler keeps its old configuration" if running else ""


def _counts(checked: Checked) -> str:
    pairs = ((checked.errors, "error"), (checked.warnings, "warning"))
    return ", ".join(_many(count, word) for count, word in pairs if count)


def _many(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


def _record(problem: Problem) -> dict[str, Any]:
    return {
        "severity": "warning" if problem.warning else "error",
        "code": problem.code,
        "message": problem.message,
        "help": problem.help,
        "file": problem.file,
        "line": problem.line or None,
        "column": problem.column or None,
    }


def _write_github(session: Session, checked: Sequence[Checked]) -> None:
    """Write problems as GitHub shows them beside the lines of a change."""
    for problem in (problem for each in checked for problem in each.problems):
        kind = "warning" if problem.warning else "error"
        place = f"file={_property(near_name(problem.file))},title={_property(problem.code)}"
        if problem.line:
            place += f",line={problem.line},col={problem.column}"
        text = problem.message + (f"; {problem.help}" if problem.help else "")
        session.screen.line(f"::{kind} {place}::{text.translate(_GITHUB)}")


def _property(text: str) -> str:
    return text.translate(_GITHUB).replace(":", "%3A").replace(",", "%2C")
