"""Long results in a pager."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest

from fakes import make_job
from flowcron.domain.run import State
from flowcron.supervisor.segment import RECORD
from rows import ago
from terminal import Cli

KEEP = "import sys; open(sys.argv[1], 'wb').write(sys.stdin.buffer.read())"


@pytest.fixture
def long_cli(cli: Cli, tmp_path: Path) -> Cli:
    """Return a command line with forty runs, a screen of twenty lines, and a pager."""
    story = cli.story()
    story.configured(*(make_job(f"job{number}") for number in range(40)))
    for number in range(40):
        story.run(f"job{number}", ago(hours=40 - number), state=State.FAILED)
    output = b"line\n" * 40
    story.output(1, output, RECORD.pack(ago(hours=40), len(output)))
    pager = shlex.join([sys.executable, "-c", KEEP, str(tmp_path / "seen")])
    cli.environment.setenv("FLOWCRON_PAGER", pager)
    cli.environment.setenv("LINES", "20")
    return cli


@pytest.mark.parametrize("arguments", [("history", "-n", "40"), ("list",), ("logs", "1")])
def test_what_is_longer_than_the_screen_is_in_a_pager(
    long_cli: Cli, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    long_cli.environment.delenv("NO_COLOR")

    paged = long_cli.on_terminal(*arguments)
    plain = long_cli.on_terminal(*arguments, "--no-pager")

    assert paged.code == 0
    assert paged.out == ""
    assert (tmp_path / "seen").read_bytes() == plain.bytes
    assert "\x1b" in plain.out
    assert paged.err == plain.err


@pytest.mark.parametrize(
    "arguments", [("history", "-n", "5"), ("show", "1"), ("logs", "1", "--raw")]
)
def test_what_fits_or_is_raw_is_in_none(
    long_cli: Cli, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    said = long_cli.on_terminal(*arguments)

    assert said.out != ""
    assert not (tmp_path / "seen").exists()


def test_in_a_pipe_there_is_none(long_cli: Cli, tmp_path: Path) -> None:
    assert len(long_cli.piped("history", "-n", "40").lines) == 40
    assert not (tmp_path / "seen").exists()


@pytest.mark.parametrize("pager", ["", "cat", "there-is-no-such-program"])
def test_without_a_pager_it_is_all_there(long_cli: Cli, pager: str) -> None:
    long_cli.environment.setenv("FLOWCRON_PAGER", pager)

    assert len(long_cli.on_terminal("history", "-n", "40").lines) == 41


def test_flowcrons_own_pager_goes_before_that_of_all_programs(
    long_cli: Cli, tmp_path: Path
) -> None:
    long_cli.environment.setenv("PAGER", "there-is-no-such-program")
    long_cli.on_terminal("history", "-n", "40")
    first = (tmp_path / "seen").exists()
    long_cli.environment.delenv("FLOWCRON_PAGER")

    assert first
    assert len(long_cli.on_terminal("history", "-n", "40").lines) == 41


def test_an_error_is_said_also_where_a_pager_would_be(long_cli: Cli) -> None:
    said = long_cli.on_terminal("logs", "1", "--attempt", "7")

    assert said.code == 4
    assert "run 1 has no attempt 7" in said.err


def test_a_reader_who_has_enough_is_no_error(long_cli: Cli) -> None:
    long_cli.environment.setenv("FLOWCRON_PAGER", "true")

    assert long_cli.on_terminal("history", "-n", "40").code == 0
