"""When the scheduler prunes: in the loop of a scheduler, without one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from fakes import make_job
from flowcron.app.guard import Guard
from flowcron.app.pruning import Pruning
from flowcron.app.state import Holding, hold
from flowcron.config.config import Config
from flowcron.domain.instant import Instant, micros
from flowcron.domain.job import Keep
from flowcron.domain.keep import NEWEST, Keeps
from flowcron.engine.report import Kind
from rows import Story

_TURNS = 200  # of the loop: many more than a sweep of so few runs takes
_ENOUGH = 20.0  # seconds


@pytest.fixture
def holding(tmp_path: Path) -> Iterator[Holding]:
    story = Story(tmp_path / "history.db")
    story.configured(make_job("backup"))
    for day in range(120, 90, -1):
        story.run("backup", Instant(time.time_ns() // 1000 - micros(timedelta(days=day))))
    story.db.close()
    config = Config(tmp_path / "schedules.toml", "digest", (), (), "UTC")
    with hold(tmp_path / "history.db", config) as held:
        yield held


class Turns:
    """A loop with nothing in it but the pruning."""

    def __init__(self, holding: Holding) -> None:
        self.holding = holding
        self.is_busy = False
        self.said: list[str] = []

    def run(self, prepare: Callable[[Pruning], None], *, until: int | None = None) -> None:
        """Let the loop turn, until so many runs are left."""
        asyncio.run(self._run(prepare, until))

    def say(self, _kind: Kind, text: str) -> None:
        self.said.append(text)

    @property
    def left(self) -> int:
        return int(self.holding.history.execute("SELECT count(*) FROM runs").fetchone()[0])

    async def _run(self, prepare: Callable[[Pruning], None], until: int | None) -> None:
        pruning = Pruning(
            self.holding,
            keeps=lambda: Keeps(Keep(age=timedelta(days=90))),
            is_busy=lambda: self.is_busy,
            guard=Guard(
                on_trouble=self.said.append, on_mistake=lambda why: self.said.append(str(why))
            ),
            say=self.say,
        )
        prepare(pruning)
        pruning.look()
        deadline = time.monotonic() + _ENOUGH
        turns = 0
        while (turns < _TURNS) if until is None else (self.left != until):
            assert time.monotonic() < deadline
            turns += 1
            await asyncio.sleep(0)


def test_old_runs_go_while_nothing_is_due(holding: Holding) -> None:
    turns = Turns(holding)

    turns.run(lambda _: None, until=NEWEST)

    assert turns.said == []


def test_nothing_goes_while_something_is_due(holding: Holding) -> None:
    turns = Turns(holding)
    turns.is_busy = True

    turns.run(lambda _: None)

    assert turns.left == 30


def test_nothing_goes_when_the_clock_has_just_jumped_by_days(holding: Holding) -> None:
    turns = Turns(holding)

    turns.run(lambda pruning: pruning.clock_stepped(micros(timedelta(days=3650))))
    left = turns.left
    turns.run(lambda pruning: pruning.clock_stepped(micros(timedelta(hours=1))), until=NEWEST)

    assert (left, turns.left) == (30, NEWEST)


def test_it_does_not_begin_again_before_an_hour_has_passed(holding: Holding) -> None:
    turns = Turns(holding)

    def give_up_the_first(pruning: Pruning) -> None:
        pruning.look()
        pruning._sweep = None

    turns.run(give_up_the_first)

    assert turns.left == 30
