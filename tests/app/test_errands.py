"""Work in threads, a few at once, and never waited for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

import pytest

from fakes import WakesNobody, poll
from flowcron.app.errands import Errands


def errands(*, at_once: int = 2, patience: float = 60) -> Errands:
    return Errands(at_once=at_once, patience=patience, wakes=WakesNobody())


def settled(work: Errands, condition: Callable[[], object]) -> None:
    def look() -> object:
        work.settle()
        return condition()

    poll(look)


def test_what_comes_of_it_is_told_in_the_owners_thread() -> None:
    told: list[tuple[object, threading.Thread]] = []
    work = errands()

    work.begin(lambda: 7, lambda seven: told.append((seven, threading.current_thread())), late=0)
    settled(work, lambda: told)

    assert told == [(7, threading.current_thread())]


def test_never_more_are_done_at_once_than_allowed_and_all_are_done_in_the_end() -> None:
    gate = threading.Semaphore(0)
    begun: list[int] = []
    told: list[int] = []
    work = errands(at_once=2)

    def wait(number: int) -> int:
        begun.append(number)
        gate.acquire()
        return number

    for number in range(5):
        work.begin(partial(wait, number), told.append, late=None)
    poll(lambda: len(begun) == 2)
    gate.release(5)
    settled(work, lambda: len(told) == 5)

    assert sorted(begun) == sorted(told) == [0, 1, 2, 3, 4]


def test_work_that_hangs_is_given_up_once_and_no_longer_keeps_others_waiting() -> None:
    gate = threading.Event()
    told: list[str] = []
    work = errands(at_once=1, patience=0.2)

    work.begin(gate.wait, told.append, late="late")
    settled(work, lambda: told == ["late"])
    work.begin(lambda: "next", told.append, late="late")
    gate.set()
    settled(work, lambda: len(told) == 2)
    settled(work, lambda: not work._stuck)

    assert told in (["late", "next"], ["late", "late"])


def test_while_very_many_hang_others_wait_for_them() -> None:
    gate = threading.Event()
    told: list[str] = []
    work = errands(at_once=40, patience=0)
    for _ in range(32):
        work.begin(gate.wait, told.append, late="late")
    work.settle()
    begun: list[str] = []

    work.begin(lambda: begun.append("next"), told.append, late="late")
    assert told == ["late"] * 32
    assert not work._running
    gate.set()
    settled(work, lambda: begun)

    assert begun == ["next"]


def test_a_mistake_in_the_work_is_raised_where_it_is_settled() -> None:
    work = errands()
    work.begin(lambda: 1 // 0, print, late=None)

    with pytest.raises(ZeroDivisionError):
        settled(work, lambda: False)
