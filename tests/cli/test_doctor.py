"""flowcron doctor."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from flowcron.app.doctor.examine import CHECKS
from flowcron.cli.doctor import FIELDS
from installed import Installed
from looks import WELL
from terminal import Cli

SECRET = """
[defaults]
timeout = "1h"
[jobs.backup]
every = "1h"
command = "true"
secrets = { PASSWORD = "file:pw" }
"""
OF_THE_MACHINE = {"service", "clock", "disk"}  # what no test can promise of where it runs


@pytest.fixture
def project(cli: Cli) -> Cli:
    """Return the command line in a project where only the scheduler does not run."""
    (cli.folder / "schedules.toml").write_text(WELL, encoding="utf-8")
    cli.environment.delenv("FLOWCRON_DB")
    cli.environment.setenv("LANG", "C.UTF-8")
    return cli


def exposed_secret(cli: Cli) -> Path:
    (cli.folder / "schedules.toml").write_text(SECRET, encoding="utf-8")
    secret = cli.folder / "pw"
    secret.write_text("hunter2")
    secret.chmod(0o644)
    return secret


def findings(cli: Cli, *arguments: str) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for each in json.loads(cli.piped("doctor", *arguments, "--json").out)["findings"]:
        found.setdefault(each["check"], []).append(each)
    return found


def test_beside_a_scheduler_everything_is_well(flowcron: Installed) -> None:
    flowcron.configure(WELL)
    (flowcron.folder / "schedules.toml").chmod(0o644)
    flowcron.start_and_wait()
    scripts = Path(sys.executable).parent

    done = flowcron.run(
        "doctor",
        "--json",
        PATH=f"{scripts}:{os.defpath}",
        LANG="C.UTF-8",
        PYTHONDONTWRITEBYTECODE="",
    )

    said = json.loads(done.stdout)
    bad = [f for f in said["findings"] if f["level"] != "ok" and f["check"] not in OF_THE_MACHINE]
    assert bad == []
    assert {finding["check"] for finding in said["findings"]} == set(CHECKS)


def test_problems_are_last_with_the_next_step_and_the_exit_code_is_1(project: Cli) -> None:
    said = project.on_terminal("doctor", columns=100)

    assert said.code == 1
    assert said.lines[0].startswith("✓ python 3.")
    assert (
        "✗ the scheduler is not running, so its 1 job does not start   → flowcron start"
        in said.lines
    )
    assert said.lines[-1].endswith("1 problem")
    assert "flowcron doctor --json" in said.err


def test_warnings_alone_exit_with_0_and_strictly_with_1(project: Cli) -> None:
    (project.folder / "schedules.toml").write_text('[jobs.by-hand]\ncommand = "true"\n')
    project.environment.setenv("FLOWCRON_HISTROY_N", "1")

    assert project.piped("doctor").code == 0
    assert project.piped("doctor", "--strict").code == 1


def test_quietly_only_what_is_wrong_is_said(project: Cli) -> None:
    lines = project.on_terminal("doctor", "-q").lines

    assert [line for line in lines if line.startswith("✓") or line.endswith("problem")] == []
    assert any(line.startswith("✗") for line in lines)


def test_the_report_is_complete_and_has_no_secrets_in_it(project: Cli) -> None:
    exposed_secret(project)
    project.environment.setenv("FLOWCRON_TOKEN", "t0ken")
    project.environment.setenv("FLOWCRON_PAGER", "my-pager")

    out = project.piped("doctor", "--json").out

    said = json.loads(out)
    assert said["schema"] == "flowcron.doctor/1"
    assert said["machine"].keys() >= {"flowcron", "python", "sqlite", "system", "packages"}
    assert said["config"] == {
        "path": str(project.folder / "schedules.toml"),
        "by": "found in this folder",
    }
    assert said["variables"] == "FLOWCRON_PAGER, FLOWCRON_TOKEN, FLOWCRON_TZ"
    assert sum(said["summary"].values()) == len(said["findings"])
    assert all(tuple(finding) == FIELDS for finding in said["findings"])
    assert not [secret for secret in ("hunter2", "t0ken", "my-pager") if secret in out]


def test_programs_can_choose_fields(project: Cli) -> None:
    said = json.loads(project.piped("doctor", "--json", "check,level").out)

    assert said["findings"][0] == {"check": "python", "level": "ok"}


def test_piped_it_is_a_finding_a_line(project: Cli) -> None:
    rows = [line.split("\t") for line in project.piped("doctor").lines]

    assert {len(row) for row in rows} == {len(FIELDS)}
    assert ["scheduler", "problem"] in [row[:2] for row in rows]


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_it_fits_the_screen(project: Cli, columns: int) -> None:
    exposed_secret(project)

    assert max(map(len, project.on_terminal("doctor", columns=columns).lines)) <= columns


def test_without_utf8_it_is_said_in_ascii(project: Cli) -> None:
    project.environment.setenv("LANG", "C")

    said = project.on_terminal("doctor", columns=100)

    assert said.out.isascii()
    assert "the locale is C" in said.out


def test_fix_mends_modes_and_then_looks_again(project: Cli) -> None:
    secret = exposed_secret(project)

    said = project.on_terminal("doctor", "--fix", "--yes", columns=200)

    assert secret.stat().st_mode & 0o777 == 0o600
    assert said.lines[0] == f"✓ chmod 600 {secret}   (it was 644)"
    assert "is a secret and can be read" not in said.out


def test_fix_asks_and_changes_nothing_where_nobody_answers(project: Cli) -> None:
    secret = exposed_secret(project)

    said = project.piped("doctor", "--fix")

    assert said.code == 2
    assert "--yes" in said.err
    assert secret.stat().st_mode & 0o777 == 0o644


def test_a_report_says_what_was_mended(project: Cli) -> None:
    secret = exposed_secret(project)

    piped = project.piped("doctor", "--fix", "--yes", "--json")

    said = json.loads(piped.out)
    assert piped.err == f"chmod 600 {secret}   (it was 644)\n"
    assert said["mended"] == f"chmod 600 {secret}   (it was 644)"
    assert not [finding for finding in said["findings"] if finding["mendable"]]


def test_nothing_to_mend_is_not_asked_about(project: Cli) -> None:
    assert project.piped("doctor", "--fix").code == 1


def test_what_was_named_says_by_whom(project: Cli) -> None:
    other = project.folder / "other.toml"
    other.write_text(WELL)

    by_option = findings(project, "-c", str(other))["configuration"][0]["text"]
    project.environment.setenv("FLOWCRON_CONFIG", str(other))
    by_variable = findings(project)["configuration"][0]["text"]
    by_both = findings(project, "-c", str(other))["configuration"][0]["text"]

    assert by_option.endswith("by -c")
    assert by_variable.endswith("by FLOWCRON_CONFIG")
    assert by_both.endswith("by -c, which goes before FLOWCRON_CONFIG")


def test_where_the_history_is_says_by_whom(project: Cli) -> None:
    def by(*arguments: str) -> str:
        return str(findings(project, *arguments)["environment"][-1]["text"])

    assert "by the place of the configuration" in by()
    assert "by --db" in by("--db", "x.db")
    (project.folder / "schedules.toml").write_text(WELL + '[history]\npath = "h.db"\n')
    assert "h.db by [history] path" in by()
    project.environment.setenv("FLOWCRON_DB", "y.db")
    assert "y.db by FLOWCRON_DB" in by()


def test_a_file_that_another_hides_is_named(project: Cli) -> None:
    home = project.folder.parent / "home" / "config" / "flowcron"
    home.mkdir(parents=True)
    (home / "schedules.toml").write_text(WELL)

    said = findings(project)["configuration"][0]["text"]

    assert said.endswith(f"found in this folder, which goes before {home / 'schedules.toml'}")


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("FLOWCRON_CONFIGG", 'did you mean "FLOWCRON_CONFIG"?'),
        ("FLOWCRON_HISTORY_SINSE", 'did you mean "FLOWCRON_HISTORY_SINCE"?'),
    ],
)
def test_a_variable_that_means_nothing_is_found(project: Cli, name: str, meant: str) -> None:
    project.environment.setenv(name, "1")

    found = findings(project)["environment"][0]

    assert (found["level"], found["where"], found["fix"]) == ("warning", name, meant)


def test_every_variable_of_an_option_means_something(project: Cli) -> None:
    for name in ("FLOWCRON_HISTORY_SINCE", "FLOWCRON_COLOR", "FLOWCRON_NO_INPUT", "FLOWCRON_JOB"):
        project.environment.setenv(name, "1" if name != "FLOWCRON_COLOR" else "never")

    assert [each["level"] for each in findings(project)["environment"]] == ["ok"]


def test_it_works_while_the_line_about_the_history_is_broken(project: Cli) -> None:
    (project.folder / "schedules.toml").write_text("[history]\npath = 7\n")

    found = findings(project)

    assert found["configuration"][0]["level"] == "problem"
    assert found["database"][0]["level"] == "ok"


def test_the_report_of_a_real_process_can_be_piped(flowcron: Installed) -> None:
    flowcron.configure(WELL)

    done = subprocess.run(
        f"{' '.join(flowcron.argv('doctor', '--json'))} | head -c 10",
        shell=True,
        cwd=flowcron.folder,
        capture_output=True,
        check=False,
    )

    assert (done.stdout, done.stderr) == (b'{"schema":', b"")
