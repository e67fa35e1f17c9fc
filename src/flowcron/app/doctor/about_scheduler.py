"""The scheduler: it runs, it answers, its heart beats, and systemd looks after it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from flowcron import __version__
from flowcron.app.asking import ask
from flowcron.app.doctor.case import Case
from flowcron.app.doctor.finding import Finding, problem, warning, well
from flowcron.app.heartbeat import STALE, last_beat
from flowcron.config.paths import Scope, scope_of
from flowcron.domain.duration import human_duration
from flowcron.domain.instant import Instant
from flowcron.errors import NotRunningError
from flowcron.system import clock
from flowcron.system.calling import CallError
from flowcron.system.cgroup import is_of_users_manager, unit_of
from flowcron.system.systemd import Systemd, is_booted

_PATIENCE = 5.0  # seconds; a scheduler that waits for another's transaction answers sooner
_UNIT = "flowcron.service"


def scheduler(case: Case) -> Iterator[Finding]:
    """Check that it runs, answers what is asked of it in the history, and beats."""
    if case.pid is None:
        yield _not_running(case)
        return
    about = case.scheduler
    if about is not None and about.pid == case.pid and about.version != __version__:
        yield warning(
            f"the scheduler is still flowcron {about.version}, this is {__version__}",
            fix="restart it; with --on-stop leave running jobs go on",
        )
    beat = last_beat(case.state)
    silence = None if beat is None else Instant(case.now - beat)
    took = _answer(case)
    if took is None or silence is None or silence > STALE:
        yield _sick(case.pid, answers=took is not None, silence=silence)
        return
    yield well(
        f"scheduler (pid {case.pid}) answers in {human_duration(took)}, heartbeat {_ago(silence)}"
    )


def service(case: Case) -> Iterator[Finding]:
    """Check that it comes back after the next boot: that it is a service, and the service is up."""
    unit = None if case.pid is None else unit_of(case.pid)
    if case.pid is not None and unit is not None:
        whose = "the user's " if is_of_users_manager(case.pid) else ""
        yield well(f"systemd runs the scheduler as {whose}{unit}")
        return
    if not is_booted() or case.config_path is None:
        yield well("no systemd looks after the scheduler")
        return
    yield from judge_unit(
        _state_of_unit(case), is_running=case.pid is not None, is_wanted=bool(case.scheduled)
    )


def judge_unit(
    properties: dict[str, str], *, is_running: bool, is_wanted: bool
) -> Iterator[Finding]:
    """Yield what there is to say about the unit of a scheduler that systemd does not run now."""
    state = properties.get("ActiveState", "")
    if properties.get("LoadState") == "loaded" and state != "active":
        why = properties.get("Result") or "stopped"
        yield problem(
            f"{_UNIT} is installed and {state} ({why})", fix=f"journalctl -u {_UNIT} -n 50"
        )
    elif is_running:
        yield warning(
            "the scheduler was started by hand: it does not come back after a boot",
            fix="flowcron service install",
        )
    else:
        text = "no service is installed"
        yield warning(text, fix="flowcron service install") if is_wanted else well(text)


def _state_of_unit(case: Case) -> dict[str, str]:
    user = case.config_path is not None and scope_of(case.config_path) is not Scope.SYSTEM
    names = ("LoadState", "ActiveState", "Result")
    try:
        return Systemd(user=user).properties(_UNIT, *names)
    except CallError:
        return {}


def _not_running(case: Case) -> Finding:
    if not case.scheduled:
        return well("no scheduler runs, and no job has a time")
    jobs = "1 job" if len(case.scheduled) == 1 else f"{len(case.scheduled)} jobs"
    return problem(f"the scheduler is not running: none of {jobs} starts", fix="flowcron start")


def _sick(pid: int, *, answers: bool, silence: int | None) -> Finding:
    said = "answers" if answers else f"does not answer within {_PATIENCE:g} s"
    beats = "has no heartbeat" if silence is None else f"its heartbeat was {_ago(silence)}"
    return problem(
        f"the scheduler (pid {pid}) {said}, {beats}",
        fix=f"is it stopped (kill -CONT {pid}) or waiting for a disk? Else restart it: running "
        "jobs go on",
    )


def _answer(case: Case) -> timedelta | None:
    """Return how long the scheduler takes to answer a request that asks for nothing."""
    began = clock.monotonic()
    try:
        ask(case.history_path, "ping", patience=_PATIENCE)
    except NotRunningError:
        return None
    return timedelta(seconds=clock.monotonic() - began)


def _ago(silence: int) -> str:
    """Return how long ago a beat was; in the future is now, because the clock was set back."""
    return f"{human_duration(timedelta(microseconds=max(0, silence)))} ago"
