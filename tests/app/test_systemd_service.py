"""flowcron as a service of a real systemd, on a machine booted for these tests."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from fakes import poll
from nspawn import NEEDS_SYSTEMD, STATE, USER, Machine, machine_in

pytestmark = [*NEEDS_SYSTEMD, pytest.mark.slow]

CONFIG = "/etc/flowcron/schedules.toml"
UNIT = "flowcron.service"
GATED = """
[jobs.gated]
kill_after = "2s"
command = "trap 'exit 9' TERM; while [ ! -e {gate} ]; do sleep 0.05; done; exit 7"
"""

_numbers = count()


class Service:
    """The service on a machine, as somebody types commands there."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.gate = ""

    def install(self, text: str = GATED, *options: str) -> subprocess.CompletedProcess[str]:
        """Install a service of this configuration; the gate of its job is closed."""
        self.gate = f"/run/gate-{next(_numbers)}"
        self.machine.write(CONFIG, text.replace("{gate}", self.gate))
        return self.machine.flowcron("-c", CONFIG, "service", "install", "--yes", *options)

    def open_gate(self) -> None:
        self.machine.out("touch", self.gate or "/run/gate")

    def begin(self) -> int:
        """Start the job and return its pid."""
        done = self.machine.flowcron("-c", CONFIG, "run", "gated", "-d")
        assert done.returncode == 0, done.stderr
        poll(lambda: self.rows("SELECT 1 FROM runs WHERE state = 'running'"))
        return self.job_pid

    @property
    def job_pid(self) -> int:
        ((pid,),) = self.rows(
            "SELECT pid FROM attempts JOIN runs ON runs.id = run_id JOIN jobs ON jobs.id = job_id "
            "WHERE name = 'gated' ORDER BY run_id DESC LIMIT 1"
        )
        return int(pid)

    def ends(self) -> tuple[Any, ...]:
        """Let the job end; return how its run ended."""
        self.open_gate()
        sql = (
            "SELECT state, exit_code FROM runs JOIN jobs ON jobs.id = job_id "
            "WHERE name = 'gated' ORDER BY runs.id DESC LIMIT 1"
        )
        poll(lambda: self.rows(sql)[0][0] != "running")
        (row,) = self.rows(sql)
        return tuple(row)

    @property
    def pid(self) -> int:
        return int(self.machine.property(UNIT, "MainPID"))

    def is_active(self) -> bool:
        return self.machine.property(UNIT, "ActiveState") == "active"

    def systemctl(self, *words: str) -> subprocess.CompletedProcess[str]:
        return self.machine.run("systemctl", *words)

    def drop_in(self, text: str) -> None:
        self.machine.write(f"/etc/systemd/system/{UNIT}.d/test.conf", f"[Service]\n{text}\n")
        self.machine.out("systemctl", "daemon-reload")

    def journal(self, *options: str) -> str:
        return self.machine.out("journalctl", "-u", UNIT, "-o", "cat", "--no-pager", *options)

    def rows(self, sql: str) -> list[Any]:
        return rows_of(self.machine.state, sql)

    def clear(self) -> None:
        """Leave nothing of it behind."""
        self.open_gate()
        script = f"""
            systemctl disable --now --quiet {UNIT} 2>/dev/null
            rm -rf /etc/systemd/system/flowcron.service* /etc/flowcron
            systemctl daemon-reload
            systemctl reset-failed
            rm -rf /var/lib/flowcron/* /var/lib/flowcron/.[a-z]*
            true
        """
        self.machine.out("sh", "-c", script)


def rows_of(state: Path, sql: str) -> list[Any]:
    path = state / "history.db"
    if not path.exists():
        return []
    with closing(sqlite3.connect(path, timeout=20)) as connection:
        try:
            return connection.execute(sql).fetchall()
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):
                return []
            raise


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    with machine_in(tmp_path_factory.mktemp("machine")) as booted:
        yield booted


