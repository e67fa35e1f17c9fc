"""flowcron alerts, and what status, list and show say of who was told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from flowcron.alerts.order import Answer
from flowcron.app.trial import Tried
from flowcron.cli.alertstest import write_trial
from flowcron.cli.context import Session
from flowcron.cli.output import Screen
from flowcron.config.load import load
from flowcron.domain.alerting import Event
from flowcron.domain.instant import Instant
from flowcron.history import incidents
from flowcron.history.alerts import open_incidents
from flowcron.history.database import transaction
from flowcron.history.incidents import Failure, NewAlert
from flowcron.history.mutes import mutes_now
from rows import SUNDAY, Story, ago, evening
from terminal import Cli, Stream

CONFIG = """\
[alerts.ops]
email = "ops@example.com"
to = ["slack://a/secret/c", "file:hook"]
quiet = "22:00-07:00"
remind = "12h"
limit = "20/h"
fallback = "oncall"
[alerts.oncall]
command = ["/bin/page", "--token=secret"]
failures = 3
[alerts.pulse]
healthchecks = "https://hc-ping.com/secret"
[jobs.backup]
cron = "0 3 * * *"
command = "true"
alert = { to = ["ops", "oncall"], failures = 2, remind = "each" }
mailto = "eve@example.com"
unusual = "3x"
tags = ["db"]
[jobs.daily-kpis]
cron = "0 7 * * 1-5"
command = "true"
alert = "ops"
[jobs.ping]
every = "1m"
command = "true"
"""
TOLD = ago(days=1, hours=20)


class Told(Story):
    """A history in which alerts happen too."""

    def broken(self, job: str, *, failures: int = 3) -> int:
        """Let the incident of a job open, and return its id."""
        with transaction(self.db):
            for number in range(failures):
                failure = Failure(self.jobs[job].id, self._last_run(job), None)
                at = Instant(ago(days=4) + number)
                found = incidents.count_failure(self.db, failure, at=at)
        return found.id

    def alert(self, channel: str, **what_matters: object) -> int:
        """Put something about the newest run of a job into the outbox; say what became of it."""
        columns = {
            key: what_matters.pop(key)
            for key in ("state", "tries", "error", "sent_at", "via", "target", "due_at")
            if key in what_matters
        }
        job = str(what_matters.get("job", "daily-kpis"))
        with transaction(self.db):
            number = incidents.put(
                self.db,
                NewAlert(
                    channel,
                    Event(str(what_matters.get("event", "failure"))),
                    "exit 2",
                    job_id=self.jobs[job].id,
                    run_id=self._last_run(job),
                    incident_id=what_matters.get("incident"),  # type: ignore[arg-type] # an id
                ),
                at=ago(days=2),
            )
            for column, value in columns.items():
                sql = f"UPDATE outbox SET {column} = ? WHERE id = ?"
                self.db.execute(sql, (value, number))
        return number

    def _last_run(self, job: str) -> int:
        row = self.db.execute(
            "SELECT max(runs.id) FROM runs JOIN jobs ON jobs.id = job_id WHERE name = ?", (job,)
        ).fetchone()
        return int(row[0])


@pytest.fixture
def told(cli: Cli) -> Iterator[Told]:
    """Return the history of an evening in a project with channels."""
    path = cli.folder / "schedules.toml"
    path.touch(mode=0o600)
    path.write_text(CONFIG, encoding="utf-8")
    evening(cli.history).db.close()
    story = Told(cli.history)
    story.scheduler(path, "another digest")  # so that the jobs are those of the file
    yield story
    story.db.close()


def notes(cli: Cli, *arguments: str) -> str:
    said = cli.on_terminal(*arguments)
    assert said.code == 0, said.err
    return said.err


def test_the_group_says_what_can_be_done(cli: Cli) -> None:
    said = cli.piped("alerts", "--help")

    assert said.code == 0
    for word in ("list", "test", "outbox", "retry", "mute", "unmute", "ack"):
        assert f"\n  {word} " in said.out
        one = cli.piped("alerts", word, "--help").out
        assert f"flowcron alerts {word}" in one.partition("Examples")[2]


@pytest.mark.usefixtures("told")
def test_channels_are_listed_without_a_secret(cli: Cli) -> None:
    said = cli.on_terminal("alerts", "list", "--wide")

    assert said.lines == [
        "ops",
        f"  to          ops@example.com, slack://•••, file:{cli.folder / 'hook'}",
        "  told of     failure, recovery, missed",
        "  rules       remind 12h · quiet 22:00-07:00 · limit 20/h · else oncall",
        "  jobs        backup, daily-kpis",
        "",
        "oncall",
        "  to          /bin/page …",
        "  told of     failure, recovery, missed",
        "  rules       after 3 failures",
        "  jobs        backup",
        "",
        "pulse",
        "  to          healthchecks •••",
        "  told of     failure, start, success",
        "  rules       every run",
        "  jobs        none",
        "",
    ]
    assert "secret" not in said.out + cli.piped("alerts", "list", "--json").out


@pytest.mark.usefixtures("told")
def test_programs_get_the_channels(cli: Cli) -> None:
    said = json.loads(cli.piped("alerts", "list", "--json").out)

    assert said["schema"] == "flowcron.alerts/1"
    assert said["alerts"][0] == {
        "channel": "ops",
        "to": ["ops@example.com", "slack://•••", f"file:{cli.folder / 'hook'}"],
        "on": ["failure", "recovery", "missed"],
        "failures": 1,
        "remind": 43_200.0,
        "group": 30.0,
        "quiet": "22:00-07:00",
        "limit": {"messages": 20, "per": 3600.0},
        "fallback": "oncall",
        "output": True,
        "params": True,
        "jobs": ["backup", "daily-kpis"],
    }


def test_the_outbox_says_what_waits_and_why(cli: Cli, told: Told) -> None:
    told.alert("ops", state="sent", sent_at=TOLD, via="slack", tries=1)
    told.alert("ops", target="email", tries=2, error="timed out", due_at=SUNDAY + 240_000_000)
    told.alert("oncall", event="recovery", state="dead", error="exit 1", tries=9)

    assert cli.on_terminal("alerts", "outbox", columns=110).lines == [
        "   ID  EVENT                       CHANNEL    STATE    TRIES  WHEN          LAST ERROR",
        "✗   3  daily-kpis recovered        oncall     dead         9  Fri 19:48:19  exit 1",
        "○   2  daily-kpis failed · exit 2  ops/email  waiting      2  in 4m         timed out",
        "✓   1  daily-kpis failed · exit 2  ops/slack  sent         1  Fri 23:48:19",
    ]


def test_programs_get_the_outbox(cli: Cli, told: Told) -> None:
    told.alert("ops", target="email", tries=2, error="timed out", due_at=SUNDAY)

    said = json.loads(cli.piped("alerts", "outbox", "--json").out)

    assert said["schema"] == "flowcron.outbox/1"
    assert said["outbox"] == [
        {
            "id": 1,
            "event": "failure",
            "job": "daily-kpis",
            "run": said["outbox"][0]["run"],
            "channel": "ops",
            "target": "email",
            "via": None,
            "state": "waiting",
            "text": "exit 2",
            "tries": 2,
            "created_at": "2026-11-20T19:48:19+01:00",
            "next_try": "2026-11-22T19:48:19+01:00",
            "sent_at": None,
            "error": "timed out",
        }
    ]


def test_the_outbox_can_be_narrowed(cli: Cli, told: Told) -> None:
    for state in ("sent", "waiting", "dead"):
        told.alert("ops", state=state, sent_at=TOLD if state == "sent" else None)

    found = [
        cli.piped("alerts", "outbox", "--state", state, "--json", "id").out
        for state in ("sent", "waiting", "dead")
    ]

    assert [json.loads(each)["outbox"] for each in found] == [[{"id": 1}], [{"id": 2}], [{"id": 3}]]
    assert len(json.loads(cli.piped("alerts", "outbox", "-n", "1", "--json").out)["outbox"]) == 1


def test_before_anything_was_to_be_told_the_outbox_is_empty(cli: Cli) -> None:
    said = cli.on_terminal("alerts", "outbox")

    assert (said.code, said.out) == (0, "")
    assert "nothing was to be told" in said.err


def test_what_was_not_sent_is_tried_again(cli: Cli, told: Told) -> None:
    dead = told.alert("ops", state="dead", due_at=ago(days=1))
    told.alert("ops", due_at=SUNDAY + 10**9)
    sent = told.alert("ops", state="sent", sent_at=TOLD)

    assert "1 message is tried when the scheduler starts" in notes(
        cli, "alerts", "retry", str(dead)
    )
    assert "2 messages are" in notes(cli, "alerts", "retry", "--all")
    assert told.db.execute("SELECT id FROM outbox WHERE due_at <= ?", (SUNDAY,)).fetchall()
    assert cli.piped("alerts", "retry", str(sent)).code == 6
    assert cli.piped("alerts", "retry", "99").code == 4
    assert [cli.piped("alerts", "retry", *words).code for words in ((), ("1", "--all"))] == [2, 2]


def test_jobs_and_tags_are_muted_for_a_while(cli: Cli, told: Told) -> None:
    said = notes(cli, "alerts", "mute", "daily-*", "tag:db", "--for", "2h")

    assert "daily-kpis muted until today 21:48" in said
    muted = mutes_now(told.db, now=SUNDAY)
    assert [each.target for each in muted] == ["daily-kpis", "tag:db"]
    assert mutes_now(told.db, now=Instant(SUNDAY + 7_200_000_000)) == []


def test_a_mute_ends_when_somebody_says_so(cli: Cli, told: Told) -> None:
    notes(cli, "alerts", "mute", "ping", "backup")

    assert "ping is heard of again" in notes(cli, "alerts", "unmute", "ping")
    assert "backup is heard of again" in notes(cli, "alerts", "unmute", "--all")
    assert mutes_now(told.db, now=SUNDAY) == []
    assert cli.piped("alerts", "unmute", "ping").code == 6


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("mute", "bakup"), 4, 'did you mean "backup"?'),
        (("mute", "tag:dbs"), 4, 'no job has the tag "dbs"'),
        (("mute", "ping", "--for", "2"), 2, "has no unit"),
        (("mute", "ping", "--for", "2h", "--until", "tomorrow"), 2, "exclude each other"),
        (("mute",), 2, "Missing argument"),
        (("unmute",), 2, "say --all"),
        (("ack", "ping"), 6, "ping is not failing"),
        (("ack", "png"), 4, 'did you mean "ping"?'),
        (("test", "opps"), 4, 'did you mean "ops"?'),
        (("tset", "ops"), 2, "there is no command 'tset'; did you mean 'test'?"),
    ],
)
@pytest.mark.usefixtures("told")
def test_what_cannot_be_meant_of_alerts_is_refused(
    cli: Cli, arguments: tuple[str, ...], code: int, says: str
) -> None:
    said = cli.piped("alerts", *arguments)

    assert said.code == code
    assert says in said.err


def test_who_knows_that_a_job_is_broken_acknowledges_it(cli: Cli, told: Told) -> None:
    told.broken("daily-kpis")

    said = notes(cli, "alerts", "ack", "daily-kpis")

    assert "daily-kpis acknowledged after 3 failures; no reminders" in said
    assert open_incidents(told.db)["daily-kpis"].acknowledged_by is not None


def test_status_says_who_was_told_and_what_waits(cli: Cli, told: Told) -> None:
    incident = told.broken("daily-kpis", failures=20)
    told.alert("ops", state="sent", sent_at=TOLD, via="slack", incident=incident)
    told.alert("ops", target="email", incident=incident, tries=2, error="timed out", due_at=SUNDAY)
    told.alert("oncall", event="late", state="sent", sent_at=SUNDAY - 60_000_000)
    told.alert("oncall", event="slow", state="dead", error="exit 1")
    notes(cli, "alerts", "mute", "tag:db", "--for", "2h")

    record = json.loads(cli.piped("status", "--json").out)

    assert record["failing"][0] | {"since": None} == {
        "job": "daily-kpis",
        "failures": 20,
        "since": None,
        "alerted": ["ops/slack"],
        "acknowledged_by": None,
    }
    assert record["alerts"]["sent_today"] == 1
    assert record["alerts"]["waiting"] == [
        {
            "way": "ops/email",
            "messages": 1,
            "tries": 2,
            "error": "timed out",
            "next_try": "2026-11-22T19:48:19+01:00",
        }
    ]
    assert [each["way"] for each in record["alerts"]["dead"]] == ["oncall"]
    assert [each["target"] for each in record["alerts"]["muted"]] == ["tag:db"]


@pytest.mark.usefixtures("told")
def test_list_marks_what_is_muted(cli: Cli) -> None:
    notes(cli, "alerts", "mute", "tag:db")

    said = cli.on_terminal("list", columns=160)
    listed = json.loads(cli.piped("list", "--json", "job,muted").out)["jobs"]

    assert [line for line in said.lines if "muted" in line] == [
        line for line in said.lines if " backup " in line
    ]
    assert "1 muted" in said.err
    assert [each["job"] for each in listed if each["muted"]] == ["backup"]


def test_a_run_says_who_was_told_of_it(cli: Cli, told: Told) -> None:
    incident = told.broken("daily-kpis")
    told.alert("ops", state="sent", sent_at=TOLD, via="slack", incident=incident)
    told.alert("oncall", event="retry", tries=1, error="exit 1", due_at=SUNDAY + 240_000_000)

    lines = cli.on_terminal("show", "daily-kpis~0", columns=100).lines
    record = json.loads(cli.piped("show", "daily-kpis~0", "--json").out)

    assert "  incident    3 failures in a row since Wed 18 Nov 19:48" in lines
    assert (
        "  alerts      ✓ ops/slack 23:48:19      ○ oncall waiting: exit 1, 2nd try in 4m (retry)"
    ) in lines
    assert [(each["channel"], each["state"]) for each in record["alerts"]] == [
        ("ops", "sent"),
        ("oncall", "waiting"),
    ]


def test_a_job_says_whom_it_alerts_and_that_it_fails(cli: Cli, told: Told) -> None:
    told.broken("daily-kpis")
    notes(cli, "alerts", "mute", "daily-kpis")

    said = cli.on_terminal("show", "daily-kpis", columns=100).out
    backup = cli.on_terminal("show", "backup", columns=140).out
    record = json.loads(cli.piped("show", "backup", "--json").out)

    assert "failing     3 failures in a row since Wed 19:48" in said
    assert "muted       until somebody unmutes it (" in said
    assert "ops (after 2 failures in a row, remind each)" in backup
    assert "what it prints to eve@example.com" in backup
    assert record["alert"][0] == {"to": "ops", "failures": 2, "remind": "each"}
    assert (record["mailto"], record["unusual"]) == (["eve@example.com"], 3.0)


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_alerts_fit_the_screen(cli: Cli, told: Told, columns: int) -> None:
    incident = told.broken("daily-kpis")
    long = "smtp.example.com:587: 535 authentication failed (user flowcron) " * 2
    told.alert("ops", target="email", incident=incident, tries=3, error=long, due_at=SUNDAY)

    for arguments in (
        ("alerts", "list"),
        ("alerts", "outbox"),
        ("status",),
        ("list",),
        ("show", "daily-kpis"),
        ("show", "daily-kpis~0"),
    ):
        said = cli.on_terminal(*arguments, columns=columns)
        assert max(map(len, said.lines)) <= columns, arguments


TRIED = (
    Tried("to/1", Answer(via="slack", took=0.3)),
    Tried("to/2", Answer(error="there is no such host", hint="is the name right?", took=1.0)),
    Tried("email", Answer(via="email", error="535 authentication failed", took=0.2)),
)


def tried(folder: Path, *, terminal: bool) -> tuple[int, str]:
    """Return exit code and output of a trial that went as TRIED says."""
    path = folder / "schedules.toml"
    path.write_text(
        '[smtp]\nhost = "x"\nusername = "u"\npassword = "file:pass"\n'
        '[alerts.ops]\nto = ["slack://a/b/c", "env:NO_SUCH"]\nemail = "root"\n',
        encoding="utf-8",
    )
    (folder / "pass").write_text("hunter2-hunter2")
    (folder / "pass").chmod(0o600)
    config = load(path)
    session, stream = Session(), Stream(terminal=terminal)
    session.screen = Screen(stream, is_terminal=terminal, color=False, ascii=False, room=None)
    code = write_trial(session, TRIED, config.channels[0], config)
    return code, stream.written.decode()


def test_a_trial_says_of_each_way_what_is_wrong_and_how_to_mend_it(tmp_path: Path) -> None:
    code, said = tried(tmp_path, terminal=True)

    assert code == 1
    assert said.splitlines() == [
        "  slack         ✓ arrived in 0.3s",
        "  to/2          ✗ there is no such host (1.0s)",
        "                help: is the name right?",
        "                the URL comes from env:NO_SUCH (not set here)",
        "  email         ✗ 535 authentication failed (0.2s)",
        f"                the password comes from file:{tmp_path}/pass (mode 600, 15 bytes)",
    ]
    assert "hunter2" not in said


def test_a_program_gets_a_trial_as_records(tmp_path: Path) -> None:
    code, said = tried(tmp_path, terminal=False)

    assert code == 1
    assert said.splitlines()[0] == "to/1\tslack\ttrue\t\t\t0.3"
