"""What a command of flowcron is: a sentence, examples, its options and the global ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import click

from flowcron.cli.context import Session
from flowcron.cli.options import global_options
from flowcron.errors import NotFoundError

_UNDECIDED = "flowcron.word_after_json"


class Command(click.Command):
    """A command with examples, with the global options and, where it lists something, --json.

    Its function returns an exit code, or None for 0. `group` is the command that it is a part of.
    """

    def __init__(
        self,
        *args: Any,  # noqa: ANN401 click's own
        examples: Sequence[str] = (),
        fields: Sequence[str] = (),
        group: str = "",
        **kwargs: Any,  # noqa: ANN401 click's own
    ) -> None:
        super().__init__(*args, **kwargs)
        self.examples = examples
        self.fields = fields
        if fields:
            self.params.append(_json_option())
        self.params.extend(global_options(hidden=True))
        name_variables(self.params, f"{group} {self.name}".strip())

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse, after deciding whether the word after --json is its value or an argument."""
        if self.fields:
            has_arguments = any(isinstance(param, click.Argument) for param in self.params)
            args, ctx.meta[_UNDECIDED] = _with_json_value(
                args, self.fields, has_arguments=has_arguments
            )
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 click's signature
        """Run; where the word after --json is no job, say which field was perhaps meant."""
        try:
            return super().invoke(ctx)
        except NotFoundError as error:
            word = ctx.meta.get(_UNDECIDED)
            if word is None or f'"{word}"' not in error.message:
                raise
            from flowcron.domain.names import did_you_mean  # noqa: PLC0415 only for mistakes

            meant = did_you_mean(word, self.fields) or "--json help lists them"
            hint = f"{error.hint or 'flowcron list'} · or a field of --json: {meant}"
            raise NotFoundError(error.message, hint=hint) from error

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples and where to find the other options."""
        super().format_epilog(ctx, formatter)
        write_examples(formatter, self.examples)


def command(
    *,
    examples: Sequence[str],
    fields: Sequence[str] = (),
    name: str | None = None,
    group: str = "",
) -> Callable[[Callable[..., Any]], Command]:
    """Make a function a command; `fields` are what --json can choose from."""
    return click.command(name=name, cls=Command, examples=examples, fields=fields, group=group)


def name_variables(params: Sequence[click.Parameter], command: str) -> None:
    """Give each option of a command the environment variable of its name."""
    for param in params:
        if isinstance(param, click.Option):
            param.envvar = _variable(command, param)
            param.allow_from_autoenv = False  # it would go by the names of our functions


def write_examples(formatter: click.HelpFormatter, examples: Sequence[str]) -> None:
    """Write the end of a command's help."""
    with formatter.section("Examples"):
        for example in examples:
            formatter.write(f"{'':{formatter.current_indent}}{example}\n")
    formatter.write("\nGlobal options (-c, --db, --format, --tz …): flowcron --help\n")


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


def _variable(command: str, option: click.Option) -> str:
    """Return the environment variable of an option: FLOWCRON_HISTORY_SINCE."""
    longest = max(option.opts, key=len).lstrip("-")
    return f"FLOWCRON_{command}_{longest}".upper().replace("-", "_").replace(" ", "_")


def _with_json_value(
    args: list[str], fields: Sequence[str], *, has_arguments: bool
) -> tuple[list[str], str | None]:
    """Join --json and the fields after it; a word that names no field is no value of --json.

    Return that word too: it was taken for an argument, where there can be one.
    """
    joined: list[str] = []
    rest = list(args)
    undecided = None
    while rest and rest[0] != "--":
        word = rest.pop(0)
        if word == "--json":
            next_ = rest[0] if rest and not rest[0].startswith("-") else None
            if next_ is not None and (not has_arguments or _are_fields(next_, fields)):
                word = f"--json={rest.pop(0)}"
            else:
                word, undecided = "--json=", next_
        joined.append(word)
    return joined + rest, undecided


def _are_fields(word: str, fields: Sequence[str]) -> bool:
    parts = word.split(",")
    return word == "help" or len(parts) > 1 or any(part in fields for part in parts)


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
            from flowcron.domain.names import did_you_mean  # noqa: PLC0415 only for mistakes

            meant = did_you_mean(name, known) or "--json help lists them"
            raise click.BadParameter(f'there is no field "{name}"; {meant}', context, option)
    session.fields = tuple(value.split(",")) if value else None
