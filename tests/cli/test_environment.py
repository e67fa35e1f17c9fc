"""What the environment says: options, colours, characters."""

from __future__ import annotations

import os
import subprocess
import sys

import click
import pytest

from fakes import make_job
from flowcron.cli.commands import COMMANDS, flowcron
from rows import Story, ago
from terminal import Cli


def options() -> list[tuple[str, click.Option]]:
    """Return every option of every command, with the name of the command."""
    context = click.Context(flowcron)
    named = [(name, flowcron.get_command(context, name)) for name in COMMANDS]
    for name, group in named:
        if isinstance(group, click.Group):
            parts = group.list_commands(context)
            named.extend((f"{name}_{part}", group.get_command(context, part)) for part in parts)
    return [
        (name, param)
        for name, command in named
        if command is not None
        for param in command.params
        if isinstance(param, click.Option)
    ]


def two_runs(cli: Cli) -> Story:
    """Return a history of two runs, the newer one today."""
    story = cli.story()
    story.configured(make_job("backup"))
    story.run("backup", ago(days=3))
    story.run("backup", ago(hours=1))
    return story


def test_every_option_of_every_command_can_be_set_by_its_name() -> None:
    for command, option in options():
        names = {word.lstrip("-").replace("-", "_").upper() for word in option.opts}
        longest = max(names, key=len)

        assert option.envvar == f"FLOWCRON_{command.upper()}_{longest}"
        assert not option.allow_from_autoenv


def test_no_two_options_have_the_same_variable() -> None:
    variables = [option.envvar for _, option in options()]

    assert len(variables) == len(set(variables))


def test_the_environment_sets_options_and_the_command_line_wins(cli: Cli) -> None:
    two_runs(cli)

    cli.environment.setenv("FLOWCRON_HISTORY_N", "1")
    one = cli.piped("history").lines
    two = cli.piped("history", "-n", "2").lines
    cli.environment.setenv("FLOWCRON_HISTORY_N", "20")
    cli.environment.setenv("FLOWCRON_HISTORY_SINCE", "today")
    today = cli.piped("history").lines
    cli.environment.setenv("FLOWCRON_HISTORY_JSON", "id")
    cli.environment.setenv("FLOWCRON_HISTORY_LIMIT", "0")  # the name of an argument in our code

    assert (len(one), len(two), len(today)) == (1, 2, 1)
    assert cli.piped("history").out == '{"schema": "flowcron.runs/1", "runs": [{"id": 2}]}\n'


@pytest.mark.parametrize("which", ["minimal", "full"])
def test_a_choice_between_flags_can_be_set_too(cli: Cli, which: str) -> None:
    cli.piped("init", "asked.toml", f"--{which}")
    cli.environment.setenv(f"FLOWCRON_INIT_{which.upper()}", "1")
    cli.piped("init", "set.toml")

    asked, was_set = (cli.folder / name for name in ("asked.toml", "set.toml"))
    assert asked.read_bytes() == was_set.read_bytes()


@pytest.mark.parametrize(
    ("arguments", "environment", "hour"),
    [
        ((), {}, "18:48:19+01:00"),
        (("--utc",), {}, "17:48:19+00:00"),
        ((), {"FLOWCRON_UTC": "1", "FLOWCRON_TZ": ""}, "17:48:19+00:00"),
        (("--tz", "Asia/Tokyo"), {"FLOWCRON_UTC": "1"}, "02:48:19+09:00"),
        (("--utc",), {"FLOWCRON_TZ": "Asia/Tokyo"}, "17:48:19+00:00"),
    ],
)
def test_a_zone_that_is_typed_goes_before_one_that_is_set(
    cli: Cli, arguments: tuple[str, ...], environment: dict[str, str], hour: str
) -> None:
    two_runs(cli)
    for name, value in environment.items():
        cli.environment.setenv(name, value)

    assert hour in cli.piped("history", *arguments).lines[0]


@pytest.mark.parametrize("name", ["FORCE_COLOR", "CLICOLOR_FORCE"])
def test_colours_can_be_forced_in_a_pipe_and_no_color_goes_before(cli: Cli, name: str) -> None:
    two_runs(cli)
    (cli.folder / "schedules.toml").write_text("[jobs\n", encoding="utf-8")
    commands = (("history", "--format", "table"), ("check",))
    cli.environment.setenv(name, "1")

    without = [cli.piped(*arguments).out for arguments in commands]
    cli.environment.delenv("NO_COLOR")
    forced = [cli.piped(*arguments).out for arguments in commands]
    cli.environment.setenv(name, "0")
    not_forced = [cli.piped(*arguments).out for arguments in commands]

    assert all("\x1b[" in said for said in forced)
    assert not [said for said in without + not_forced if "\x1b" in said]


@pytest.mark.parametrize(
    ("locale", "is_ascii"),
    [
        ({}, False),
        ({"LC_ALL": "C"}, True),
        ({"LC_ALL": "POSIX", "LANG": "en_US.UTF-8"}, True),
        ({"LANG": "C"}, True),
        ({"LC_CTYPE": "C", "LANG": "C.UTF-8"}, True),
        ({"LC_ALL": "C.UTF-8", "LANG": "C"}, False),
        ({"LC_CTYPE": "C.UTF-8", "LANG": "C"}, False),
        ({"LANG": "C.UTF-8"}, False),
        ({"LC_ALL": "", "LANG": "C.UTF-8"}, False),
    ],
)
def test_the_locale_c_gets_ascii_although_python_could_write_more(
    cli: Cli, locale: dict[str, str], *, is_ascii: bool
) -> None:
    two_runs(cli)
    command = (sys.executable, "-m", "flowcron", "--format", "table", "history")
    plain = {name: value for name, value in os.environ.items() if name != "PYTHONUTF8"}

    done = subprocess.run(command, capture_output=True, check=True, env=plain | locale)

    assert done.stdout.isascii() is is_ascii
    assert (b"+" in done.stdout.splitlines()[1][:1]) is is_ascii
