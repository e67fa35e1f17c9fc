"""What schedules.toml says of who is told: channels, mail, monitors, and what is wrong there."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from flowcron.config.aside import load_aside
from flowcron.config.config import Config
from flowcron.config.lint_channels import warnings_about_channels
from flowcron.config.lint_needs import warnings_about_needs
from flowcron.config.load import load
from flowcron.domain.alerting import BY_DEFAULT, Event, Remind, Rule
from flowcron.domain.channel import MONITOR, AlertTo, Channel, Limit, Quiet, Sentry, Smtp
from flowcron.errors import ConfigError, Problem

EVERYTHING = """\
[defaults]
timezone = "Europe/Berlin"
alert = ["ops", "ops"]
[smtp]
host = "smtp.example.com"
username = "flowcron"
password = "file:smtp.pass"
from = "cron@example.com"
tls = "tls"
[sentry]
dsn = "env:SENTRY_DSN"
environment = "production"
[scheduler]
heartbeat = "https://example.com/ping"
[alerts.ops]
email = "ops@example.com"
to = ["slack://a/b/c", "file:hook"]
command = "page --all"
on = ["failure", "slow", "scheduler"]
failures = 2
remind = "12h"
group = "1m"
quiet = "22:00-07:00"
limit = "5/10m"
fallback = "oncall"
output = false
params = false
[alerts.oncall]
command = ["page", "--stdin"]
[alerts.pulse]
healthchecks = "https://hc-ping.com/1"
sentry = true
[jobs.a]
command = "true"
mailto = ["eve@example.com", "root"]
unusual = "2.5x"
[jobs.b]
command = "true"
alert = { to = ["oncall", "pulse"], failures = 4, remind = "each" }
[jobs.c]
command = "true"
alert = []
"""
ROOT = '[alerts.ops]\nemail = "root"\n'


def loaded(folder: Path, text: str) -> Config:
    path = folder / "schedules.toml"
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")
    return load(path)


def problems_of(folder: Path, text: str) -> tuple[Problem, ...]:
    with pytest.raises(ConfigError) as caught:
        loaded(folder, text)
    return caught.value.problems


def marked(problem: Problem) -> str:
    return problem.source[problem.column - 1 : problem.column - 1 + problem.width]


def test_a_channel_is_what_its_table_says(tmp_path: Path) -> None:
    ops, oncall, pulse = loaded(tmp_path, EVERYTHING).channels

    assert ops == Channel(
        "ops",
        Rule(frozenset({Event.FAILURE, Event.SLOW, Event.SCHEDULER}), 2, timedelta(hours=12)),
        email=("ops@example.com",),
        to=("slack://a/b/c", f"file:{tmp_path / 'hook'}"),
        command=("/bin/sh", "-c", "page --all"),
        group=timedelta(minutes=1),
        quiet=Quiet(22 * 60, 7 * 60, "Europe/Berlin"),
        limit=Limit(5, timedelta(minutes=10)),
        fallback="oncall",
        output=False,
        params=False,
    )
    assert oncall == Channel("oncall", Rule(BY_DEFAULT), command=("page", "--stdin"))
    assert pulse == Channel(
        "pulse",
        MONITOR,
        healthchecks="https://hc-ping.com/1",
        sentry=True,
        group=timedelta(0),
    )


def test_what_alerts_go_through_is_said_beside_them(tmp_path: Path) -> None:
    config = loaded(tmp_path, EVERYTHING)

    assert config.smtp == Smtp(
        "smtp.example.com",
        465,
        "cron@example.com",
        "flowcron",
        f"file:{tmp_path / 'smtp.pass'}",
        "tls",
    )
    assert config.sentry == Sentry("env:SENTRY_DSN", "production")
    assert config.heartbeat == "https://example.com/ping"


def test_a_job_says_who_is_told_of_it_or_leaves_it_to_the_defaults(tmp_path: Path) -> None:
    a, b, c = loaded(tmp_path, EVERYTHING).jobs

    assert a.alert == (AlertTo("ops"),)
    assert (a.mailto, a.unusual) == (("eve@example.com", "root"), 2.5)
    assert b.alert == (AlertTo("oncall", 4, Remind.EACH), AlertTo("pulse", 4, Remind.EACH))
    assert c.alert == ()


@pytest.mark.parametrize(("tls", "port"), [("starttls", 587), ("tls", 465), ("none", 25)])
def test_the_port_of_mail_goes_by_how_it_is_encrypted(tmp_path: Path, tls: str, port: int) -> None:
    smtp = loaded(tmp_path, f'[smtp]\nhost = "x"\ntls = "{tls}"').smtp

    assert smtp is not None
    assert smtp.port == port
    assert smtp.sender.startswith("flowcron@")


def test_another_process_tells_the_same_of_alerts(tmp_path: Path) -> None:
    config = loaded(tmp_path, EVERYTHING)

    assert load_aside(config.path) == config


def test_channels_of_included_files_are_known_everywhere(tmp_path: Path) -> None:
    (tmp_path / "schedules.d").mkdir()
    (tmp_path / "schedules.d" / "x.toml").write_text(ROOT)

    config = loaded(tmp_path, '[defaults]\nalert = "ops"\n[jobs.a]\ncommand = "true"')

    assert [channel.name for channel in config.channels] == ["ops"]
    assert config.warnings == ()


def test_a_channel_defined_twice_names_both_places(tmp_path: Path) -> None:
    (tmp_path / "schedules.d").mkdir()
    (tmp_path / "schedules.d" / "x.toml").write_text("\n" + ROOT)

    (problem,) = problems_of(tmp_path, ROOT)

    assert (problem.code, problem.message) == (
        "duplicate-channel",
        'channel "ops" is defined twice',
    )
    assert problem.help == f"the other one is at {tmp_path / 'schedules.toml'}:1"


@pytest.mark.parametrize(
    ("text", "code", "mark", "says"),
    [
        ('[jobs.a]\ncommand = "x"\nalert = "opps"\n', "unknown-channel", '"opps"', 'mean "ops"?'),
        ('[defaults]\nalert = ["x"]\n', "unknown-channel", '"x"', "define it: [alerts.x]"),
        ('[defaults]\nalert = { to = ["x"] }\n', "unknown-channel", '"x"', "no channel"),
        ("[defaults]\nalert = { failures = 2 }\n", "missing", "alert", '"to"'),
        ('[defaults]\nmailto = "a, b"\n', "address", '"a, b"', "several in a list"),
        ("[defaults]\nunusual = 3\n", "factor", "3", 'write "3x"'),
        ('[alerts.x]\nto = "env:A"\nfallback = "x"\n', "cycle", '"x"', "itself"),
        ('[alerts.x]\nto = "env:A"\nfallback = "op"\n', "unknown-channel", '"op"', '"ops"?'),
        (
            '[alerts.x]\nhealthchecks = "https://x"\n[alerts.y]\nto = "env:A"\nfallback = "x"\n',
            "conflict",
            '"x"',
            "a monitor, which takes no messages",
        ),
        ("[alerts.x]\nfailures = 2\n", "missing", "x", 'channel "x" goes nowhere'),
        ("[alerts.x]\nsentry = false\n", "missing", "x", "goes nowhere"),
        ('[alerts.x]\nemial = "root"\n', "unknown-key", "emial", 'mean "email"?'),
        ("[alerts.x]\nsentry = true\n", "missing", "sentry", "no [sentry]"),
        (
            '[alerts.x]\nhealthchecks = "https://x"\nto = "env:A"\n',
            "conflict",
            "to",
            "a channel of its own",
        ),
        (
            '[alerts.x]\nhealthchecks = "https://x"\nquiet = "22:00-07:00"\n',
            "conflict",
            "quiet",
            "pinged by every run",
        ),
        ('[alerts.x]\nto = "ops@x.org"\n', "url", '"ops@x.org"', "an address goes into email"),
        ('[alerts.x]\nemail = "-oQ/tmp"\n', "address", '"-oQ/tmp"', "not an address"),
        ('[alerts.x]\nto = "env:A"\non = ["fail"]\n', "value", '"fail"', '"failure", "retry"'),
        ('[alerts.x]\nto = "env:A"\non = "failure"\n', "type", '"failure"', '["failure"]'),
        ('[alerts.x]\nto = "env:A"\nquiet = "22-7"\n', "hours", '"22-7"', '"22:00-07:00"'),
        ('[alerts.x]\nto = "env:A"\nlimit = "20"\n', "limit", '"20"', '"20/h"'),
        ('[alerts.x]\nto = "env:A"\nlimit = 20\n', "limit", "20", '"20/h"'),
        ('[alerts.x]\nto = "env:A"\nremind = "x"\n', "duration", '"x"', '"never" or "each"'),
        ('[alerts.x]\nto = "env:A"\ngroup = 30\n', "duration", "30", '"30s"'),
        ("[smtp]\nport = 25\n", "missing", "smtp", '"host"'),
        ('[smtp]\nhost = "x:587"\n', "host", '"x:587"', "its port goes into port"),
        ('[smtp]\nhost = "x"\npassword = "y"\n', "secret", '"y"', "reference"),
        ('[smtp]\nhost = "x"\nusername = "y"\n', "conflict", "username", "password"),
        ('[smtp]\nhost = "x"\npassword = "env:A"\n', "conflict", "password", "username"),
        ('[sentry]\nenvironment = "x"\n', "missing", "sentry", '"dsn"'),
        ('[scheduler]\nheartbeat = "x"\n', "url", '"x"', "https://"),
    ],
)
def test_each_mistake_about_alerts_has_its_code_its_caret_and_its_help(
    tmp_path: Path, text: str, code: str, mark: str, says: str
) -> None:
    (problem,) = problems_of(tmp_path, text + ROOT)

    assert problem.code == code
    assert says in f"{problem.message} {problem.help}"
    assert marked(problem) == mark


def test_channels_that_fall_back_to_each_other_are_said_once(tmp_path: Path) -> None:
    names = {"a": "b", "b": "c", "c": "a"}
    text = "".join(f'[alerts.{a}]\nto = "env:A"\nfallback = "{b}"\n' for a, b in names.items())

    (problem,) = problems_of(tmp_path, text)

    assert problem.message == "these channels fall back to each other: a → b → c → a"
    assert problem.line == 3


@pytest.mark.parametrize(
    "text",
    [
        '[alerts.x]\nto = "file:hook"\n',
        '[alerts.x]\nto = ["env:A", "file:hook"]\n',
        '[alerts.x]\nhealthchecks = "file:hook"\n',
        '[smtp]\nhost = "x"\nusername = "y"\npassword = "file:hook"\n',
        '[sentry]\ndsn = "file:hook"\n',
        '[scheduler]\nheartbeat = "file:hook"\n',
    ],
)
def test_a_secret_of_alerts_that_others_can_read_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "hook").write_text("slack://a/b/c")
    (tmp_path / "hook").chmod(0o644)

    (problem,) = problems_of(tmp_path, text)

    assert (problem.code, marked(problem)) == ("secret", '"file:hook"')
    assert problem.help == f"chmod 600 {tmp_path / 'hook'}"


@pytest.mark.parametrize(
    ("text", "code", "mark"),
    [
        ('on = ["recovery"]\nfailures = 2\n', "no-failures", "failures"),
        ('on = ["late"]\nremind = "1h"\n', "no-failures", "remind"),
        ('[alerts.x]\nto = "env:A"\n', "unused-channel", "x"),
        (
            '[smtp]\nhost = "x"\nusername = "y"\npassword = "env:A"\ntls = "none"\n',
            "no-tls",
            '"none"',
        ),
        ('[sentry]\ndsn = "env:A"\n', "unused-sentry", "sentry"),
    ],
)
def test_what_is_probably_not_meant_of_alerts_is_a_warning(
    tmp_path: Path, text: str, code: str, mark: str
) -> None:
    used = '[jobs.a]\ncommand = "true"\nalert = "ops"\n'

    (warning,) = loaded(tmp_path, used + ROOT + text).warnings

    assert (warning.code, marked(warning)) == (code, mark)


def test_a_channel_is_used_that_others_fall_back_to_or_that_hears_of_the_scheduler(
    tmp_path: Path,
) -> None:
    text = (
        '[alerts.a]\nto = "env:A"\non = ["scheduler"]\nfallback = "b"\n[alerts.b]\nto = "env:A"\n'
    )

    assert loaded(tmp_path, text).warnings == ()


def checked(folder: Path, text: str, **environ: str) -> list[tuple[str, str]]:
    """Return code and mark of what `check` asks the machine about channels."""
    problems = warnings_about_channels(loaded(folder, text), environ)
    return [(problem.code, marked(problem)) for problem in problems]


def test_mail_without_a_server_and_without_sendmail_is_warned_of(tmp_path: Path) -> None:
    text = ROOT + '[jobs.a]\ncommand = "true"\nmailto = "eve@example.com"\n'
    program = tmp_path / "bin" / "sendmail"

    without = checked(tmp_path, text) if not Path("/usr/sbin/sendmail").exists() else None
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)

    assert without in (None, [("no-mail", '"root"'), ("no-mail", '"eve@example.com"')])
    assert checked(tmp_path, text, PATH=str(program.parent)) == []
    assert checked(tmp_path, text + '[smtp]\nhost = "x"') == []


def test_a_url_that_apprise_does_not_know_is_warned_of(tmp_path: Path) -> None:
    text = '[alerts.x]\nto = ["slak://a/b/c", "slack://x", "json://localhost", "env:A"]\n'

    assert checked(tmp_path, text) == [
        ("unknown-service", "slak"),
        ("unknown-service", '"slack://x"'),
    ]


def test_a_secret_url_in_a_file_for_everybody_is_warned_of(tmp_path: Path) -> None:
    text = '[alerts.x]\nto = ["json://u:p@host/", "json://host", "env:A"]\n'
    loaded(tmp_path, text)
    (tmp_path / "schedules.toml").chmod(0o644)

    assert checked(tmp_path, text) == [("exposed-url", '"json://u:p@host/"')]


def test_a_program_that_is_not_there_is_warned_of(tmp_path: Path) -> None:
    text = '[alerts.x]\ncommand = ["no-such-program", "-x"]\n[alerts.y]\ncommand = ["sh"]\n'

    assert checked(tmp_path, text, PATH="/bin") == [("no-program", '"no-such-program"')]


def test_a_secret_of_alerts_that_is_not_there_is_warned_of(tmp_path: Path) -> None:
    config = loaded(tmp_path, EVERYTHING)

    warnings = warnings_about_needs(config, {})

    assert [marked(each) for each in warnings] == [
        '"file:hook"',
        '"file:smtp.pass"',
        '"env:SENTRY_DSN"',
    ]
