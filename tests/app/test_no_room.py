"""Neither descriptors, processes nor memory are to be had: a run waits, and starts once."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fakes import poll
from straced import needs_strace, straced

if TYPE_CHECKING:
    from installed import Installed

JOB = '[jobs.once]\ncommand = "echo $FLOWCRON_ATTEMPT >> witness"\n'


@contextmanager
def no_more_descriptors(pid: int) -> Iterator[None]:
    """Let a process open no more files than it has open."""
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    in_use = len(list(Path(f"/proc/{pid}/fd").iterdir()))
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (in_use, before[1]))
    yield
    resource.prlimit(pid, resource.RLIMIT_NOFILE, before)


def waits(flowcron: Installed) -> str:
    rows = flowcron.rows("SELECT waits FROM runs WHERE state = 'retrying'")
    return str(rows[0][0]) if rows else ""


def check_it_started_once(flowcron: Installed) -> None:
    poll(lambda: flowcron.rows("SELECT 1 FROM runs WHERE state = 'success' AND attempts = 1"))
    assert (flowcron.folder / "witness").read_text() == "1\n"
    assert "the system has no room for a process" in flowcron.log()


def test_a_run_waits_for_descriptors_and_then_starts_once(flowcron: Installed) -> None:
    flowcron.configure(JOB)
    flowcron.start_and_wait()

    with no_more_descriptors(flowcron.supervisor_pid()):
        flowcron.run("run", "once", "-d")
        poll(lambda: "EMFILE" in waits(flowcron))
        assert "room for a process" in flowcron.run("status").stdout

    check_it_started_once(flowcron)


@needs_strace
@pytest.mark.parametrize("error", ["EAGAIN", "ENOMEM"])
def test_a_run_waits_for_a_process_and_then_starts_once(flowcron: Installed, error: str) -> None:
    flowcron.configure(JOB)
    flowcron.start_and_wait()

    calls = f"inject=clone,clone3,fork,vfork:error={error}"
    with straced(flowcron.supervisor_pid(), "-e", calls):
        flowcron.run("run", "once", "-d")
        poll(lambda: error in waits(flowcron))

    check_it_started_once(flowcron)
