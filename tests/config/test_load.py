from __future__ import annotations

import grp
import os
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flowcron.config.aside import load_aside
from flowcron.config.config import Config, OnStop
from flowcron.config.load import load
from flowcron.config.sources import digest_at
from flowcron.domain.instant import instant
from flowcron.domain.job import (
    After,
    AfterEnd,
    At,
    Condition,
    Cron,
    Every,
    Expectation,
    Job,
    Keep,
    Missed,
    OnLost,
    OnStart,
    Overlap,
    RetryPolicy,
)
from flowcron.domain.snapshot import definition_of, job_from
from flowcron.errors import ConfigError


@pytest.fixture(autouse=True)
def _in_berlin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")


def load_text(folder: Path, text: str) -> Config:
    path = folder / "schedules.toml"
    path.write_text(text, encoding="utf-8")
    return load(path)


def job_of(folder: Path, lines: str, *, above: str = "") -> Job:
    (job,) = load_text(folder, f'{above}\n[jobs.a]\ncommand = "true"\n{lines}').jobs
    return job


def test_a_job_gets_everything_that_its_table_says(tmp_path: Path) -> None:
    config = load_text(
        tmp_path,
        """\
[jobs.backup]
command = ["pg_dump", "", "shop"]
cron = ["0 3 * * *", "@daily"]
timezone = "America/New_York"
timeout = "2h"
kill_after = "5s"
overlap = "skip"
missed = "all"
missed_within = "1d"
success_codes = [0, 3]
cwd = "/srv"
env = { B = "2", A = "1" }
log_limit = "1MiB"
enabled = false
tags = ["db"]
description = "dumps"
runbook = "call Eve"
shell = ["bash", "-c"]
[jobs.backup.retry]
times = 4
delay = "30s"
backoff = 3
max_delay = "10m"
jitter = 0
on = ["timeout"]
exit_codes = [75]
stop_exit_codes = [2]
""",
    )

    assert config.jobs == (
        Job(
            name="backup",
            command=("pg_dump", "", "shop"),
            when=(Cron("0 3 * * *", "America/New_York"), Cron("@daily", "America/New_York")),
            shell=("bash", "-c"),
            cwd="/srv",
            env=(("B", "2"), ("A", "1")),
            timeout=timedelta(hours=2),
            kill_after=timedelta(seconds=5),
            retry=RetryPolicy(
                times=4,
                delay=timedelta(seconds=30),
                backoff=3.0,
                max_delay=timedelta(minutes=10),
                jitter=0.0,
                on_failure=False,
                on_timeout=True,
                exit_codes=(75,),
                stop_exit_codes=(2,),
            ),
            overlap=Overlap.SKIP,
            missed=Missed.ALL,
            missed_within=timedelta(days=1),
            success_codes=(0, 3),
            log_limit=2**20,
            enabled=False,
            tags=("db",),
            description="dumps",
            runbook="call Eve",
        ),
    )


def test_a_job_that_says_only_its_command_gets_the_documented_defaults(tmp_path: Path) -> None:
    assert job_of(tmp_path, "") == Job(name="a", command="true", cwd=str(tmp_path))


def test_a_job_knows_where_it_stands(tmp_path: Path) -> None:
    job = job_of(tmp_path, "", above="# one\n# two\n")

    assert (job.file, job.line) == (str(tmp_path / "schedules.toml"), 4)


def test_defaults_are_laid_under_every_job(tmp_path: Path) -> None:
    above = '[defaults]\ntimeout = "1h"\nretry = 2\nenv = { A = "1", B = "1" }\n'

    job = job_of(tmp_path, 'timeout = "5s"\nenv = { B = "2" }', above=above)

    assert job.timeout == timedelta(seconds=5)
    assert job.retry == RetryPolicy(times=2)
    assert job.env == (("A", "1"), ("B", "2"))


EXPECT = (
    '{ file = "x-*.gz", fresh = true, min_size = "1MB", '
    'stdout_match = "a", stdout_not_match = "b", min_output = "1KiB" }'
)
NEW_KEYS: dict[str, tuple[str, object]] = {  # how it is written, and what a job gets
    "overlap": ('"replace"', Overlap.REPLACE),
    "pool": ('"db"', "db"),
    "priority": ("-5", -5),
    "expect": (
        EXPECT,
        Expectation("x-*.gz", True, 1_000_000, "a", "b", 1024),
    ),
    "slow_after": ('"1h"', timedelta(hours=1)),
    "late_after": ('"90s"', timedelta(seconds=90)),
    "on_lost": ('"rerun"', OnLost.RERUN),
    "inherit_env": ("false", False),
    "user": (str(os.getuid()), os.getuid()),
    "group": (f'"{grp.getgrgid(os.getgid()).gr_name}"', grp.getgrgid(os.getgid()).gr_name),
    "umask": ('"027"', 0o27),
    "nice": ("19", 19),
    "stdin": ('"Hi\\n"', "Hi\n"),
    "memory": ('"1GiB"', 2**30),
    "cpu_time": ('"10m"', timedelta(minutes=10)),
    "open_files": ("64", 64),
    "keep": ("{ runs = 500, days = 90 }", Keep(timedelta(days=90), 500)),
}


