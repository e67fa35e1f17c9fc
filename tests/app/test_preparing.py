"""What happens to a message between the engine and the supervisor."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fakes import WakesNobody, poll
from flowcron.app.preparing import Preparing, prepared
from flowcron.domain.ports import Reply
from flowcron.errors import FlowcronError
from flowcron.system.processes import MachineProcesses
from flowcron.system.programs import Programs


class Between:
    """The engine's end and the supervisor's, with a program that waits for a gate."""

    def __init__(self, folder: Path) -> None:
        self.gate = folder / "gate"
        self.sent: list[dict[str, Any]] = []
        self.said: list[dict[str, Any]] = []
        self.written: list[int] = []
        self.programs = Programs(MachineProcesses().status_of)
        self.preparing = Preparing(
            self.programs,
            send=self._send,
            say=self.said.extend,
            write_down=self._written,
            wakes=WakesNobody(),
        )
        script = folder / "wait"
        script.write_text(
            f"#!/bin/sh\nwhile [ ! -e '{self.gate}' ]; do sleep 0.02; done\necho s3cret\n"
        )
        script.chmod(0o700)
        self.slow = {"A": f"command:{script}"}

    @property
    def order(self) -> list[tuple[str, int]]:
        return [(message["op"], message.get("run", 0)) for message in self.sent]

    def until(self, condition: Callable[[], object]) -> None:
        def look() -> object:
            self.preparing.settle()
            return condition()

        poll(look)

    def _send(self, *messages: dict[str, Any]) -> None:
        self.sent += messages

    def _written(self, run: int, attempt: int) -> None:
        sent = [(message.get("run"), message.get("attempt")) for message in self.sent]
        assert (run, attempt) not in sent
        self.written.append(run)


@pytest.fixture
def between(tmp_path: Path) -> Iterator[Between]:
    between = Between(tmp_path)
    yield between
    between.programs.close()


def spawn(run: int = 1, **needs: Any) -> dict[str, Any]:
    return {"op": "spawn", "run": run, "attempt": 1, "env": {"FLOWCRON_JOB": "a"}} | needs


def adopt(run: int = 1, **needs: Any) -> dict[str, Any]:
    return {"op": "adopt", "run": run, "attempt": 1} | needs


def cancel(run: int = 1) -> dict[str, Any]:
    return {"op": "signal", "run": run, "attempt": 1, "signal": 15, "why": "cancel"}


def test_messages_that_need_nothing_go_straight_through_in_order(between: Between) -> None:
    messages = [spawn(1), cancel(1), {"op": "ack", "attempts": [[1, 1]]}]

    between.preparing.hand_on(*messages)

    assert between.sent == messages


def test_a_slow_secret_keeps_no_other_attempt_waiting(between: Between) -> None:
    between.preparing.hand_on(spawn(1, secrets=between.slow), spawn(2))
    between.preparing.hand_on(spawn(3), {"op": "ack", "attempts": []})
    assert between.order == [("spawn", 2), ("spawn", 3), ("ack", 0)]

    between.gate.touch()
    between.until(lambda: len(between.sent) == 4)

    complete = between.sent[-1]
    assert complete["env"] == {"A": "s3cret", "FLOWCRON_JOB": "a"}
    assert complete["mask"] == ["s3cret"]
    assert "secrets" not in complete


def test_an_attempt_that_is_cancelled_while_its_secret_is_read_never_starts(
    between: Between,
) -> None:
    between.preparing.hand_on(spawn(1, secrets=between.slow))

    between.preparing.hand_on(cancel(1), cancel(2))
    between.gate.touch()
    between.preparing.hand_on(spawn(3, secrets=between.slow))
    between.until(lambda: ("spawn", 3) in between.order)

    assert between.order == [("signal", 2), ("spawn", 3)]
    assert [(said["ev"], said["run"], said["what"]) for said in between.said] == [
        ("spawn_failed", 1, "cancel")
    ]


def test_a_signal_to_what_is_being_adopted_waits_behind_that(between: Between) -> None:
    between.preparing.hand_on(adopt(1, secrets=between.slow), cancel(1))
    assert between.sent == []

    between.gate.touch()
    between.until(lambda: between.sent)

    assert between.order == [("adopt", 1), ("signal", 1)]
    assert between.sent[0]["mask"] == ["s3cret"]


def test_an_adopted_process_whose_secret_is_gone_is_adopted_without_knowing_it(
    between: Between,
) -> None:
    between.preparing.hand_on(adopt(1, secrets={"A": "env:FLOWCRON_NO_SUCH"}))
    between.until(lambda: between.sent)

    assert between.sent[0] == adopt(1, mask=None)
    assert between.said == []


def test_a_secret_that_cannot_be_read_ends_the_attempt_with_what_to_do(between: Between) -> None:
    between.preparing.hand_on(spawn(1, secrets={"PGPASSWORD": "env:FLOWCRON_NO_SUCH"}))
    between.until(lambda: between.said)

    (said,) = between.said
    assert (said["ev"], said["run"], said["attempt"], said["what"], said["error"]) == (
        "spawn_failed",
        1,
        1,
        "secret",
        None,
    )
    assert said["text"] == (
        "secret PGPASSWORD: env:FLOWCRON_NO_SUCH is not set; "
        "set FLOWCRON_NO_SUCH in the environment of the scheduler"
    )
    assert between.sent == []


def test_nothing_that_was_being_read_for_an_earlier_life_is_handed_on(between: Between) -> None:
    between.preparing.hand_on(spawn(1, secrets=between.slow))

    between.preparing.forget()
    between.gate.touch()
    between.preparing.hand_on(spawn(2, secrets=between.slow))
    between.until(lambda: between.sent)

    assert between.order == [("spawn", 2)]


def none(_: object) -> Reply:
    raise AssertionError("nothing is to be started")


def test_later_sources_of_the_environment_win(tmp_path: Path) -> None:
    file = tmp_path / "job.env"
    file.write_text("FILE=1\nENV=1\nSECRET=1\nFLOWCRON_JOB=1\n")
    env = {"ENV": "2", "SECRET": "2", "FLOWCRON_JOB": "a"}
    needs: dict[str, Any] = {
        "env_file": str(file),
        "secrets": {"SECRET": "env:S", "FLOWCRON_JOB": "env:S"},
    }

    complete = prepared(spawn(env=env, **needs), environ={"S": "3"}, ask=none)

    assert isinstance(complete, dict)
    assert complete["env"] == {"FILE": "1", "ENV": "2", "SECRET": "3", "FLOWCRON_JOB": "a"}
    assert complete["mask"] == ["3"]
    assert "env_file" not in complete


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "does not exist"),
        (b"A=1\n\nB", "line 3: this is no variable"),
        (b"A=1\nB=\xff", "line 2: it is not UTF-8"),
        (b"A=" + b"x" * 1_000_000, "is larger than 1,000,000 bytes"),
    ],
)
def test_a_file_of_variables_that_cannot_be_used_is_named_with_its_line(
    tmp_path: Path, content: bytes | None, says: str
) -> None:
    file = tmp_path / "job.env"
    if content is not None:
        file.write_bytes(content)

    error = prepared(spawn(env_file=str(file)), environ={}, ask=none)

    assert isinstance(error, FlowcronError)
    assert error.message.startswith(f"env_file {file}")
    assert says in error.message
    assert error.hint


def test_all_threads_of_it_let_the_process_end(between: Between) -> None:
    between.preparing.hand_on(spawn(1, secrets=between.slow))

    threads = [each for each in threading.enumerate() if each is not threading.main_thread()]
    assert threads
    assert all(each.daemon for each in threads)


def test_a_spawn_that_had_to_wait_is_written_down_before_it_is_sent(between: Between) -> None:
    between.preparing.hand_on(spawn(1, secrets=between.slow), spawn(2), adopt(3, secrets={}))
    assert between.written == []

    between.gate.touch()
    between.until(lambda: ("spawn", 1) in between.order)

    assert between.written == [1]
