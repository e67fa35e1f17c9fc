"""Jobs of every kind at once, as their own witnesses of what flowcron promises whatever dies."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from installed import Installed

SAY = "echo $FLOWCRON_JOB $FLOWCRON_RUN_ID $FLOWCRON_ATTEMPT >> witness"
WORK = "mkdir occupied || touch overlapped; sleep 0.1; rmdir occupied"

JOBS = """
[pools]
one = 1

[jobs.plain]
at      = {now}
command = "{SAY}; exit 7"

[jobs.flaky]
at      = {now}
command = "{SAY}; test $FLOWCRON_ATTEMPT = 2"
retry   = {{ times = 1, delay = "200ms", jitter = 0 }}

[jobs.first]
at      = {now}
command = "{SAY}; {first}"

[jobs.second]
after   = "first"
command = "{SAY}"

[jobs.third]
after   = "second"
command = "{SAY}"

[jobs.judged]
at      = {now}
command = "{SAY}; echo made"
expect  = {{ stdout_match = "made" }}

[jobs.replaced]
at      = [{now}, {soon}]
overlap = "replace"
command = "{SAY}; test $FLOWCRON_SCHEDULED_AT != {now} || exec sleep 60"
"""
POOLED = """
[jobs.pooled{n}]
at      = {now}
pool    = "one"
command = "{SAY}; {WORK}"
"""
RUNS = {"plain", "flaky", "first", "second", "third", "judged", "pooled1", "pooled2", "pooled3"}


def set_scene(flowcron: Installed, *, first: str = "true") -> None:
    """Write jobs that are due at once; `first` is what the first of the chain does."""
    now = datetime.now(UTC).replace(microsecond=0)
    words = {
        "SAY": SAY,
        "WORK": WORK,
        "first": first,
        "now": now.isoformat(),
        "soon": (now + timedelta(seconds=3)).isoformat(),
    }
    pooled = "".join(POOLED.format(n=n, **words) for n in (1, 2, 3))
    flowcron.configure(JOBS.format(**words) + pooled)


def is_over(flowcron: Installed) -> bool:
    """Return whether each job has had its runs."""
    ((over, still),) = flowcron.rows(
        "SELECT count(*), sum(state IN ('queued', 'running', 'retrying')) FROM runs"
    ) or [(0, 0)]
    return (over, still) == (len(RUNS) + 2, 0)


def check_all_went_well(flowcron: Installed) -> None:
    """See that everything ran as if nothing had died: one run, one start an attempt, the truth."""
    runs = flowcron.rows(
        "SELECT name, runs.id, state, exit_code, attempts FROM runs "
        "JOIN jobs ON jobs.id = job_id ORDER BY runs.id"
    )
    found = {(job, state, code, attempts) for job, _, state, code, attempts in runs}
    # On a machine so slow that its second time had come before its first was seen it is missed.
    found -= {("replaced", "cancelled", None, 1), ("replaced", "missed", None, 0)}
    assert found == {
        ("plain", "failed", 7, 1),
        ("flaky", "success", 0, 2),
        ("replaced", "success", 0, 1),
        *((job, "success", 0, 1) for job in RUNS - {"plain", "flaky"}),
    }
    check_nothing_is_doubled(flowcron)
    assert starts(flowcron).keys() == set(_attempts(flowcron))


def check_nothing_is_doubled(flowcron: Installed) -> None:
    """See that no run is there twice, no attempt started twice and no pool was too full."""
    jobs = Counter(
        job for (job,) in flowcron.rows("SELECT name FROM runs JOIN jobs ON jobs.id = job_id")
    )
    assert jobs == Counter(RUNS) + Counter({"replaced": 2})
    assert set(starts(flowcron).values()) <= {1}
    assert starts(flowcron).keys() <= set(_attempts(flowcron))
    assert not (flowcron.folder / "overlapped").exists()


def starts(flowcron: Installed) -> Counter[tuple[str, int, int]]:
    """Return how often each (job, run, attempt) began, as the jobs saw it themselves."""
    witness = flowcron.folder / "witness"
    lines = witness.read_text().splitlines() if witness.exists() else []
    return Counter((job, int(run), int(attempt)) for job, run, attempt in map(str.split, lines))


def _attempts(flowcron: Installed) -> list[tuple[str, int, int]]:
    return flowcron.rows(
        "SELECT name, runs.id, number FROM attempts JOIN runs ON runs.id = run_id "
        "JOIN jobs ON jobs.id = job_id"
    )
