"""The real command on a real terminal."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

import pytest

from fakes import make_job
from flowcron.domain.run import State
from flowcron.supervisor.segment import RECORD
from rows import ago
from terminal import Cli

HOSTILE = "\x1b]0;owned\x07\x1b[2J\x9b31m[red]x[/a]\u202e\u2028"


def on_a_terminal(*arguments: str) -> tuple[int, str]:
    """Run flowcron on a pseudo-terminal and return its exit code and everything it wrote."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "flowcron", *arguments], stdin=theirs, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        written = b""
        while chunk := _read(ours):
            written += chunk
    os.close(ours)
    return process.returncode, written.decode().replace("\r\n", "\n")


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65_536)
    except OSError:  # Linux's way to say that the other end is closed
        return b""


@pytest.mark.parametrize("columns", ["60", "80", "120"])
@pytest.mark.parametrize(
    "arguments", [("history",), ("list",), ("show", "1"), ("show", "backup"), ("logs", "1")]
)
def test_no_command_lets_a_job_reach_the_terminal(
    cli: Cli, arguments: tuple[str, ...], columns: str
) -> None:
    story = cli.story()
    story.configured(make_job("backup", command=f"echo {HOSTILE}"))
    run = story.run("backup", ago(hours=1), state=State.FAILED, last_line=HOSTILE)
    output = HOSTILE.encode() + b"\xff\xfe\n"
    story.output(run, output, RECORD.pack(ago(hours=1), len(output)))
    cli.environment.setenv("COLUMNS", columns)

    code, written = on_a_terminal(*arguments)

    assert code == 0
    assert not set("\x1b\x07\x9b\u202e\u2028") & set(written)
    assert max(map(len, written.splitlines())) <= int(columns) or arguments == ("logs", "1")


def test_colours_are_there_on_a_terminal(cli: Cli) -> None:
    story = cli.story()
    story.configured(make_job("backup"))
    story.run("backup", ago(hours=1))
    cli.environment.delenv("NO_COLOR")

    _, written = on_a_terminal("history")

    assert "\x1b[32m✓\x1b[0m" in written
