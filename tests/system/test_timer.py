"""APScheduler as an alarm clock, and nothing more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from flowcron.domain.instant import SECOND, Instant
from flowcron.system import clock
from flowcron.system.timer import HasNext, Timer


class Each:
    """A schedule with a time every so many microseconds; it can break."""

    def __init__(self, period: int, *, breaks: bool = False) -> None:
        self.period = period
        self.breaks = breaks
        self.asked = 0

    def next(self, after: Instant) -> Instant | None:
        self.asked += 1
        if self.breaks:
            raise RuntimeError("a mistake in a schedule")
        return Instant((after // self.period + 1) * self.period)


class Never:
    def next(self, after: Instant) -> Instant | None:
        return None if after >= 0 else after


def rung(schedules: dict[str, HasNext], *, until: Callable[[list[str]], bool]) -> list[str]:
    """Return the keys that the timer called, in order, until enough have come."""
    heard: list[str] = []

    async def listen() -> None:
        timer = Timer(heard.append)
        timer.arm(schedules)
        timer.start()
        await _poll(lambda: until(heard))
        timer.stop()

    asyncio.run(listen())
    return heard


async def _poll(condition: Callable[[], bool]) -> None:
    deadline = clock.monotonic() + 20
    while not condition():
        assert clock.monotonic() < deadline
        await asyncio.sleep(0.01)


def test_each_schedule_is_called_by_its_key_when_its_time_has_come() -> None:
    heard = rung(
        {"fast": Each(SECOND // 20), "slow": Each(3600 * SECOND * 24 * 365), "never": Never()},
        until=lambda heard: len(heard) >= 3,
    )

    assert set(heard) == {"fast"}


def test_a_schedule_that_breaks_does_not_silence_the_others() -> None:
    heard = rung(
        {"broken": Each(SECOND, breaks=True), "good": Each(SECOND // 20)},
        until=lambda heard: len(heard) >= 2,
    )

    assert set(heard) == {"good"}


def test_what_is_armed_anew_replaces_what_was() -> None:
    heard: list[str] = []

    async def listen() -> None:
        timer = Timer(heard.append)
        timer.arm({"old": Each(SECOND // 20), "kept": Each(SECOND // 20), "gone": Never()})
        timer.start()
        await _poll(lambda: {"old", "kept"} <= set(heard))
        timer.arm({"new": Each(SECOND // 20), "kept": Each(SECOND // 20)})
        heard.clear()
        await _poll(lambda: {"new", "kept"} <= set(heard))
        timer.stop()

    asyncio.run(listen())

    assert set(heard) == {"new", "kept"}


def test_a_schedule_is_not_asked_more_often_than_it_rings() -> None:
    each = Each(SECOND // 20)

    heard = rung({"each": each}, until=lambda heard: len(heard) >= 4)

    assert each.asked <= 2 * len(heard) + 2
