"""flowcron pause and resume."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fakes import poll

if TYPE_CHECKING:
    from installed import Installed

TICK = '[jobs.tick]\nevery = "1s"\ncommand = "true"\n[jobs.tock]\nevery = "1s"\ncommand = "true"\n'


def last_of(flowcron: Installed, job: str) -> tuple[str, str | None]:
    rows = flowcron.rows(
        "SELECT state, reason FROM runs JOIN jobs ON jobs.id = job_id WHERE name = ? "
        "AND state NOT IN ('queued', 'running') ORDER BY runs.id DESC LIMIT 1",
        job,
    )
    return rows[0] if rows else ("", None)


def test_a_running_scheduler_leaves_out_a_paused_job_until_it_is_resumed(
    flowcron: Installed,
) -> None:
    flowcron.configure(TICK)
    flowcron.start_and_wait()
    poll(lambda: last_of(flowcron, "tick")[0] == "success")

    assert flowcron.run("pause", "tick", "--reason", "maintenance").returncode == 0
    poll(lambda: last_of(flowcron, "tick") == ("skipped", "paused: maintenance"))
    assert last_of(flowcron, "tock")[0] == "success"

    assert flowcron.run("resume", "tick").returncode == 0
    poll(lambda: last_of(flowcron, "tick")[0] == "success")
    assert flowcron.rows("SELECT 1 FROM runs WHERE \"trigger\" = 'catch-up'") == []


def test_a_job_can_be_paused_before_any_scheduler_has_seen_it(flowcron: Installed) -> None:
    flowcron.configure(TICK)
    assert flowcron.run("pause", "--all", "--for", "1h").returncode == 0

    flowcron.start_and_wait()

    poll(lambda: last_of(flowcron, "tick") == ("skipped", "paused"))


def test_what_cannot_be_meant_is_refused(flowcron: Installed) -> None:
    flowcron.configure(TICK)

    codes = [
        flowcron.run(*arguments).returncode
        for arguments in (
            ("pause",),
            ("pause", "tick", "--all"),
            ("pause", "tick", "--for", "2"),
            ("pause", "tick", "--for", "2h", "--until", "tomorrow"),
            ("pause", "tick", "--until", "yesterday"),
            ("pause", "tick", "--for", "0s"),
            ("pause", "tik"),
            ("resume", "tick"),
        )
    ]

    assert codes == [2, 2, 2, 2, 2, 2, 4, 6]


def test_what_is_paused_is_said_wherever_jobs_are_shown(flowcron: Installed) -> None:
    flowcron.configure(TICK)
    flowcron.start_and_wait()
    flowcron.run("pause", "tick", "--reason", "maintenance")

    listed = {job["job"]: job["state"] for job in flowcron.json("list")["jobs"]}
    status = flowcron.json("status")

    assert listed["tick"] == "paused"
    assert status["paused"] == ["tick"]
    assert "paused" in flowcron.run("status", "--format", "table").stdout.lower()
