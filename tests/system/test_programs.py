"""Programs that answer within seconds, or are killed."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

import pytest

from asking import is_alive
from fakes import poll
from flowcron.domain.ports import Reply
from flowcron.system.processes import MachineProcesses
from flowcron.system.programs import Programs

LONG = 60.0


def ask(*argv: str, question: bytes = b"", patience: float = LONG, limit: int = 1000) -> Reply:
    programs = Programs(MachineProcesses().status_of)
    return programs.ask(argv, question=question, patience=patience, limit=limit)


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


def test_it_gets_the_question_and_gives_the_answer_and_its_status() -> None:
    question = b"x" * 300_000

    reply = ask("sh", "-c", "wc -c; pwd; echo why >&2; exit 3", question=question)

    assert reply.stdout.split() == [b"300000", b"/"]
    assert reply.stderr == b"why\n"
    assert os.waitstatus_to_exitcode(reply.status or 0) == 3


def test_a_program_that_reads_no_question_is_answered_by_all_the_same() -> None:
    assert ask("echo", "hi", question=b"x" * 300_000).stdout == b"hi\n"


def test_a_program_that_is_not_there_cannot_be_started() -> None:
    with pytest.raises(FileNotFoundError):
        ask("no-such-program")


def test_a_program_that_takes_too_long_is_killed_with_what_it_started(tmp_path: Path) -> None:
    pids = tmp_path / "pids"

    reply = ask("sh", "-c", f"sleep 60 & echo $$ $! > '{pids}'; wait", patience=1)

    assert reply.status is None
    poll(lambda: not any(is_alive(int(pid)) for pid in pids.read_text().split()))


def test_a_program_that_closes_its_output_and_goes_on_is_killed_too() -> None:
    reply = ask("sh", "-c", "exec >&- 2>&-; sleep 60", patience=0.5)

    assert reply == Reply(None, b"", b"")


def test_a_flood_is_cut_off() -> None:
    reply = ask("yes", limit=1000)

    assert reply.status is None
    assert 1000 < len(reply.stdout) < 200_000


def test_only_the_end_of_much_stderr_is_kept() -> None:
    reply = ask(*python("import sys; sys.stderr.write('x' * 100_000 + 'end')"))

    assert len(reply.stderr) == 4096
    assert reply.stderr.endswith(b"end")


def test_its_status_is_known_also_when_something_else_reaps_all_children() -> None:
    processes = MachineProcesses()
    programs = Programs(processes.status_of)
    is_over = threading.Event()

    def reap() -> None:
        while not is_over.is_set():
            processes.reap()

    reaper = threading.Thread(target=reap)
    reaper.start()
    try:
        statuses = {
            programs.ask(["sh", "-c", "exit 7"], patience=LONG, limit=10).status for _ in range(30)
        }
    finally:
        is_over.set()
        reaper.join()

    assert statuses == {7 << 8}


def test_what_runs_when_it_is_closed_is_killed_and_nothing_is_started_any_more() -> None:
    programs = Programs(MachineProcesses().status_of)
    replies: list[Reply] = []

    def wait() -> None:
        replies.append(programs.ask(["sleep", "60"], patience=LONG, limit=10))

    asking = threading.Thread(target=wait)
    asking.start()
    poll(lambda: programs._running)

    programs.close()
    asking.join(LONG)

    assert [os.waitstatus_to_exitcode(reply.status or 0) for reply in replies] == [-9]
    with pytest.raises(OSError, match="nothing is started any more"):
        programs.ask(["true"], patience=LONG, limit=10)
