"""Policies of jobs with real processes: pools, chains, retries, runs asked for and cancelled."""

from __future__ import annotations

import os
import signal
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from fakes import poll
from flowcron.history import requests
from flowcron.history.database import open_history, transaction
from flowcron.system import clock
from flowcron.system.poke import poke

if TYPE_CHECKING:
    from installed import Installed

GATED = """
[jobs.{name}]
command = "while [ ! -e gate-{name} ]; do sleep 0.02; done; exit $(cat gate-{name})"
"""
DUMMY = '[jobs.b]\ncommand = "true"\n'
DIAMOND = (
    GATED.format(name="a")
    + "".join(GATED.format(name=name) + 'after = "a"\n' for name in "bc")
    + GATED.format(name="d")
    + 'after = ["b", "c"]\n'
)


def open_gate(flowcron: Installed, name: str, code: int = 0) -> None:
    gate = flowcron.folder / f"gate-{name}"
    (flowcron.folder / "gate").write_text(f"{code}\n")
    (flowcron.folder / "gate").rename(gate)


def states(flowcron: Installed) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    rows = flowcron.rows(
        "SELECT name, state FROM runs JOIN jobs ON jobs.id = job_id ORDER BY runs.id"
    )
    for name, state in rows:
        found.setdefault(name, []).append(state)
    return found


@pytest.mark.slow
def test_two_jobs_in_a_pool_of_one_never_overlap_in_200_runs(flowcron: Installed) -> None:
    command = "mkdir lock || touch overlapped; rmdir lock"
    flowcron.configure(
        "[pools]\ndb = 1\n"
        + "".join(
            f'[jobs.{name}]\npool = "db"\noverlap = "allow"\ncommand = "{command}"\n'
            for name in ("a", "b")
        )
    )
    flowcron.start_and_wait()
    history = open_history(flowcron.folder / ".flowcron" / "history.db")
    with transaction(history):
        for number in range(200):
            requests.ask(
                history,
                "run",
                {"job": "ab"[number % 2]},
                scheduler=None,
                requested_by="test",
                at=clock.now(),
            )
    history.close()
    poke(flowcron.folder / ".flowcron")

    poll(lambda: flowcron.rows("SELECT count(*) FROM runs WHERE state = 'success'") == [(200,)])

    assert not (flowcron.folder / "overlapped").exists()
    times = flowcron.rows("SELECT started_at, finished_at FROM attempts ORDER BY started_at")
    assert all(end <= begin for (_, end), (begin, _) in pairwise(times))


def test_the_last_of_a_diamond_runs_once_also_when_the_scheduler_is_killed_between(
    flowcron: Installed,
) -> None:
    flowcron.configure(DIAMOND)
    first = flowcron.start_and_wait()
    flowcron.run("run", "a", "-d")
    open_gate(flowcron, "a")
    poll(lambda: states(flowcron).get("c") == ["running"])
    open_gate(flowcron, "b")
    poll(lambda: states(flowcron).get("b") == ["success"])

    flowcron.kill(first)
    open_gate(flowcron, "c")
    open_gate(flowcron, "d")
    flowcron.start_and_wait()

    poll(lambda: states(flowcron).get("d") == ["success"])
    assert states(flowcron) == {name: ["success"] for name in "abcd"}


@pytest.mark.parametrize("point", ["exited-received", "finish-committed", "claim-committed"])
def test_a_chain_goes_on_when_the_scheduler_is_killed_as_one_run_ends_and_the_next_begins(
    flowcron: Installed, point: str
) -> None:
    flowcron.configure(
        '[jobs.a]\ncommand = "true"\n[jobs.b]\nafter = "a"\ncommand = "echo ran >> witness"\n'
    )
    first = flowcron.start_and_wait(FLOWCRON_TEST="1", FLOWCRON_CRASH_AT=point)
    flowcron.run("run", "a", "-d")
    poll(lambda: first.poll() is not None)

    flowcron.start_and_wait()

    poll(lambda: states(flowcron) == {"a": ["success"], "b": ["success"]})
    assert (flowcron.folder / "witness").read_text() == "ran\n"


def test_an_upstream_failure_is_the_reason_of_what_follows_and_a_retry_makes_it_good(
    flowcron: Installed,
) -> None:
    flowcron.configure(
        '[jobs.a]\ncommand = "test -e fixed"\n[jobs.b]\nafter = "a"\ncommand = "true"\n'
    )
    flowcron.start_and_wait()
    assert flowcron.run("run", "a").returncode == 1
    poll(lambda: states(flowcron).get("b") == ["skipped"])
    ((reason,),) = flowcron.rows("SELECT reason FROM runs WHERE state = 'skipped'")
    assert reason == "upstream a failed (run 1)"

    (flowcron.folder / "fixed").touch()
    done = flowcron.run("retry", "--failed")

    assert done.returncode == 0, done.stderr
    poll(lambda: states(flowcron) == {"a": ["failed", "success"], "b": ["skipped", "success"]})
    assert flowcron.rows('SELECT retry_of, "trigger" FROM runs WHERE id = 3') == [(1, "retry")]
    assert flowcron.run("retry", "--failed").returncode == 0
    assert flowcron.run("retry", "3").returncode == 6


