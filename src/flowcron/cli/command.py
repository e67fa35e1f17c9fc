"""What a command of flowcron is: a sentence, examples, its options and the global ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import click

from flowcron.cli.context import Session
from flowcron.cli.options import global_options


class Command(click.Command):
    """A command with examples, with the global options and, where it lists something, --json.

    Its function returns an exit code, or None for 0.
    """

    def __init__(
        self,
        *args: Any,  # noqa: ANN401 click's own
        examples: Sequence[str] = (),
        fields: Sequence[str] = (),
        **kwargs: Any,  # noqa: ANN401 click's own
    ) -> None:
        super().__init__(*args, **kwargs)
        self.examples = examples
        self.fields = fields
        if fields:
            self.params.append(_json_option())
        self.params.extend(global_options(hidden=True))

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse, after deciding whether the word after --json is its value or an argument."""
        return super().parse_args(ctx, _with_json_value(args, self.fields))

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples and where to find the other options."""
        super().format_epilog(ctx, formatter)
        with formatter.section("Examples"):
            for example in self.examples:
                formatter.write(f"{'':{formatter.current_indent}}{example}\n")
        formatter.write("\nGlobal options (-c, --db, --format, --tz …): flowcron --help\n")


def command(
    *, examples: Sequence[str], fields: Sequence[str] = (), name: str | None = None
) -> Callable[[Callable[..., Any]], Command]:
    """Make a function a command; `fields` are what --json can choose from."""
    return click.command(name=name, cls=Command, examples=examples, fields=fields)


def _json_option() -> click.Option:
    return click.Option(
        ["--json"],
        is_flag=False,
        flag_value="",
        metavar="[FIELDS]",
        expose_value=False,
        callback=_choose_json,
        help="Write JSON; with names only these fields; --json help lists them.",
    )


def _with_json_value(args: list[str], fields: Sequence[str]) -> list[str]:
    """Join --json and the fields after it; a word that names no field is no value of --json."""
    joined: list[str] = []
    rest = list(args)
    while rest:
        word = rest.pop(0)
        if word == "--":
            return [*joined, word, *rest]
        if word == "--json" and fields:
            value = rest.pop(0) if rest and _are_fields(rest[0], fields) else ""
            word = f"--json={value}"
        joined.append(word)
    return joined


def _are_fields(word: str, fields: Sequence[str]) -> bool:
    return word == "help" or any(part in fields for part in word.split(","))


def _choose_json(context: click.Context, option: click.Parameter, value: str | None) -> None:
    if value is None or not isinstance(context.command, Command):
        return
    session = context.ensure_object(Session)
    session.format = "json"
    known = context.command.fields
    if value == "help":
        click.echo("\n".join(known))
        context.exit()
    for name in value.split(",") if value else ():
        if name not in known:
            from flowcron.domain.names import near  # noqa: PLC0415 only for mistakes

            close = near(name, known)
            meant = f"did you mean {close}?" if close else "--json help lists them"
            raise click.BadParameter(f'there is no field "{name}"; {meant}', context, option)
    session.fields = tuple(value.split(",")) if value else None
