"""The global options: the same before and after the name of a command."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from flowcron import __version__
from flowcron.cli.context import Session

_FORMATS = ("table", "plain", "json", "jsonl", "csv")


def global_options(*, hidden: bool = False) -> list[click.Option]:
    """Return new global options, for flowcron itself or, hidden, for one of its commands."""
    return (
        [
            _option(
                "-c", "--config", metavar="PATH", type=_file(), help="The schedules.toml to use."
            ),
            _option("--db", metavar="PATH", type=_file(), help="The history file to use."),
            _option(
                "--color",
                type=click.Choice(("auto", "always", "never")),
                metavar="WHEN",
                help="Colours: auto, always or never.",
            ),
            _option(
                "--format",
                type=click.Choice(_FORMATS),
                metavar="FORMAT",
                help=f"How to write results: {', '.join(_FORMATS)}.",
            ),
            _option("--header", is_flag=True, help="Name the columns of plain output."),
            _option("--wide", is_flag=True, help="Cut nothing off at the screen's edge."),
            _option("--tz", metavar="ZONE", help="Show and read times in this zone."),
            _option("--utc", is_flag=True, help="Show and read times in UTC."),
            _option("--no-pager", is_flag=True, help="Show long results without a pager."),
            _option("--no-input", is_flag=True, help="Never ask anything."),
            _option("-q", "--quiet", is_flag=True, help="Say only what is wrong."),
            _option("-v", "--verbose", count=True, help="Say more; -vv with tracebacks."),
            click.Option(
                ["-V", "--version"],
                is_flag=True,
                is_eager=True,
                expose_value=False,
                allow_from_autoenv=False,
                callback=_print_version,
                help="Print the version.",
            ),
        ]
        if not hidden
        else [_hidden(option) for option in global_options()]
    )


def _option(*names: str, **attributes: Any) -> click.Option:  # noqa: ANN401 click's own
    return click.Option(names, expose_value=False, callback=_remember, default=None, **attributes)


def _file() -> click.Path:
    return click.Path(path_type=Path)


def _hidden(option: click.Option) -> click.Option:
    option.hidden = True
    return option


def _remember(context: click.Context, option: click.Parameter, value: object) -> None:
    """Keep what was said; what is said after the command's name is read last and wins."""
    session = context.ensure_object(Session)
    name = option.name or ""
    source = context.get_parameter_source(name)
    if source not in {ParameterSource.DEFAULT, ParameterSource.DEFAULT_MAP, None}:
        setattr(session, name, value)
    if source == ParameterSource.COMMANDLINE:
        session.typed.add(name)


def _print_version(context: click.Context, option: click.Parameter, value: object) -> None:  # noqa: ARG001 click's call
    if value and not context.resilient_parsing:
        click.echo(f"flowcron {__version__}")
        context.exit()