def test_only_the_exit_codes_that_a_job_names_are_retried(flowcron: Installed) -> None:
    retry = 'retry = { times = 2, delay = "10ms", exit_codes = [75] }'
    flowcron.configure(
        f'[jobs.busy]\ncommand = "exit 75"\n{retry}\n[jobs.wrong]\ncommand = "exit 2"\n{retry}\n'
    )

    codes = [flowcron.run("run", name).returncode for name in ("busy", "wrong")]

    assert codes == [75, 2]
    assert flowcron.rows("SELECT attempts FROM runs ORDER BY id") == [(3,), (1,)]


def test_without_retries_a_failure_is_the_end(flowcron: Installed) -> None:
    flowcron.configure('[jobs.a]\ncommand = "exit 1"\nretry = { times = 2, delay = "10ms" }\n')

    assert flowcron.run("run", "a", "--no-retry").returncode == 1

    assert flowcron.rows("SELECT attempts FROM runs") == [(1,)]


def test_a_job_in_the_foreground_is_followed_unless_it_runs_alone(flowcron: Installed) -> None:
    flowcron.configure(
        '[jobs.a]\ncommand = "echo from a"\n'
        '[jobs.b]\nafter = "a"\ncommand = "echo from b; exit 3"\n'
    )

    alone = flowcron.run("run", "a", "--alone")
    both = flowcron.run("run", "a")

    assert (alone.returncode, alone.stdout) == (0, "from a\n")
    assert (both.returncode, both.stdout) == (0, "from a\nfrom b\n")
    assert states(flowcron) == {"a": ["success", "success"], "b": ["failed"]}


def test_a_run_in_the_foreground_waits_for_its_slot(flowcron: Installed) -> None:
    flowcron.configure(
        "[pools]\ndb = 1\n"
        + GATED.format(name="a")
        + 'pool = "db"\n[jobs.b]\npool = "db"\ncommand = "echo got it"\n'
    )
    scheduler = flowcron.start_and_wait()
    flowcron.run("run", "a", "-d")
    poll(lambda: states(flowcron) == {"a": ["running"]})
    flowcron.kill(scheduler)

    waiting = flowcron.background("run", "b")
    poll(lambda: flowcron.rows("SELECT waits FROM runs") == [(None,), ("pool db: 1 of 1 in use",)])
    open_gate(flowcron, "a")
    flowcron.start_and_wait()

    out, _ = waiting.communicate(timeout=60)
    assert (waiting.returncode, out) == (0, b"got it\n")


def test_a_run_is_cancelled_with_all_its_processes(flowcron: Installed) -> None:
    flowcron.configure('[jobs.a]\ncommand = "sleep 600 & sleep 600 & wait"\n')
    flowcron.start_and_wait()
    flowcron.run("run", "a", "-d")
    poll(lambda: states(flowcron) == {"a": ["running"]})
    ((pid,),) = flowcron.rows("SELECT pid FROM attempts")

    done = flowcron.run("cancel", "a")

    assert done.returncode == 0, done.stderr
    assert states(flowcron) == {"a": ["cancelled"]}
    with pytest.raises(ProcessLookupError):
        os.killpg(pid, 0)


def test_a_run_that_waits_is_cancelled_and_never_starts(flowcron: Installed) -> None:
    flowcron.configure("[scheduler]\nmax_running = 1\n" + GATED.format(name="a") + DUMMY)
    flowcron.start_and_wait()
    flowcron.run("run", "a", "-d")
    poll(lambda: states(flowcron).get("a") == ["running"])
    flowcron.run("run", "b", "-d")

    assert flowcron.run("cancel", "b").returncode == 0
    open_gate(flowcron, "a")

    poll(lambda: states(flowcron) == {"a": ["success"], "b": ["cancelled"]})
    assert flowcron.rows("SELECT count(*) FROM attempts") == [(1,)]


def test_a_run_in_the_foreground_is_cancelled_through_its_command(flowcron: Installed) -> None:
    flowcron.configure('[jobs.a]\ncommand = "exec sleep 600"\n')
    command = flowcron.background("run", "a")
    poll(lambda: states(flowcron) == {"a": ["running"]})

    assert flowcron.run("cancel", "1").returncode == 0

    assert command.wait(60) == 128 + signal.SIGTERM
    assert states(flowcron) == {"a": ["cancelled"]}


