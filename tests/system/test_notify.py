"""Telling systemd how a process is."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

import pytest

from flowcron.system.notify import (
    READY,
    Manager,
    manager_from,
    reloading,
    status,
    without_manager,
)


def listener(address: str) -> socket.socket:
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    bound.bind(address)
    bound.settimeout(5)
    return bound


def test_states_arrive_in_one_datagram(tmp_path: Path) -> None:
    with listener(str(tmp_path / "notify")) as bound:
        Manager(str(tmp_path / "notify")).tell(READY, status("3 jobs"))

        assert bound.recv(1000) == b"READY=1\nSTATUS=3 jobs"


def test_an_at_sign_stands_for_an_abstract_socket() -> None:
    name = f"flowcron-test-{os.getpid()}"
    with listener(f"\0{name}") as bound:
        Manager(f"@{name}").tell(READY)

        assert bound.recv(1000) == b"READY=1"


def test_without_a_manager_nothing_is_said_and_nothing_is_wrong() -> None:
    Manager().tell(READY)


def test_a_manager_that_does_not_listen_is_no_secret(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Manager(str(tmp_path / "gone")).tell(READY)


def test_it_never_waits_for_a_manager_that_does_not_read(tmp_path: Path) -> None:
    manager = Manager(str(tmp_path / "notify"))

    def tell_forever() -> None:
        while True:
            manager.tell(READY)

    with listener(manager.address), pytest.raises(BlockingIOError):
        tell_forever()


@pytest.mark.parametrize(
    ("environ", "watchdog"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "60000000"}, 60),
        ({"WATCHDOG_USEC": "1500000", "WATCHDOG_PID": "7"}, 1.5),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "8"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_the_watchdog_is_ours_when_it_names_us_or_nobody(
    environ: dict[str, str], watchdog: float | None
) -> None:
    assert manager_from(environ, pid=7).watchdog == watchdog


def test_nothing_that_is_started_can_speak_for_this_process() -> None:
    environ = {
        "PATH": "/bin",
        "NOTIFY_SOCKET": "/run/notify",
        "WATCHDOG_PID": "7",
        "WATCHDOG_USEC": "1",
        "LISTEN_FDS": "1",
        "CREDENTIALS_DIRECTORY": "/run/credentials/flowcron.service",
        "JOURNAL_STREAM": "8:1234",
        "INVOCATION_ID": "a",
    }

    for_jobs = without_manager(environ)
    manager = manager_from(environ, pid=7)

    assert manager.address == "/run/notify"
    assert for_jobs == {"PATH": "/bin"}
    assert environ.keys() == {
        "PATH",
        "CREDENTIALS_DIRECTORY",
        "JOURNAL_STREAM",
        "INVOCATION_ID",
    }


def test_a_status_is_one_line() -> None:
    assert status("locked\nREADY=1") == "STATUS=locked READY=1"


def test_a_reload_says_when_it_began() -> None:
    before = time.monotonic()
    word, at = reloading()
    after = time.monotonic()

    assert word == "RELOADING=1"
    assert before - 1e-5 <= int(at.removeprefix("MONOTONIC_USEC=")) / 1e6 <= after
