"""Which option, variable or place decided about the files that doctor looks at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from flowcron.app.doctor.case import Choices
from flowcron.cli.commands import COMMANDS, flowcron
from flowcron.cli.context import Session
from flowcron.cli.output import locale_of_characters
from flowcron.config.history_path import read_history_path
from flowcron.config.paths import Scope, config_places, scope_of
from flowcron.domain.names import did_you_mean
from flowcron.errors import ConfigError

_PREFIX = "FLOWCRON_"
_OTHERS = ("ASCII", "PAGER", "TEST", "CRASH_AT", "DELAY_AT")
_OF_JOBS = ("JOB", "RUN_ID", "ATTEMPT", "SCHEDULED_AT", "PREVIOUS_SUCCESS_AT", "PARAMS", "TOKEN")
_PLACES = {
    Scope.FOLDER: "found in this folder",
    Scope.USER: "the user's",
    Scope.SYSTEM: "the system's",
}


def choices(session: Session, environ: Mapping[str, str]) -> Choices:
    """Return who decided what; names of variables, never their values."""
    variables = sorted(name for name in environ if name.startswith(_PREFIX))
    known = set(_known(variables))
    return Choices(
        config=_config_by(session, environ),
        history=_history_by(session, environ),
        variables=tuple(name for name in variables if name in known),
        unknown=tuple((name, did_you_mean(name, known)) for name in variables if name not in known),
        charset=_charset(locale_of_characters()),
    )


def _config_by(session: Session, environ: Mapping[str, str]) -> str:
    """Return "by -c, which goes before FLOWCRON_CONFIG", or whose place it was found in."""
    if session.config is not None:
        return _by_whom(session, "config", "-c", environ)
    if session.config_path is None:
        return ""
    place = _PLACES[scope_of(session.config_path)]
    others = [str(each) for each in config_places() if _is_another(each, session.config_path)]
    return f"{place}, which goes before {', '.join(others)}" if others else place


def _history_by(session: Session, environ: Mapping[str, str]) -> str:
    if session.db is not None:
        return _by_whom(session, "db", "--db", environ)
    try:
        written = session.config_path and read_history_path(session.config_path)
    except ConfigError:
        written = None
    if written:
        return "by [history] path"
    if environ.get("STATE_DIRECTORY"):
        return "by STATE_DIRECTORY"
    return "by the place of the configuration"


def _by_whom(session: Session, name: str, option: str, environ: Mapping[str, str]) -> str:
    variable = f"{_PREFIX}{name.upper()}"
    if name not in session.typed:
        return f"by {variable}"
    before = f", which goes before {variable}" if environ.get(variable) else ""
    return f"by {option}{before}"


def _is_another(place: Path, chosen: Path) -> bool:
    return place.absolute() != chosen and place.exists()


def _known(variables: list[str]) -> Iterator[str]:
    """Yield every variable that means something, of those commands that any could belong to."""
    yield from (f"{_PREFIX}{word}" for word in (*_OTHERS, *_OF_JOBS))
    context = click.Context(flowcron, info_name="flowcron", auto_envvar_prefix="FLOWCRON")
    for option in flowcron.params:
        yield f"{_PREFIX}{(option.name or '').upper()}"
    for name in COMMANDS:
        if any(each.startswith(f"{_PREFIX}{name.upper()}_") for each in variables):
            yield from _of_command(flowcron.get_command(context, name), context)


def _of_command(command: click.Command | None, context: click.Context) -> Iterator[str]:
    if command is None:
        return
    for option in command.params:
        if isinstance(option.envvar, str):
            yield option.envvar
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            yield from _of_command(command.get_command(context, name), context)


def _charset(locale: str) -> str:
    """Return the characters of a locale as "UTF-8", or the locale where they are others."""
    named = locale.partition(".")[2].partition("@")[0].lower().replace("-", "")
    return "UTF-8" if named == "utf8" else locale