def test_a_command_that_is_cancelled_does_not_wait_for_what_always_follows(
    flowcron: Installed,
) -> None:
    flowcron.configure(
        '[jobs.a]\ncommand = "exec sleep 600"\n'
        '[jobs.b]\nafter = "a"\nwhen = "always"\ncommand = "touch followed"\n'
    )
    command = flowcron.background("run", "a")
    poll(lambda: states(flowcron) == {"a": ["running"]})

    assert flowcron.run("cancel", "1").returncode == 0

    assert command.wait(60) == 128 + signal.SIGTERM
    assert states(flowcron) == {"a": ["cancelled"], "b": ["cancelled"]}


def test_all_runs_of_one_command_are_asked_to_end_before_they_are_killed(
    flowcron: Installed,
) -> None:
    slow = "trap 'sleep 0.3; touch went-well-{name}; exit' TERM; touch up-{name}; sleep 60 & wait"
    flowcron.configure(
        '[jobs.a]\ncommand = "true"\n'
        + "".join(
            f'[jobs.{name}]\nafter = "a"\ncommand = "{slow.format(name=name)}"\n' for name in "bc"
        )
    )
    flowcron.background("run", "a")
    poll(lambda: all((flowcron.folder / f"up-{name}").exists() for name in "bc"))

    done = flowcron.run("cancel", "--all", "--yes")

    assert done.returncode == 0, done.stderr
    assert states(flowcron) == {"a": ["success"], "b": ["cancelled"], "c": ["cancelled"]}
    assert all((flowcron.folder / f"went-well-{name}").exists() for name in "bc")


def test_a_retry_in_the_foreground_is_followed_only_when_its_whole_chain_went_well(
    flowcron: Installed,
) -> None:
    flowcron.configure(DIAMOND)
    open_gate(flowcron, "a")
    open_gate(flowcron, "b", code=1)
    open_gate(flowcron, "c", code=1)
    open_gate(flowcron, "d")
    flowcron.run("run", "a")
    assert states(flowcron)["d"] == ["skipped"]

    open_gate(flowcron, "b")
    flowcron.run("retry", "b")
    assert states(flowcron)["d"] == ["skipped", "skipped"]
    open_gate(flowcron, "c")
    flowcron.run("retry", "c")

    assert states(flowcron)["d"] == ["skipped", "skipped", "success"]


def test_what_is_cancelled_while_nobody_schedules_ends_at_the_next_start(
    flowcron: Installed,
) -> None:
    flowcron.configure(GATED.format(name="a"))
    scheduler = flowcron.start_and_wait()
    flowcron.run("run", "a", "-d")
    poll(lambda: states(flowcron) == {"a": ["running"]})
    flowcron.kill(scheduler)

    done = flowcron.run("cancel", "1")
    assert done.returncode == 5
    assert "when it starts" in done.stderr
    flowcron.start_and_wait()

    poll(lambda: states(flowcron) == {"a": ["cancelled"]})


def test_what_cannot_be_cancelled_or_retried_is_said(flowcron: Installed) -> None:
    flowcron.configure(DUMMY)
    flowcron.run("run", "b")

    codes = [
        flowcron.run(*words).returncode
        for words in (
            ("cancel",),
            ("cancel", "1"),
            ("cancel", "b"),
            ("cancel", "nobody"),
            ("cancel", "9"),
            ("cancel", "--all"),
            ("retry",),
            ("retry", "1"),
            ("retry", "9"),
            ("retry", "b", "--since", "1d"),
        )
    ]

    assert codes == [2, 6, 6, 4, 4, 0, 2, 6, 4, 2]


def test_all_runs_are_cancelled_only_when_somebody_says_yes(flowcron: Installed) -> None:
    flowcron.configure(GATED.format(name="a"))
    flowcron.start_and_wait()
    flowcron.run("run", "a", "-d")
    poll(lambda: states(flowcron) == {"a": ["running"]})

    refused = flowcron.run("cancel", "--all")
    assert (refused.returncode, "--yes" in refused.stderr) == (2, True)
    assert flowcron.run("cancel", "--all", "--yes").returncode == 0

    assert states(flowcron) == {"a": ["cancelled"]}


def test_why_a_run_could_not_start_is_said_also_where_nobody_watches(flowcron: Installed) -> None:
    flowcron.configure('[jobs.a]\ncommand = ["./not-there"]\n')

    done = flowcron.run("run", "a")

    assert (done.returncode, done.stdout) == (127, "")
    assert "a: could not start: ./not-there" in done.stderr


def test_a_job_that_no_scheduler_has_seen_yet_is_known_to_cancel(flowcron: Installed) -> None:
    flowcron.configure(DUMMY)

    done = flowcron.run("cancel", "b")

    assert (done.returncode, "no run of b is going on" in done.stderr) == (6, True)