@pytest.fixture
def service(machine: Machine) -> Iterator[Service]:
    service = Service(machine)
    yield service
    service.clear()


def test_it_is_installed_started_and_ready(service: Service) -> None:
    done = service.install()

    assert done.returncode == 0, done.stderr
    assert "✓ enabled and started · ● active (running) · 1 job" in done.stdout
    assert service.is_active()
    assert service.machine.property(UNIT, "UnitFileState") == "enabled"
    assert service.machine.property(UNIT, "StatusText") == "1 job"
    assert service.machine.state.stat().st_mode & 0o777 == 0o700
    said = service.machine.flowcron("-c", CONFIG, "--format", "table", "status")
    assert said.returncode == 0
    assert f"pid {service.pid} · systemd flowcron.service" in said.stdout


def test_a_start_waits_until_everything_is_recovered(service: Service) -> None:
    service.install()
    service.drop_in("Environment=FLOWCRON_TEST=1 FLOWCRON_DELAY_AT=recovery-read:2")

    began = time.monotonic()
    assert service.systemctl("restart", UNIT).returncode == 0

    assert time.monotonic() - began > 2
    assert service.machine.flowcron("-c", CONFIG, "status").returncode == 0


def test_a_reload_waits_for_the_result_and_fails_on_a_broken_file(service: Service) -> None:
    service.install()
    pid = service.pid

    service.machine.write(CONFIG, GATED + '[jobs.new]\ncommand = "true"\n')
    good = service.systemctl("reload", UNIT)
    jobs = service.machine.property(UNIT, "StatusText")
    service.machine.write(CONFIG, '[jobs.gated]\ncommand = "true"\ntimeout = "10x"\n')
    bad = service.systemctl("reload", UNIT)

    assert (good.returncode, jobs) == (0, "2 jobs")
    assert bad.returncode == 1
    assert service.is_active()
    assert service.pid == pid
    assert '"10x" is not a duration' in service.journal("-p", "err")
    assert service.machine.flowcron("-c", CONFIG, "--db", "/var/lib/flowcron/history.db", "run",
                                    "new").returncode == 0  # fmt: skip


@pytest.mark.parametrize("how", ["kill", "restart", "stop", "install"])
def test_running_jobs_live_on_and_their_true_status_is_recorded(service: Service, how: str) -> None:
    service.install()
    scheduler, job = service.pid, service.begin()

    match how:
        case "kill":
            service.machine.out("kill", "-KILL", str(scheduler))
        case "restart":
            assert service.systemctl("restart", UNIT).returncode == 0
        case "stop":
            assert service.systemctl("stop", UNIT).returncode == 0
            assert not service.is_active()
            assert service.rows("SELECT state FROM runs") == [("running",)]
            assert service.systemctl("start", UNIT).returncode == 0
        case _:
            again = service.machine.flowcron("-c", CONFIG, "service", "install", "--yes")
            assert again.returncode == 0, again.stderr
    poll(lambda: service.is_active() and service.pid not in {0, scheduler})

    assert service.job_pid == job
    assert service.ends() == ("failed", 7)
    assert service.rows("SELECT count(*) FROM attempts") == [(1,)]


@pytest.mark.parametrize("how", ["stopped", "hanging"])
def test_a_scheduler_that_hangs_is_replaced_within_the_watchdogs_time_and_a_second(
    service: Service, how: str
) -> None:
    text = GATED + '[jobs.tick]\nevery = "1s"\ncommand = "true"\n'
    service.install(GATED if how == "stopped" else text)
    job = service.begin()
    hang = "FLOWCRON_TEST=1 FLOWCRON_DELAY_AT=claim-committed:1000"
    service.drop_in("WatchdogSec=2" + (f"\nEnvironment={hang}" if how == "hanging" else ""))
    service.systemctl("restart", UNIT)
    scheduler = service.pid

    if how == "stopped":
        service.machine.out("kill", "-STOP", str(scheduler))
    else:
        poll(lambda: service.rows("SELECT 1 FROM attempts WHERE state = 'queued'"))
    began = time.monotonic()
    poll(lambda: service.pid not in {0, scheduler}, seconds=10)

    assert time.monotonic() - began < 2 + 1
    assert "Watchdog timeout" in service.journal()
    service.drop_in("WatchdogSec=60")
    service.machine.out("systemctl", "kill", "--signal=KILL", "--kill-who=main", UNIT)
    poll(service.is_active)
    assert service.job_pid == job
    assert service.ends() == ("failed", 7)


