"""The scheduler: it runs, it answers, its heart beats, and systemd looks after it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from flowcron import __version__
from flowcron.app.asking import ask
from flowcron.app.doctor.case import Case
from flowcron.app.doctor.finding import Finding, problem, warning, well
from flowcron.app.heartbeat import STALE, last_beat
from flowcron.domain.duration import human_duration
from flowcron.errors import NotRunningError
from flowcron.system import clock
from flowcron.system.cgroup import is_of_users_manager, unit_of
from flowcron.system.own_units import OwnUnit, unit_for
from flowcron.system.systemd import Systemd, is_booted

_PATIENCE = 5.0  # seconds; a scheduler that waits for another's transaction answers sooner


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
    silence = None if beat is None else case.now - beat
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
        yield well(f"systemd runs it as {whose}{unit}")
        return
    if not is_booted():
        yield well("no systemd here")
        return
    found = unit_for(case.history_path, environ=case.environ)
    if found is None:
        yield judge_no_unit(is_running=case.pid is not None, is_wanted=bool(case.scheduled))
        return
    names = ("ActiveState", "Result")
    state = Systemd(user=found.user).properties(found.name, *names)
    yield judge_unit(found, active=state["ActiveState"], result=state["Result"])


def judge_unit(unit: OwnUnit, *, active: str, result: str) -> Finding:
    """Return what there is to say about an installed unit that does not run the scheduler now."""
    scope = "--user " if unit.user else ""
    return problem(
        f"{unit.name} is installed and does not run the scheduler: it is {active or 'unknown'}"
        f"{f' ({result})' if result not in {'', 'success'} else ''}",
        fix=f"journalctl {scope}-u {unit.name} -n 50, systemctl {scope}start {unit.name}",
    )


def judge_no_unit(*, is_running: bool, is_wanted: bool) -> Finding:
    """Return what there is to say where systemd runs the machine and no unit is installed."""
    if not is_wanted:
        return well("no service is needed")
    started = "the scheduler was started by hand" if is_running else "no service is installed"
    return warning(
        f"{started}: nothing starts it after the next boot", fix="flowcron service install"
    )


def _not_running(case: Case) -> Finding:
    if not case.scheduled:
        return well("no scheduler runs, and no job has a time")
    jobs = "its 1 job does" if len(case.scheduled) == 1 else f"its {len(case.scheduled)} jobs do"
    return problem(f"the scheduler is not running, so {jobs} not start", fix="flowcron start")


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
