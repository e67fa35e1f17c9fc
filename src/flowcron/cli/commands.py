"""Which commands there are, and how each is found without loading the others."""

from __future__ import annotations

from importlib import import_module
from typing import NamedTuple

import click

from flowcron import __version__
from flowcron.cli.options import global_options


class Entry(NamedTuple):
    """A command: the module that has it as `command`, its group in the help, its sentence."""

    module: str
    group: str
    sentence: str


COMMANDS = {
    "init": Entry("flowcron.cli.init", "Start here", "Create schedules.toml"),
    "check": Entry(
        "flowcron.cli.check", "Start here", "Check schedules.toml and explain every mistake"
    ),
    "next": Entry(
        "flowcron.cli.next", "Start here", "Show upcoming runs; explain a cron expression"
    ),
    "start": Entry("flowcron.cli.start", "Start here", "Run the scheduler in the foreground"),
    "service": Entry("flowcron.cli.service", "Start here", "Install flowcron as a systemd service"),
    "status": Entry("flowcron.cli.status", "See", "Is the scheduler running, what is it doing?"),
    "list": Entry("flowcron.cli.list", "See", "All jobs: schedule, next run, last result"),
    "history": Entry("flowcron.cli.history", "See", "Past runs"),
    "show": Entry("flowcron.cli.show", "See", "One job or one run in full"),
    "logs": Entry("flowcron.cli.logs", "See", "Output of runs; -f follows"),
    "why": Entry("flowcron.cli.why", "See", "Why a job did or did not run at a time"),
    "run": Entry("flowcron.cli.run", "Do", "Start a job now and follow it"),
    "retry": Entry("flowcron.cli.retry", "Do", "Run a failed run again"),
    "cancel": Entry("flowcron.cli.cancel", "Do", "Stop runs before they end"),
    "pause": Entry("flowcron.cli.pause", "Do", "Stop scheduling a job for a while"),
    "resume": Entry("flowcron.cli.resume", "Do", "Schedule it again"),
    "stop": Entry("flowcron.cli.stop", "Do", "Stop the scheduler"),
    "reload": Entry("flowcron.cli.reload", "Do", "Apply changes in schedules.toml"),
    "alerts": Entry("flowcron.cli.alerts", "Keep", "Test, mute and inspect alerts"),
    "doctor": Entry("flowcron.cli.doctor", "Keep", "Find out what is wrong"),
    "backup": Entry("flowcron.cli.backup", "Keep", "Copy the history database safely"),
    "prune": Entry("flowcron.cli.prune", "Keep", "Delete old runs and logs"),
    "schema": Entry("flowcron.cli.schema", "Keep", "JSON Schema for editors"),
}

ALIASES = {"validate": "check", "ls": "list", "kill": "cancel", "ps": "status"}
"""Known habits; they work and are not shown."""

_INTRODUCTION = f"""\
flowcron {__version__} — cron with retries, timeouts, alerts and a history you can ask.

  flowcron init                 write a commented schedules.toml
  flowcron check && flowcron start
  flowcron history --since 24h
"""


class Commands(click.Group):
    """flowcron itself: it loads the one command that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 click's signature
        """Return the names of all commands, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 click's signature
        """Load a command by its name or one of its known other names."""
        entry = COMMANDS.get(ALIASES.get(cmd_name, cmd_name))
        if entry is None:
            return None
        loaded = import_module(entry.module).command
        if not isinstance(loaded, click.Command):
            raise TypeError(f"{entry.module}.command is no command")
        return loaded

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is called, or say which was probably meant."""
        name = ALIASES.get(args[0], args[0])
        if name not in COMMANDS and not name.startswith("-") and not ctx.resilient_parsing:
            from flowcron.cli.command import no_such_command  # noqa: PLC0415 only for mistakes

            raise no_such_command(name, dict.fromkeys(COMMANDS, "") | ALIASES, ctx)
        return super().resolve_command(ctx, [name, *args[1:]])

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the help: how to begin, the commands by what they are for, the options."""
        formatter.write(_INTRODUCTION)
        groups: dict[str, list[tuple[str, str]]] = {}
        for name, entry in COMMANDS.items():
            groups.setdefault(entry.group, []).append((name, entry.sentence))
        for group, rows in groups.items():
            formatter.write(f"\n{group}\n")
            formatter.write("".join(f"  {name:<11}  {sentence}\n" for name, sentence in rows))
        self.format_options(ctx, formatter)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the global options; they may stand before and after a command's name."""
        records = [param.get_help_record(ctx) for param in self.get_params(ctx)]
        formatter.write("\nOptions, before or after the command\n")
        rows = [record for record in records if record is not None]
        wide = max(len(names) for names, _ in rows)
        formatter.write("".join(f"  {names:<{wide}}  {text}\n" for names, text in rows))
        formatter.write("\nflowcron COMMAND --help has examples.\n")


flowcron = Commands(
    name="flowcron",
    params=list(global_options()),
    no_args_is_help=True,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "auto_envvar_prefix": "FLOWCRON",
        "max_content_width": 100,
    },
)
