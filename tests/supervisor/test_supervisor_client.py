"""The scheduler's end on an asyncio loop."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from flowcron.errors import FlowcronError
from flowcron.supervisor.client import Client, connect, connect_or_start
from flowcron.supervisor.protocol import Message

PATIENCE = 30.0


async def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


def spawn(run: int, *argv: str) -> Message:
    return {
        "op": "spawn",
        "run": run,
        "attempt": 1,
        "token": str(run),
        "argv": list(argv),
        "env": {},
        "cwd": "/",
        "timeout": 60.0,
        "kill_after": 1.0,
        "log": f"logs/0/{run}.1",
        "log_limit": 100_000,
    }


def end(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def test_without_a_supervisor_there_is_nobody_to_greet(tmp_path: Path) -> None:
    assert connect(str(tmp_path), epoch=1, environment={}) is None


def test_a_supervisor_is_started_once_and_found_again(tmp_path: Path) -> None:
    first = connect_or_start(str(tmp_path), epoch=1, environment={})
    first.connection.close()

    second = connect_or_start(str(tmp_path), epoch=2, environment={})
    second.connection.close()

    assert first.child == first.hello["pid"] == second.hello["pid"]
    assert second.child is None
    end(first.hello["pid"])


def test_one_that_is_leaving_is_followed_by_a_new_one(tmp_path: Path) -> None:
    luck, epoch, children = random.Random(1), 0, set[int]()

    while len(children) < 5:
        epoch += 1
        greeting = connect_or_start(str(tmp_path), epoch=epoch, environment={}, linger=0.05)
        greeting.connection.close()
        children |= {greeting.child} if greeting.child else set()
        threading.Event().wait(luck.random() * 0.12)  # often just when it leaves

    for child in children:
        os.waitpid(child, 0)


def test_a_supervisor_that_cannot_start_is_an_error_with_a_next_step(tmp_path: Path) -> None:
    missing = tmp_path / "missing"

    with pytest.raises(FlowcronError, match="could not be started") as caught:
        connect_or_start(str(missing), epoch=1, environment={})

    assert caught.value.hint == f"Look at {missing / 'supervisor.log'}."


def test_a_burst_goes_through_whole_and_comes_in_lists(tmp_path: Path) -> None:
    lists: list[list[Message]] = []
    count = 300

    async def scenario() -> int:
        greeting = await asyncio.to_thread(connect_or_start, str(tmp_path), epoch=1, environment={})
        loop = asyncio.get_running_loop()
        client = Client(loop, greeting, on_message=lists.append, on_close=lambda: None)
        padding = {"PADDING": "x" * 5000}  # more than the socket takes at once
        client.send(*[spawn(run, "/bin/true") | {"env": padding} for run in range(count)])
        client.send({"op": "list"})
        await until(lambda: ended(lists) == set(range(count)))
        client.close()
        pid: int = client.hello["pid"]
        return pid

    end(asyncio.run(scenario()))

    started = {message["run"] for some in lists for message in some if message["ev"] == "started"}
    assert started == set(range(count))


def ended(lists: list[list[Message]]) -> set[int]:
    return {message["run"] for some in lists for message in some if message["ev"] == "exited"}


def test_the_death_of_the_supervisor_is_noticed_once(tmp_path: Path) -> None:
    closed = []

    async def scenario() -> None:
        greeting = connect_or_start(str(tmp_path), epoch=1, environment={})
        loop = asyncio.get_running_loop()
        client = Client(
            loop, greeting, on_message=lambda _: None, on_close=lambda: closed.append(1)
        )
        end(greeting.hello["pid"])
        client.send({"op": "list"})
        await until(lambda: closed)
        client.send({"op": "list"})
        assert not client.is_open

    asyncio.run(scenario())

    assert closed == [1]
