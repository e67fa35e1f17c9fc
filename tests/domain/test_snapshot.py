from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from flowcron.domain.job import (
    After,
    Condition,
    Cron,
    Every,
    Expectation,
    Job,
    Keep,
    OnLost,
    Overlap,
    RetryPolicy,
)
from flowcron.domain.snapshot import definition_of, job_from

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=10)
LENGTHS = st.timedeltas(timedelta(), timedelta(days=36_525))
CODES = st.lists(st.integers(0, 255), max_size=3).map(tuple)
WHENS = (
    st.builds(Cron, TEXTS, TEXTS)
    | st.builds(Every, LENGTHS)
    | st.builds(After, st.lists(TEXTS, max_size=3).map(tuple), st.sampled_from(Condition))
)
SOME = st.none() | st.integers(0, 2**63)
PAIRS = st.lists(st.tuples(TEXTS, TEXTS), max_size=3).map(tuple)
EXPECTATIONS = st.builds(
    Expectation, st.none() | TEXTS, st.booleans(), SOME, st.none() | TEXTS, st.none() | TEXTS, SOME
)
RETRIES = st.builds(
    RetryPolicy,
    times=st.integers(0, 100),
    delay=LENGTHS,
    backoff=st.floats(1, 100),
    max_delay=LENGTHS,
    jitter=st.floats(0, 1),
    on_failure=st.booleans(),
    on_timeout=st.booleans(),
    exit_codes=st.none() | CODES,
    stop_exit_codes=CODES,
)
JOBS = st.builds(
    Job,
    name=TEXTS,
    command=TEXTS | st.lists(TEXTS, max_size=3).map(tuple),
    when=st.lists(WHENS, max_size=3).map(tuple),
    shell=st.lists(TEXTS, max_size=3).map(tuple),
    cwd=st.none() | TEXTS,
    env=PAIRS,
    overlap=st.sampled_from(Overlap),
    max_running=SOME,
    pool=st.none() | TEXTS,
    priority=st.integers(-(10**6), 10**6),
    expect=st.none() | EXPECTATIONS,
    slow_after=st.none() | LENGTHS,
    late_after=st.none() | LENGTHS,
    on_lost=st.sampled_from(OnLost),
    env_file=st.none() | TEXTS,
    inherit_env=st.booleans(),
    secrets=PAIRS,
    user=SOME | TEXTS,
    group=SOME | TEXTS,
    umask=st.none() | st.integers(0, 0o777),
    nice=st.none() | st.integers(-20, 19),
    stdin=st.none() | TEXTS,
    memory=SOME,
    cpu_time=st.none() | LENGTHS,
    open_files=SOME,
    keep=st.none() | st.builds(Keep, st.none() | LENGTHS, SOME),
    timeout=st.none() | LENGTHS,
    kill_after=LENGTHS,
    retry=RETRIES,
    missed_within=st.none() | LENGTHS,
    success_codes=CODES,
    log_limit=st.integers(0, 2**63),
    enabled=st.booleans(),
    tags=st.lists(TEXTS, max_size=3).map(tuple),
    description=TEXTS,
    runbook=TEXTS,
)


@given(job=JOBS)
@settings(deadline=None)
def test_a_job_comes_back_from_its_snapshot_as_it_was(job: Job) -> None:
    body = definition_of(job)

    assert job_from(job.name, body) == job
    assert definition_of(job_from(job.name, body)) == body


def test_what_is_the_default_is_not_written() -> None:
    job = Job(name="a", command="true", when=(Cron("@daily", "UTC"),))

    assert definition_of(job) == '{"command":"true","when":[{"cron":"@daily","timezone":"UTC"}]}'


def test_the_place_of_a_job_is_no_part_of_its_definition() -> None:
    job = Job(name="a", command="true", file="s.toml", line=3)
    moved = replace(job, file="t.toml", line=99)

    assert definition_of(moved) == definition_of(job)


def test_what_a_newer_version_wrote_is_left_alone() -> None:
    body = definition_of(Job(name="a", command="x", retry=RetryPolicy(times=2)))
    newer = json.loads(body) | {"sail": "db", "when": [{"tide": 5}, {"every": 60_000_000}]}
    newer["retry"]["moon"] = "full"

    job = job_from("a", json.dumps(newer))

    assert job == Job(
        name="a",
        command="x",
        retry=RetryPolicy(times=2),
        when=(Every(timedelta(minutes=1)),),
    )


def test_ten_thousand_snapshots_are_read_in_a_moment() -> None:
    bodies = [definition_of(Job(name="a", command=f"echo {n}")) for n in range(10_000)]
    start = time.monotonic()

    jobs = [job_from("a", body) for body in bodies]

    assert jobs[7].command == "echo 7"
    assert time.monotonic() - start < 5  # 0.15 s where nothing else runs
