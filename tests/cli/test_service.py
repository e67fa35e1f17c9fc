"""flowcron service, as far as it goes without systemd; tests/app has those with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from terminal import Cli

JOBS = '[jobs.a]\ncommand = "true"\nsecrets = { A = "credential:pg" }\n'
HAS_SYSTEMD = Path("/run/systemd/system").is_dir()


@pytest.fixture
def cli_with_jobs(cli: Cli) -> Cli:
    cli.environment.delenv("FLOWCRON_DB")
    (cli.folder / "schedules.toml").write_text(JOBS)
    return cli


def test_show_prints_the_unit_and_nothing_else(cli_with_jobs: Cli) -> None:
    said = cli_with_jobs.piped("service", "show", "--system", "--name", "etl")
    strict = cli_with_jobs.piped("service", "show", "--system", "--hardening", "strict")

    config = cli_with_jobs.folder / "schedules.toml"
    assert (said.code, said.err) == (0, "")
    assert f" -c {config} start --on-stop leave" in said.out
    assert f"\nHistory={config.parent}/.flowcron/history.db" in said.out
    assert "\nLoadCredential=pg\n" in said.out
    assert "WantedBy=multi-user.target" in said.out
    assert "NoNewPrivileges" in strict.out
    assert "WantedBy=default.target" in cli_with_jobs.piped("service", "show", "--user").out


def test_a_named_history_is_passed_on(cli_with_jobs: Cli) -> None:
    said = cli_with_jobs.piped("--db", "/data/h.db", "service", "show", "--system")

    assert " --db /data/h.db start" in said.out


def test_a_dry_run_says_everything_and_writes_nothing(cli_with_jobs: Cli) -> None:
    cli_with_jobs.environment.setenv("XDG_CONFIG_HOME", str(cli_with_jobs.folder / "conf"))

    said = cli_with_jobs.piped("service", "install", "--user", "-n")

    unit = cli_with_jobs.folder / "conf/systemd/user/flowcron.service"
    assert said.code == 0
    assert f"  unit        {unit}" in said.out
    assert "1 job, no errors" in said.out
    assert "LoadCredential=pg      (credential:pg is used by job a)" in said.out
    assert "[Service]" in said.out
    assert "credential:pg (job a) is in no credential store" in said.err
    assert not unit.parent.exists()


def test_a_broken_file_is_refused_before_anything_else(cli_with_jobs: Cli) -> None:
    (cli_with_jobs.folder / "schedules.toml").write_text(JOBS + 'timeout = "10x"\n')

    for action in (("install", "-n"), ("install", "--yes"), ("show",)):
        said = cli_with_jobs.piped("service", *action)
        assert said.code == 3
        assert '"10x" is not a duration' in said.err


@pytest.mark.skipif(HAS_SYSTEMD, reason="this machine is run by systemd")
@pytest.mark.parametrize("action", [("install", "--yes"), ("uninstall",), ("status",)])
def test_without_systemd_there_is_one_clear_error(
    cli_with_jobs: Cli, action: tuple[str, ...]
) -> None:
    said = cli_with_jobs.piped("service", *action, "--user")

    assert said.code == 1
    assert said.out == ""
    assert "this machine is not run by systemd" in said.err
    assert "flowcron start" in said.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "Missing command"),
        (("instal",), "there is no command 'instal'; did you mean 'install'?"),
        (("install", "--hardening", "strict", "--user"), "needs --system"),
        (("install", "--name", "a/b"), "letters, digits"),
        (("install", "--name", "-n"), "letters, digits"),
    ],
)
def test_a_mistake_on_the_command_line_exits_with_2(
    cli_with_jobs: Cli, arguments: tuple[str, ...], message: str
) -> None:
    said = cli_with_jobs.piped("service", *arguments)

    assert said.code == 2
    assert message in said.err


def test_cron_that_still_runs_the_same_command_is_named(cli_with_jobs: Cli) -> None:
    fake = cli_with_jobs.folder / "bin" / "crontab"
    fake.parent.mkdir()
    fake.write_text("#!/bin/sh\necho '# 0 3 * * * /bin/off'; echo '0 3 * * * /bin/dump -a'\n")
    fake.chmod(0o755)
    cli_with_jobs.environment.setenv("PATH", str(fake.parent), prepend=":")
    (cli_with_jobs.folder / "schedules.toml").write_text(
        '[jobs.dump]\ncommand = "/bin/dump -a"\n[jobs.off]\ncommand = "/bin/off"\n'
    )

    said = cli_with_jobs.piped("service", "install", "--user", "-n")

    assert "cron still runs what is in schedules.toml too: dump → crontab -e" in said.err