def test_what_fails_by_itself_is_tried_again_every_five_seconds_until_it_works(
    service: Service,
) -> None:
    service.install()
    broken = '[jobs.gated]\ncommand = "true"\ntimeout = "10x"\n'
    service.machine.write(CONFIG, broken)
    service.systemctl("stop", UNIT)
    service.machine.out("find", STATE, "-mindepth", "1", "-delete")  # no last good configuration

    began = time.monotonic()
    failed = service.systemctl("restart", UNIT)
    after = time.monotonic() - began
    service.machine.write(CONFIG, broken.replace("10x", "10s"))

    assert failed.returncode == 1
    assert 5 < after < 8
    poll(service.is_active, seconds=10)


def test_an_install_that_fails_shows_why_from_the_journal(service: Service) -> None:
    service.machine.write(f"/etc/systemd/system/{UNIT}.d/test.conf", "[Service]\nExecStart=\n"
                          "ExecStart=/bin/sh -c 'echo the disk is on fire; exit 1'\n")  # fmt: skip

    failed = service.install()

    assert failed.returncode == 1
    assert "flowcron.service does not run" in failed.stderr
    assert "the disk is on fire" in failed.stderr
    assert "journalctl -u flowcron" in failed.stderr


def test_a_broken_file_or_a_foreign_unit_is_not_installed(service: Service) -> None:
    broken = service.install('[jobs.gated]\ncommand = "true"\ntimeout = "10x"\n')
    nothing = service.systemctl("cat", UNIT)
    service.machine.write(f"/etc/systemd/system/{UNIT}", "[Service]\nExecStart=/bin/true\n")
    foreign = service.install()
    removed = service.machine.flowcron("service", "uninstall")
    unit = service.machine.out("cat", f"/etc/systemd/system/{UNIT}")

    assert (broken.returncode, nothing.returncode) == (3, 1)
    assert (foreign.returncode, removed.returncode) == (6, 6)
    assert "was not written by flowcron service install" in foreign.stderr
    assert unit == "[Service]\nExecStart=/bin/true"


def test_a_scheduler_that_runs_already_is_named_instead_of_fought(service: Service) -> None:
    service.install()
    service.begin()

    other = service.machine.flowcron("-c", CONFIG, "service", "install", "--yes", "--name", "etl")

    assert other.returncode == 6
    assert f"pid {service.pid}" in other.stderr
    assert service.systemctl("cat", "etl.service").returncode == 1


def test_the_journal_has_levels_and_the_state_of_jobs(service: Service) -> None:
    service.install(GATED + '[jobs.good]\ncommand = "echo fine"\n')
    service.machine.flowcron("-c", CONFIG, "run", "good")
    service.begin()

    assert service.ends() == ("failed", 7)
    poll(lambda: "event=ended job=gated" in service.journal())
    said = service.machine.out("journalctl", "-u", UNIT, "-o", "json", "--no-pager").splitlines()
    levels = {
        entry["MESSAGE"].partition(" run=")[0]: entry["PRIORITY"] for entry in map(json.loads, said)
    }
    assert levels["event=ended job=gated"] == "4"
    assert levels["event=ended job=good"] == "6"
    assert "event=ended job=gated" in service.journal("-p", "warning")
    assert "job=good" not in service.journal("-p", "warning")


