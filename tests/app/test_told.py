"""Who is told, from schedules.toml to the outbox: a real scheduler, and a run in the foreground."""

from __future__ import annotations

from fakes import poll
from installed import Installed

CONFIG = """\
[alerts.ops]
command = ["true"]
group = "10m"
[alerts.silent]
command = ["true"]
on = ["recovery"]
[defaults]
alert = ["ops", "silent"]
[jobs.broken]
every = "1s"
command = "exit 3"
alert = { to = "ops", remind = "each" }
[jobs.fine]
command = "true"
[jobs.by-hand]
command = "exit 4"
"""


def alerts_of(flowcron: Installed, job: str) -> list[tuple[str, str, str]]:
    return flowcron.rows(
        "SELECT channel, event, text FROM outbox JOIN jobs ON jobs.id = job_id WHERE name = ?", job
    )


def runs_of(flowcron: Installed, job: str) -> int:
    sql = "SELECT count(*) FROM runs JOIN jobs ON jobs.id = job_id WHERE name = ? AND state = ?"
    return int(flowcron.rows(sql, job, "failed")[0][0])


def test_the_channels_of_the_file_hear_of_jobs_until_they_are_muted(flowcron: Installed) -> None:
    flowcron.configure(CONFIG)
    flowcron.start_and_wait()
    poll(lambda: ("ops", "failure", "exit 3") in alerts_of(flowcron, "broken"))

    assert flowcron.run("alerts", "mute", "broken", "--for", "1h").returncode == 0
    failed = runs_of(flowcron, "broken")
    poll(lambda: runs_of(flowcron, "broken") >= failed + 1)
    told = len(alerts_of(flowcron, "broken"))
    poll(lambda: runs_of(flowcron, "broken") >= failed + 3)

    assert len(alerts_of(flowcron, "broken")) == told
    assert flowcron.run("alerts", "unmute", "broken").returncode == 0
    poll(lambda: len(alerts_of(flowcron, "broken")) > told)


def test_who_acknowledges_is_not_reminded(flowcron: Installed) -> None:
    flowcron.configure(CONFIG)
    flowcron.start_and_wait()
    poll(lambda: len(alerts_of(flowcron, "broken")) > 1)

    assert flowcron.run("alerts", "ack", "broken").returncode == 0
    told, failed = len(alerts_of(flowcron, "broken")), runs_of(flowcron, "broken")
    poll(lambda: runs_of(flowcron, "broken") >= failed + 3)

    assert len(alerts_of(flowcron, "broken")) <= told + 1  # one may have been on its way


def test_a_run_in_the_foreground_tells_the_same_channels(flowcron: Installed) -> None:
    flowcron.configure(CONFIG)

    assert flowcron.run("run", "by-hand").returncode == 4

    assert alerts_of(flowcron, "by-hand") == [("ops", "failure", "exit 4")]
    shown = flowcron.json("show", "by-hand~0")
    assert [(each["channel"], each["state"]) for each in shown["alerts"]] == [("ops", "sent")]


def test_a_reload_changes_who_hears(flowcron: Installed) -> None:
    flowcron.configure(CONFIG)
    flowcron.start_and_wait()
    poll(lambda: alerts_of(flowcron, "broken"))
    flowcron.configure(CONFIG.replace("alerts.ops", "alerts.new").replace('"ops"', '"new"'))

    assert flowcron.run("reload").returncode == 0

    poll(lambda: ("new", "failure", "exit 3") in alerts_of(flowcron, "broken"))


OPERATOR = """\
[alerts.ops]
command = ["true"]
on = ["scheduler"]
group = "10m"
[jobs.a]
command = "true"
"""


def told_of_scheduler(flowcron: Installed) -> list[str]:
    rows = flowcron.rows("SELECT text FROM outbox WHERE event = 'scheduler' ORDER BY id")
    return [text for (text,) in rows]


def test_a_scheduler_that_was_killed_is_told_of_by_the_next(flowcron: Installed) -> None:
    flowcron.configure(OPERATOR)
    first = flowcron.start_and_wait()
    assert told_of_scheduler(flowcron) == []
    flowcron.kill(first)

    second = flowcron.start_and_wait()
    poll(lambda: len(told_of_scheduler(flowcron)) == 1)
    assert f"pid {first.pid}" in told_of_scheduler(flowcron)[0]

    assert flowcron.stop(second) == 0
    flowcron.start_and_wait()
    assert len(told_of_scheduler(flowcron)) == 1


def test_a_configuration_that_cannot_be_loaded_is_told_of(flowcron: Installed) -> None:
    flowcron.configure(OPERATOR)
    flowcron.start_and_wait()

    flowcron.configure(OPERATOR + "[jobs.b]\n")
    assert flowcron.run("reload").returncode == 3

    (text,) = told_of_scheduler(flowcron)
    assert "it stays as it was" in text
