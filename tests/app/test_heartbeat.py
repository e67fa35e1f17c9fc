"""The URL that is pinged each minute while the scheduler lives."""

from __future__ import annotations

from collections.abc import Callable

from fakes import WakesNobody, poll
from flowcron.app.heartbeat import EVERY, Heartbeat
from flowcron.engine.report import Kind
from flowcron.system.processes import MachineProcesses
from flowcron.system.programs import Programs
from installed import Installed
from receivers import Web, free_port


class WakesLater(WakesNobody):
    """Keeps who wants to be woken later."""

    def __init__(self) -> None:
        self.asked: list[tuple[float, Callable[[], None]]] = []

    def later(self, seconds: float, callback: Callable[[], None]) -> None:
        self.asked.append((seconds, callback))


class Beating:
    """A heartbeat whose minutes the test lets pass."""

    def __init__(self) -> None:
        self.wakes = WakesLater()
        self.said: list[tuple[Kind, str]] = []
        self.heart = Heartbeat(
            Programs(MachineProcesses().status_of),
            wakes=self.wakes,
            say=lambda kind, text: self.said.append((kind, text)),
        )

    def settled(self) -> bool:
        self.heart._errands.settle()
        return not self.heart._errands._running

    def next_minute(self) -> None:
        poll(self.settled)
        (callback,) = [each for seconds, each in self.wakes.asked if seconds == EVERY][-1:]
        callback()
        poll(self.settled)


def test_it_beats_at_once_and_then_each_minute(web: Web) -> None:
    beating = Beating()

    beating.heart.use(f"{web.url}/push/1234")
    beating.next_minute()

    assert [(each.method, each.path) for each in web.requests] == [("GET", "/push/1234")] * 2
    assert beating.said == []


def test_without_a_url_nobody_is_woken() -> None:
    beating = Beating()

    beating.heart.use(None)

    assert beating.wakes.asked == []


def test_another_url_takes_the_place_of_the_first(web: Web) -> None:
    beating = Beating()
    beating.heart.use(f"{web.url}/old")
    poll(beating.settled)
    ((_, old),) = [each for each in beating.wakes.asked if each[0] == EVERY]

    beating.heart.use(f"{web.url}/new")
    poll(beating.settled)
    old()
    poll(beating.settled)

    assert [each.path for each in web.requests] == ["/old", "/new"]


def test_it_is_reported_once_that_it_is_not_heard_and_once_that_it_is(web: Web) -> None:
    beating = Beating()
    web.answers(500)
    beating.heart.use(f"{web.url}/hunter2")
    beating.next_minute()
    web.answers(200)
    beating.next_minute()

    (first, second) = beating.said
    assert first[0] is Kind.WARNING
    assert first[1].startswith(f"the heartbeat is not heard: 127.0.0.1:{web.port} answered 500")
    assert second == (Kind.NOTICE, "the heartbeat is heard again")


def test_a_scheduler_beats_by_the_reference_in_its_configuration(
    flowcron: Installed, web: Web
) -> None:
    flowcron.configure('[scheduler]\nheartbeat = "env:PUSH_URL"\n[jobs.a]\ncommand = "true"\n')

    flowcron.start_and_wait(PUSH_URL=f"{web.url}/push/5678")

    poll(lambda: web.requests)
    assert web.requests[0].path == "/push/5678"


def test_a_heartbeat_that_nobody_hears_does_no_harm(flowcron: Installed) -> None:
    url = f"http://127.0.0.1:{free_port()}/"
    flowcron.configure(f'[scheduler]\nheartbeat = "{url}"\n[jobs.a]\ncommand = "true"\n')
    flowcron.start_and_wait()

    poll(lambda: "the heartbeat is not heard" in flowcron.log())

    assert flowcron.run("run", "a").returncode == 0