def test_the_stop_command_says_who_would_start_it_again(service: Service) -> None:
    service.install()

    refused = service.machine.flowcron("-c", CONFIG, "stop")

    assert refused.returncode == 6
    assert "systemctl stop flowcron" in refused.stderr
    assert service.is_active()


def test_jobs_have_a_home_and_nothing_that_is_the_schedulers(service: Service) -> None:
    service.install('[jobs.env]\ncommand = "env; umask; cat /proc/self/cgroup"\n')

    said = service.machine.flowcron("-c", CONFIG, "run", "env").stdout.splitlines()
    names = {line.partition("=")[0] for line in said}

    assert "HOME=/root" in said
    assert "0022" in said
    assert {"USER", "LOGNAME", "SHELL", "PATH"} <= names
    ours = {"NOTIFY_SOCKET", "WATCHDOG_USEC", "STATE_DIRECTORY", "INVOCATION_ID", "JOURNAL_STREAM"}
    assert not names & ours
    assert any(line.endswith(f"/{UNIT}") for line in said)


def test_credentials_that_the_file_names_are_loaded_and_missing_ones_are_said(
    service: Service,
) -> None:
    text = (
        '[jobs.dump]\ncommand = "printf %s $A >/run/got"\nsecrets = { A = "credential:pg" }\n'
        '[jobs.none]\ncommand = "true"\nsecrets = { B = "credential:no" }\n'
    )
    service.machine.write("/etc/credstore/pg", "hush")

    done = service.install(text)

    assert done.returncode == 0, done.stderr
    assert "LoadCredential=pg      (credential:pg is used by job dump)" in done.stdout
    assert "credential:no (job none) is in no credential store" in done.stderr
    assert "credential:pg (job dump)" not in done.stderr
    assert service.machine.flowcron("-c", CONFIG, "run", "dump").returncode == 0
    assert service.machine.out("cat", "/run/got") == "hush"
    assert service.machine.flowcron("-c", CONFIG, "run", "none").returncode == 125


def test_a_hardened_service_runs_jobs_that_cannot_change_the_system(service: Service) -> None:
    text = (
        '[jobs.try]\ncommand = "grep NoNewPrivs /proc/self/status; umask; touch /var/tmp/fine && '
        'echo fine; touch /etc/no 2>&1"\n'
    )
    installed = service.install(text, "--hardening", "strict")

    said = service.machine.flowcron("-c", CONFIG, "run", "try").stdout

    assert installed.returncode == 0, installed.stderr
    assert said.splitlines()[:3] == ["NoNewPrivs:\t1", "0027", "fine"]
    assert "Read-only file system" in said


def test_a_path_with_every_odd_character_is_found_again(service: Service) -> None:
    folder = "/srv/50% off $HOME 'a' \"b\" \\n é"
    config = f"{folder}/schedules.toml"
    service.machine.write(config, GATED)

    done = service.machine.flowcron("-c", config, "service", "install", "--yes", "--name", "odd-1")
    reload_ = service.systemctl("reload", "odd-1")
    status = service.machine.flowcron("service", "status", "--name", "odd-1", "--json")
    gone = service.machine.flowcron("service", "uninstall", "--name", "odd-1", "--purge", "--yes")

    assert done.returncode == 0, done.stderr
    assert reload_.returncode == 0, reload_.stderr
    assert status.returncode == 0, status.stderr
    known = json.loads(status.stdout)
    assert (known["config"], known["state"]) == (config, "active")
    assert known["history"] == f"{folder}/.flowcron/history.db"
    assert gone.returncode == 0, gone.stderr
    assert service.machine.out("ls", "-A", folder) == "schedules.toml"


