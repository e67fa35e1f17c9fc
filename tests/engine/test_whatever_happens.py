"""Whatever jobs say and whatever happens: no limit is passed, nothing is lost, doubled or stuck."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from fakes import EVERY_MINUTE, exited, make_job, started
from flowcron.domain.job import After, Condition, Job, Missed, Overlap, RetryPolicy
from flowcron.domain.overlap import Limits
from flowcron.history import requests
from flowcron.history.database import open_history, transaction
from world import World

if TYPE_CHECKING:
    import pytest

    from flowcron.engine.engine import Engine

NAMES = ("a", "b", "c", "d")
POLICIES = st.fixed_dictionaries(
    {
        "overlap": st.sampled_from(Overlap),
        "max_running": st.none() | st.just(2),
        "missed": st.none() | st.sampled_from(Missed),
        "pool": st.none() | st.just("db"),
        "priority": st.integers(-1, 1),
        "retry": st.sampled_from([RetryPolicy(), RetryPolicy(times=1, delay=timedelta(seconds=9))]),
    }
)
CONDITIONS = st.sampled_from(Condition)
OFTEN = ("time", "time", "start", "end", "end", "fail")
SOMETIMES = ("crash", "die", "run", "retry", "cancel")
STEPS = st.lists(st.sampled_from(OFTEN + SOMETIMES), min_size=5, max_size=40)


class Simulation:
    """A scheduler, a supervisor that remembers, and the invariants between them."""

    def __init__(self, world: World, jobs: list[Job], limits: Limits, chance: Any) -> None:
        self.world = world
        self.jobs = jobs
        self.limits = limits
        self.chance = chance
        self.known: dict[tuple[int, int], dict[str, Any]] = {}
        self.going: dict[tuple[int, int], Job] = {}
        self.starts: Counter[tuple[int, int]] = Counter()
        self.engine: Engine = world.engine(*jobs, limits=limits)

    def time(self) -> None:
        self.world.clock.go_on(self.chance.choice([1, 20, 60, 200]))
        self.engine.look_at_everything()

    def start(self) -> None:
        self.engine.receive([self.known[key] for key in self.going])

    def end(self, code: int = 0) -> None:
        if self.going:
            key = self.chance.choice(sorted(self.going))
            del self.going[key]
            self.known[key] = exited(*key, at=self.world.clock.now, code=code)
            self.engine.receive([self.known[key]])

    def fail(self) -> None:
        self.end(code=1)

    def crash(self) -> None:
        self.engine = self.world.engine(*self.jobs, limits=self.limits, known=dict(self.known))

    def die(self) -> None:
        """Crash between a commit and the messages that it has earned."""
        self.engine.step()
        self.world.launcher.sent.clear()
        self.crash()

    def run(self) -> None:
        self._ask("run", job=self.chance.choice(self.jobs).name)

    def retry(self) -> None:
        over = self.world.rows("SELECT id FROM runs WHERE state IN ('failed', 'cancelled')")
        if over:
            self._ask("retry", run=self.chance.choice(over)[0])

    def cancel(self) -> None:
        open_runs = self.world.rows(
            "SELECT id FROM runs WHERE state IN ('queued', 'running', 'retrying')"
        )
        if open_runs:
            self._ask("cancel", runs=[self.chance.choice(open_runs)[0]])

    def settle(self) -> None:
        """Let the engine take its turns, and the supervisor act on what it is sent."""
        while self.engine.step():
            pass
        sent, self.world.launcher.sent = self.world.launcher.sent, []
        for message in sent:
            if message["op"] == "spawn":
                key = (message["run"], message["attempt"])
                self.starts[key] += 1
                self.going[key] = self._job(message)
                self.known[key] = started(*key, at=self.world.clock.now)
            elif message["op"] == "signal":
                key = (message["run"], message["attempt"])
                if self.going.pop(key, None) is not None:
                    now = self.world.clock.now
                    self.known[key] = exited(*key, at=now, signal=15, why="cancel")
                    self.engine.receive([self.known[key]])
            else:
                for run, attempt in message["attempts"]:
                    del self.known[run, attempt]
        if sent:
            self.settle()
        self._check()

    def _check(self) -> None:
        assert set(self.starts.values()) <= {1}
        by_pool = Counter(job.pool for job in self.going.values())
        assert by_pool["db"] <= self.limits.pools["db"]
        assert self.limits.max_running is None or len(self.going) <= self.limits.max_running
        by_job = Counter(job.name for job in self.going.values())
        for job in self.jobs:
            most = job.max_running if job.overlap is Overlap.ALLOW else 1
            assert most is None or by_job[job.name] <= most

    def _ask(self, kind: str, **arguments: Any) -> None:
        with transaction(self.world.history):
            requests.ask(
                self.world.history,
                kind,
                arguments,
                scheduler=None,
                requested_by="me",
                at=self.world.clock.now,
            )
        self.engine.asked()

    def _job(self, message: dict[str, Any]) -> Job:
        name = message["env"]["FLOWCRON_JOB"]
        return next(job for job in self.jobs if job.name == name)


@given(
    policies=st.tuples(*[POLICIES] * 4),
    conditions=st.tuples(CONDITIONS, CONDITIONS),
    most=st.none() | st.integers(1, 3),
    steps=STEPS,
    chance=st.randoms(use_true_random=False),
)
@settings(deadline=None, max_examples=150)
def test_no_limit_is_passed_and_every_run_comes_to_its_end(
    tmp_path_factory: pytest.TempPathFactory,
    policies: tuple[dict[str, Any], ...],
    conditions: tuple[Condition, Condition],
    most: int | None,
    steps: list[str],
    chance: Any,
) -> None:
    whens = [
        EVERY_MINUTE,
        EVERY_MINUTE,
        (After(("a",), conditions[0]),),
        (After(("a", "c"), conditions[1]),),
    ]
    jobs = [
        make_job(name, when=when, **policy)
        for name, when, policy in zip(NAMES, whens, policies, strict=True)
    ]
    with closing(open_history(tmp_path_factory.mktemp("any") / "history.db")) as history:
        world = World(history)
        simulation = Simulation(world, jobs, Limits({"db": 1}, most), chance)

        for step in steps:
            getattr(simulation, step)()
            simulation.settle()
        _let_everything_end(simulation)

        assert world.rows("SELECT state, count(*) FROM runs GROUP BY state") == world.rows(
            "SELECT state, count(*) FROM runs WHERE state NOT IN ('queued', 'running', 'retrying') "
            "GROUP BY state"
        )
        assert not simulation.engine.book.live
        assert not any(simulation.engine.book.slots.values())
        assert not simulation.engine.book.under_way


def _let_everything_end(simulation: Simulation) -> None:
    """Let runs end until there is none left; time goes on only as far as retries need it."""
    for _ in range(1000):
        simulation.settle()
        if simulation.going:
            simulation.end()
        elif (alarm := simulation.engine.next_alarm()) is not None:
            simulation.world.clock.now = max(alarm, simulation.world.clock.now)
        else:
            return
    raise AssertionError("there is no end to it")
