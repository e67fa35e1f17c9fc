"""doctor on who may read and write what."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from flowcron.app.doctor.about_permissions import (
    Kept,
    judge_config,
    judge_state,
    permissions,
    secrets,
)
from flowcron.app.doctor.finding import Chmod, Level
from looks import WELL, Looks, levels

STATE = Kept(Path("/srv/.flowcron"), 0o700, 1000, 1000, 1000)
FILE = Kept(Path("/srv/.flowcron/history.db"), 0o600, 1000, 1000, 1000)
CONFIG = Kept(Path("/srv/schedules.toml"), 0o644, 1000, 1000, 1000)
SECRET = '[jobs.backup]\ncommand = "true"\nsecrets = { PASSWORD = "file:pw" }\n'


def test_what_flowcron_makes_is_private(looks: Looks) -> None:
    looks.configure(WELL)
    looks.config.chmod(0o644)
    looks.story()

    assert levels(looks.findings(permissions)) == [Level.OK]


def test_a_history_that_is_open_to_others_can_be_mended(looks: Looks) -> None:
    looks.story()
    looks.history.parent.chmod(0o755)
    looks.history.chmod(0o644)

    findings = looks.findings(permissions)

    assert levels(findings) == [Level.WARNING, Level.WARNING]
    assert [finding.mend for finding in findings] == [
        Chmod(looks.history.parent, 0o700),
        Chmod(looks.history, 0o600),
    ]


def test_a_folder_of_the_users_own_is_not_for_doctor_to_mend() -> None:
    shared = STATE._replace(path=Path("/srv/project"), mode=0o777)

    (finding,) = judge_state(shared, (), uid=1000)

    assert (finding.level, finding.mend) == (Level.PROBLEM, None)
    assert not list(judge_state(shared._replace(mode=0o755), (), uid=1000))


def test_a_state_directory_of_another_user_is_a_problem_but_not_for_root() -> None:
    assert levels(judge_state(STATE, (FILE,), uid=1001)) == [Level.PROBLEM]
    assert levels(judge_state(STATE, (FILE,), uid=0)) == []


def test_a_file_that_root_has_left_in_a_users_state_directory_is_a_problem() -> None:
    (finding,) = judge_state(STATE, (FILE._replace(uid=0),), uid=0)

    assert finding.level is Level.PROBLEM
    assert finding.fix == "chown --reference=/srv/.flowcron /srv/.flowcron/history.db"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_real_file_of_another_user_is_found(looks: Looks) -> None:
    looks.story()
    os.chown(looks.history, 1, 1)

    assert levels(looks.findings(permissions)) == [Level.PROBLEM]


@pytest.mark.parametrize(
    ("kept", "writers"),
    [
        (CONFIG, ""),
        (CONFIG._replace(mode=0o664), ""),
        (CONFIG._replace(mode=0o664, gid=27), "its group"),
        (CONFIG._replace(mode=0o666), "everyone"),
    ],
)
def test_a_configuration_that_others_can_write_is_a_problem(kept: Kept, writers: str) -> None:
    findings = list(judge_config(kept))

    assert kept.writers == writers
    assert levels(findings) == ([Level.PROBLEM] if writers else [])


def test_every_file_of_the_configuration_counts(looks: Looks) -> None:
    looks.configure(WELL)
    part = looks.folder / "schedules.d" / "part.toml"
    part.parent.mkdir()
    part.write_text('[jobs.part]\ncommand = "true"\n')
    part.chmod(0o666)

    (finding,) = looks.findings(permissions)

    assert (finding.level, finding.where) == (Level.PROBLEM, str(part))


def test_a_secret_that_others_can_read_is_a_problem_that_can_be_mended(looks: Looks) -> None:
    looks.configure(SECRET)
    secret = looks.folder / "pw"
    secret.write_text("hunter2")
    secret.chmod(0o644)

    (finding,) = looks.findings(secrets)

    assert (finding.level, finding.mend) == (Level.PROBLEM, Chmod(secret, 0o600))
    assert "hunter2" not in repr(finding)


def test_variables_that_others_can_read_are_a_warning(looks: Looks) -> None:
    looks.configure('[jobs.backup]\ncommand = "true"\nenv_file = "job.env"\n')
    file = looks.folder / "job.env"
    file.write_text("TOKEN=hunter2\n")
    file.chmod(0o644)

    (finding,) = looks.findings(secrets)

    assert (finding.level, finding.mend) == (Level.WARNING, Chmod(file, 0o600))


def test_private_secrets_and_those_that_are_not_there_are_well(looks: Looks) -> None:
    looks.configure(SECRET)
    assert levels(looks.findings(secrets)) == [Level.OK]

    (looks.folder / "pw").touch(0o600)

    assert levels(looks.findings(secrets)) == [Level.OK]