@pytest.mark.parametrize("key", sorted(NEW_KEYS))
@pytest.mark.parametrize("where", ["job", "defaults"])
def test_what_a_key_says_arrives_in_the_job_also_from_the_defaults_and_another_process(
    tmp_path: Path, key: str, where: str
) -> None:
    written, expected = NEW_KEYS[key]
    line = f"{key} = {written}"
    above = "[pools]\ndb = 1\n[defaults]\n" + (line if where == "defaults" else "")

    job = job_of(tmp_path, line if where == "job" else "", above=above)

    assert getattr(job, key) == expected
    assert replace(job, **{key: getattr(Job("a", "true"), key)}) == Job(
        "a", "true", cwd=str(tmp_path)
    )
    assert job_from("a", definition_of(job)) == job


def test_a_job_may_run_so_often_at_once_and_after_others(tmp_path: Path) -> None:
    text = """\
[pools]
db = 2
net = 5
[scheduler]
max_running = 8
[history]
keep = "30d"
[jobs.extract]
command = "true"
overlap = "allow"
max_running = 3
[jobs.load]
command = "true"
after = ["extract", "extract"]
when = "always"
[jobs.report]
command = "true"
after = "load"
"""

    config = load_text(tmp_path, text)

    extract, loading, report = config.jobs
    assert (extract.overlap, extract.max_running, extract.after) == (Overlap.ALLOW, 3, None)
    assert loading.after == After(("extract",), Condition.ALWAYS)
    assert report.after == After(("load",), Condition.SUCCESS)
    assert config.pools == (("db", 2), ("net", 5))
    assert (config.max_running, config.keep) == (8, Keep(age=timedelta(days=30)))
    assert load_aside(tmp_path / "schedules.toml") == config


def test_files_of_variables_and_of_secrets_are_found_beside_the_configuration(
    tmp_path: Path,
) -> None:
    (tmp_path / "db.pass").touch(mode=0o600)
    (tmp_path / "x.env").touch()
    above = '[defaults]\nsecrets = { A = "file:db.pass", B = "env:B" }\nenv_file = "x.env"\n'

    job = job_of(tmp_path, 'secrets = { B = "credential:b" }\ncwd = "/"', above=above)

    assert job.secrets == (("A", f"file:{tmp_path / 'db.pass'}"), ("B", "credential:b"))
    assert job.env_file == str(tmp_path / "x.env")


@pytest.mark.parametrize(
    ("above", "line", "zone"),
    [
        ("", "", "Europe/Berlin"),
        ('[defaults]\ntimezone = "Asia/Tokyo"', "", "Asia/Tokyo"),
        ('[defaults]\ntimezone = "Asia/Tokyo"', 'timezone = "UTC"', "UTC"),
    ],
)
def test_the_zone_is_the_jobs_or_the_default_or_the_machines(
    tmp_path: Path, above: str, line: str, zone: str
) -> None:
    job = job_of(tmp_path, f'cron = "@daily"\n{line}', above=above)

    assert job.when == (Cron("@daily", zone),)


def test_every_is_real_time_also_when_it_is_written_as_cron(tmp_path: Path) -> None:
    assert job_of(tmp_path, 'every = "5m"').when == (Every(timedelta(minutes=5)),)
    assert job_of(tmp_path, 'cron = "@every 5m"').when == (Every(timedelta(minutes=5)),)


@pytest.mark.parametrize(
    ("cwd", "expected"), [("etl", "{folder}/etl"), ("/srv", "/srv"), ("~/x", "{home}/x")]
)
def test_the_working_folder_is_relative_to_the_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cwd: str, expected: str
) -> None:
    monkeypatch.setenv("HOME", "/home/eve")

    job = job_of(tmp_path, f'cwd = "{cwd}"')

    assert job.cwd == expected.format(folder=tmp_path, home="/home/eve")


def test_a_relative_path_of_a_file_gives_absolute_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("s.toml").write_text('[jobs.a]\ncommand = "x"\n')

    config = load(Path("s.toml"))

    assert config.path == tmp_path / "s.toml"
    assert config.jobs[0].cwd == str(tmp_path)


