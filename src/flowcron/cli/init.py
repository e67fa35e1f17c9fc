"""Create schedules.toml: `flowcron init`."""

from __future__ import annotations

import os
import re
import shlex
from contextlib import suppress
from pathlib import Path

import click

from flowcron.cli.command import command as as_command
from flowcron.cli.context import Session, pass_session
from flowcron.cli.problems import near_name
from flowcron.cli.text import Span
from flowcron.config.paths import default_history, find_config
from flowcron.errors import FlowcronError, RefusedError
from flowcron.history.database import open_history

_TEMPLATES = Path(__file__).parent / "templates"


class WriteError(FlowcronError):
    """The file cannot be written."""


@as_command(
    name="init",
    examples=("flowcron init", "flowcron init --minimal", "flowcron init ~/etl/schedules.toml"),
)
@click.argument("path", type=click.Path(path_type=Path), required=False)
@click.option("--minimal", "template", flag_value="minimal", help="One job and no comments.")
@click.option("--full", "template", flag_value="full", help="Every key there is, explained.")
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@pass_session
def command(session: Session, *, path: Path | None, template: str | None, force: bool) -> None:
    """Create a commented schedules.toml and the folder for its history."""
    target = _target(path or session.config or Path())
    content = (_TEMPLATES / f"{template or 'usual'}.toml").read_text(encoding="utf-8")
    _write(target, content, force=force)
    history = default_history(target) if session.db is None else session.db
    open_history(history).close()
    _say(session, target, content)
    _say_history(session, history)
    named = _naming(session, target)
    steps = ("check", "run hello", "start")
    session.hint(*(f"{'' if n else 'edit it, then: '}{named} {s}" for n, s in enumerate(steps)))


def _target(path: Path) -> Path:
    """Return the file that is meant by a path, which may be a folder."""
    path = path.expanduser().absolute()
    return path / "schedules.toml" if path.is_dir() else path


def _naming(session: Session, target: Path) -> str:
    """Return how flowcron is called so that it finds this file and this history from here."""
    named = "flowcron"
    if find_config() != target:
        named += f" -c {shlex.quote(near_name(str(target)))}"
    if "db" in session.typed:
        named += f" --db {shlex.quote(str(session.db))}"
    return named


def _write(target: Path, content: str, *, force: bool) -> None:
    replace = os.O_TRUNC if force else os.O_EXCL
    try:
        with suppress(FileExistsError):  # then opening says what is in the way
            target.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | replace, 0o644)
    except FileExistsError as error:
        raise RefusedError(
            f"{near_name(str(target))} is there already and stays as it is",
            hint="--force replaces it; another path puts the new one elsewhere",
        ) from error
    except OSError as error:
        said = os.strerror(error.errno or 0)
        raise WriteError(f"{near_name(str(target))} cannot be written: {said}") from error
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(content)


def _say(session: Session, target: Path, content: str) -> None:
    jobs = len(re.findall(r"^\[jobs\.[^.\]]+\]", content, re.MULTILINE))
    many = "1 example job" if jobs == 1 else f"{jobs} example jobs"
    _line(session, near_name(str(target)), many)


def _say_history(session: Session, history: Path) -> None:
    ignored = "; ignored by git" if history.parent.name == ".flowcron" else ""
    _line(session, f"{near_name(str(history.parent))}/", f"history and logs{ignored}")


def _line(session: Session, name: str, what: str) -> None:
    if session.is_for_people:
        session.screen.line(Span("✓ ", "ok"), f"{name:<16}  ", Span(f"({what})", "dim"))
    else:
        session.screen.line(name)
