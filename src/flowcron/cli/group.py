"""A command that has commands of its own, and loads the one that is called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module

import click

from flowcron.cli.command import name_variables, write_examples
from flowcron.cli.options import global_options

_WIDE = 100


class Group(click.Group):
    """A command whose first word says what to do; `modules` has each by that word."""

    def __init__(
        self, name: str, *, sentence: str, modules: Mapping[str, str], examples: Sequence[str]
    ) -> None:
        super().__init__(
            name, help=sentence, params=list(global_options(hidden=True)), no_args_is_help=False
        )
        self._modules = modules
        self._examples = examples
        name_variables(self.params, name)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 click's signature
        """Return what can be done."""
        return list(self._modules)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 click's signature
        """Load what is to be done."""
        module = self._modules.get(cmd_name)
        if module is None:
            return None
        loaded = import_module(module).command
        if not isinstance(loaded, click.Command):
            raise TypeError(f"{module}.command is no command")
        return loaded

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what can be done, each with its whole sentence."""
        loaded = [(name, self.get_command(ctx, name)) for name in self._modules]
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, each.get_short_help_str(_WIDE)) for name, each in loaded if each]
            )

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples and where to find the other options."""
        super().format_epilog(ctx, formatter)
        write_examples(formatter, self._examples)