def test_the_scheduler_waits_for_its_jobs_and_watches_its_file_unless_told_otherwise(
    tmp_path: Path,
) -> None:
    plain = load_text(tmp_path, "")
    told = load_text(
        tmp_path,
        '[scheduler]\non_stop = "leave"\nshutdown_grace = "5s"\nreload = "manual"\n'
        '[history]\npath = "h.db"',
    )

    assert (plain.on_stop, plain.shutdown_grace, plain.auto_reload, plain.history_path) == (
        OnStop.WAIT,
        timedelta(seconds=30),
        True,
        None,
    )
    assert (told.on_stop, told.shutdown_grace, told.auto_reload, told.history_path) == (
        OnStop.LEAVE,
        timedelta(seconds=5),
        False,
        tmp_path / "h.db",
    )


def test_included_files_and_drop_ins_add_their_jobs_in_the_order_of_their_paths(
    tmp_path: Path,
) -> None:
    for name in ("schedules.d/2.toml", "schedules.d/1.toml", "team/x.toml", "schedules.d/no.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        stem = "".join(filter(str.isalnum, name))
        (tmp_path / name).write_text(f'[jobs.j{stem}]\ncommand = "x"\ncwd = "etl"\n')

    config = load_text(
        tmp_path,
        'include = ["team/*.toml", "schedules.d/1.toml", "none/*.toml"]\n'
        '[defaults]\nretry = 1\n[jobs.main]\ncommand = "x"',
    )

    assert [job.name for job in config.jobs] == [
        "main",
        "jschedulesd1toml",
        "jschedulesd2toml",
        "jteamxtoml",
    ]
    assert {job.retry.times for job in config.jobs} == {1}
    assert {job.cwd for job in config.jobs[1:]} == {str(tmp_path / "etl")}
    assert config.files[0] == config.path
    assert len(config.files) == 4


def test_a_folder_with_brackets_in_its_name_has_drop_ins_like_any_other(tmp_path: Path) -> None:
    folder = tmp_path / "a[b]*"
    (folder / "schedules.d").mkdir(parents=True)
    (folder / "schedules.d" / "x.toml").write_text('[jobs.x]\ncommand = "x"')

    assert [job.name for job in load_text(folder, "").jobs] == ["x"]


def test_the_digest_changes_with_every_file(tmp_path: Path) -> None:
    plain = load_text(tmp_path, "").digest
    again = load_text(tmp_path, "").digest
    commented = load_text(tmp_path, "# hello").digest
    (tmp_path / "schedules.d").mkdir()
    (tmp_path / "schedules.d" / "x.toml").write_text('[jobs.x]\ncommand = "x"')

    assert plain == again
    assert digest_at(tmp_path / "schedules.toml") == load_text(tmp_path, "# hello").digest
    assert len({plain, commented, load_text(tmp_path, "# hello").digest}) == 3
    assert len(plain) == 64


def test_a_byte_order_mark_and_windows_line_ends_are_fine(tmp_path: Path) -> None:
    path = tmp_path / "schedules.toml"
    path.write_bytes('\ufeff[jobs.a]\r\ncommand = "x"\r\n'.encode())

    assert [job.line for job in load(path).jobs] == [1]


@pytest.mark.parametrize(
    ("line", "code", "marked"),
    [
        ('cron = "5,*/7 * * * *"', "uneven-step", "*/7"),
        ('cron = ["@daily", "0 */5 * * *"]', "uneven-step", "*/5"),
        ('every = "5m"\ntimeout = "6m"', "long-timeout", '"6m"'),
        ('cron = "5,15 * * * *"\ntimeout = "11m"', "long-timeout", '"11m"'),
        ('cron = "0 3,5 * * *"\ntimeout = "3h"', "long-timeout", '"3h"'),
    ],
)
def test_what_is_probably_not_meant_is_a_warning(
    tmp_path: Path, line: str, code: str, marked: str
) -> None:
    config = load_text(tmp_path, f'[jobs.a]\ncommand = "x"\n{line}')

    (warning,) = config.warnings
    begin = warning.column - 1
    assert warning.warning
    assert warning.code == code
    assert warning.source[begin : begin + warning.width] == marked


@pytest.mark.parametrize(
    "line",
    [
        'cron = "*/15 */6 * * *"',
        'cron = "0-59/7 * * * *"',
        'cron = "*/20 * * * *"\ntimeout = "20m"',
        'cron = "0 23,1 * * *"\ntimeout = "2h"',
        'cron = "50,5 9 * * *"\ntimeout = "45m"',
        'timeout = "9w"',
    ],
)
def test_what_is_fine_is_no_warning(tmp_path: Path, line: str) -> None:
    assert load_text(tmp_path, f'[jobs.a]\ncommand = "x"\n{line}').warnings == ()


def test_a_file_that_cannot_be_read_is_a_configuration_error(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing.toml", tmp_path / "x" / "y.toml", Path("/dev/full")):
        with pytest.raises(ConfigError) as caught:
            load(path)

        assert caught.value.exit_code == 3
        assert str(path) in caught.value.problems[0].message + caught.value.problems[0].file


def test_ten_thousand_jobs_load_in_seconds(tmp_path: Path) -> None:
    jobs = "\n".join(
        f'[jobs.job-{n}]\ncron = "{n % 60} {n % 24} * * *"\ncommand = "echo {n}"\ntimeout = "5m"'
        for n in range(10_000)
    )
    start = time.monotonic()

    config = load_text(tmp_path, jobs)

    assert len(config.jobs) == 10_000
    assert config.jobs[-1].line == 4 * 9_999 + 1
    assert time.monotonic() - start < 10  # 0.6 s where nothing else runs


def test_an_h_becomes_the_same_minute_each_time_and_another_with_another_seed(
    tmp_path: Path,
) -> None:
    def text_of(seed: str) -> str:
        path = tmp_path / "schedules.toml"
        path.write_text(
            f'[scheduler]\nseed = "{seed}"\n[jobs.a]\ncron = "H H * * *"\ncommand = "true"\n'
        )
        (when,) = load(path).jobs[0].when
        assert isinstance(when, Cron)
        return when.text

    assert text_of("one") == text_of("one")
    assert text_of("one") != text_of("another")
    assert "H" not in text_of("one")


def test_a_configuration_loaded_in_another_process_is_the_same(tmp_path: Path) -> None:
    path = tmp_path / "schedules.toml"
    path.write_text(
        '[scheduler]\non_stop = "leave"\nshutdown_grace = "5s"\n[history]\npath = "h/h.db"\n'
        '[jobs.a]\ncron = "*/7 * * * *"\ncommand = "true"\n[jobs.b]\ncommand = ["x", "y"]\n'
    )

    aside = load_aside(path)

    assert aside == load(path)
    assert [job.line for job in aside.jobs] == [job.line for job in load(path).jobs]


def test_mistakes_found_in_another_process_are_all_told(tmp_path: Path) -> None:
    path = tmp_path / "schedules.toml"
    path.write_text('[jobs.a]\ncommand = 5\ntimeout = "10x"\n')

    with pytest.raises(ConfigError) as here:
        load(path)
    with pytest.raises(ConfigError) as there:
        load_aside(path)

    assert there.value.problems == here.value.problems


@pytest.mark.parametrize(
    ("lines", "when"),
    [
        ('every = "5m"\nevery_from = "end"', AfterEnd(timedelta(minutes=5))),
        (
            'every = "5m"\nstart = 2027-03-01T12:00:00+01:00',
            Every(timedelta(minutes=5), instant(datetime(2027, 3, 1, 11, tzinfo=UTC))),
        ),
        (
            "at = [2027-07-01T12:00:00, 2027-07-01T08:00:00Z]",
            At(
                (
                    instant(datetime(2027, 7, 1, 8, tzinfo=UTC)),
                    instant(datetime(2027, 7, 1, 10, tzinfo=UTC)),
                )
            ),
        ),
        ("at = 2027-07-01T08:00:00Z", At((instant(datetime(2027, 7, 1, 8, tzinfo=UTC)),))),
        ('on = "start"', OnStart()),
        ('cron = "@reboot"', OnStart()),
    ],
)
def test_each_kind_of_trigger_is_understood_in_the_zone_of_the_job(
    tmp_path: Path, lines: str, when: object
) -> None:
    config = load_text(tmp_path, f'[jobs.a]\ncommand = "true"\n{lines}\n')

    assert config.jobs[0].when == (when,)


@pytest.mark.parametrize(
    "lines",
    [
        "start = 2027-03-01T12:00:00Z",
        'every_from = "end"',
        'cron = "0 3 * * *"\nevery_from = "end"',
        'every = "5m"\nevery_from = "end"\nstart = 2027-03-01T12:00:00Z',
        'every = "5m"\nat = 2027-03-01T12:00:00Z',
    ],
)
def test_triggers_that_mean_nothing_together_are_refused(tmp_path: Path, lines: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load_text(tmp_path, f'[jobs.a]\ncommand = "true"\n{lines}\n')

    assert {problem.code for problem in refused.value.problems} == {"conflict"}


def test_a_jitter_of_half_the_interval_is_a_warning(tmp_path: Path) -> None:
    job = '[jobs.a]\ncommand = "true"\nevery = "10m"\njitter = "{}"\n'

    assert [w.code for w in load_text(tmp_path, job.format("5m")).warnings] == ["wide-jitter"]
    assert load_text(tmp_path, job.format("4m")).warnings == ()