def test_it_is_uninstalled_while_a_job_goes_on_and_purged_when_none_does(service: Service) -> None:
    service.install()
    service.begin()

    refused = service.machine.flowcron("service", "uninstall", "--purge", "--yes")
    active = service.is_active()
    unasked = service.machine.flowcron("service", "uninstall", "--purge")
    removed = service.machine.flowcron("service", "uninstall")
    again = service.machine.flowcron("service", "uninstall")

    assert (refused.returncode, active) == (6, True)
    assert "gated" in refused.stderr
    assert unasked.returncode in {2, 6}
    assert removed.returncode == 0, removed.stderr
    assert "gated (run 1) goes on to the end" in removed.stdout
    assert again.returncode == 4
    assert service.systemctl("cat", UNIT).returncode == 1
    assert service.machine.run("kill", "-0", str(service.job_pid)).returncode == 0


def test_a_poweroff_ends_the_jobs_and_records_how_they_ended(tmp_path: Path) -> None:
    with machine_in(tmp_path) as machine:
        service = Service(machine)
        service.install(GATED + '[jobs.deaf]\ncommand = "trap \'\' TERM; sleep 1000"\n'
                        'kill_after = "1s"\n')  # fmt: skip
        service.begin()
        assert machine.flowcron("-c", CONFIG, "run", "deaf", "-d").returncode == 0
        poll(lambda: len(service.rows("SELECT 1 FROM runs WHERE state = 'running'")) == 2)

        machine.power_off()

    assert rows_of(machine.state, "SELECT state, exit_code, signal FROM runs ORDER BY id") == [
        ("cancelled", 9, None),
        ("cancelled", None, 9),
    ]
    ((reason,),) = rows_of(machine.state, "SELECT stop_reason FROM schedulers")
    assert reason == "SIGTERM, the system is going down"


def test_a_user_has_a_service_of_their_own(machine: Machine) -> None:
    _let_in(machine)
    config = f"/home/{USER}/.config/flowcron/schedules.toml"
    machine.out("runuser", "-u", USER, "--", "mkdir", "-p", str(Path(config).parent))
    machine.write(config, GATED.format(gate=f"/home/{USER}/gate"))

    done = machine.flowcron("service", "install", "--user", "--yes", user=USER)
    status = machine.flowcron("service", "status", "--json", user=USER)
    pid = json.loads(status.stdout)["pid"]
    begun = machine.flowcron("run", "gated", "-d", user=USER)
    restarted = machine.run("systemctl", "--user", "restart", UNIT, user=USER)
    refused = machine.flowcron("stop", user=USER)
    machine.out("touch", f"/home/{USER}/gate")
    poll(lambda: "exit 7" in machine.flowcron("history", user=USER).stdout)
    machine.out("loginctl", "disable-linger", USER)
    doubted = machine.flowcron("service", "install", "-n", user=USER)
    machine.out("loginctl", "enable-linger", USER)
    gone = machine.flowcron("service", "uninstall", "--purge", "--yes", user=USER)

    assert done.returncode == 0, done.stderr
    assert "linger" not in done.stderr
    assert json.loads(status.stdout)["history"] == f"/home/{USER}/.local/state/flowcron/history.db"
    assert begun.returncode == restarted.returncode == 0, restarted.stderr
    assert pid > 0
    assert (refused.returncode, "systemctl --user stop" in refused.stderr) == (6, True)
    assert f"loginctl enable-linger {USER}" in doubted.stderr
    assert gone.returncode == 0, gone.stderr
    assert not machine.out("ls", "-A", f"/home/{USER}/.local/state")


def _let_in(machine: Machine) -> None:
    """Make a user with a manager, who may read this checkout and its Python."""
    script = r"""
        useradd --create-home "$1"
        shift
        for place; do
            chmod -R o+rX "$place" 2>/dev/null
            while [ "$place" != / ]; do chmod o+x "$place"; place=$(dirname "$place"); done
        done
        true
    """
    places = (sys.prefix, sys.base_prefix)
    machine.out("sh", "-c", script, "sh", USER, *places)
    machine.out("loginctl", "enable-linger", USER)
    uid = machine.out("id", "-u", USER)
    poll(lambda: machine.run("test", "-S", f"/run/user/{uid}/systemd/private").returncode == 0)
