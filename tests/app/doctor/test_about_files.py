"""doctor on where files are."""

from __future__ import annotations

from pathlib import Path

from flowcron.app.doctor.about_files import filesystem, folders, judge_mount
from flowcron.app.doctor.finding import Level
from flowcron.system.mounts import Mount
from looks import WELL, Looks, levels

STATE = Path("/srv/state")


def test_a_history_on_a_local_disk_is_well(looks: Looks) -> None:
    assert levels(looks.findings(filesystem)) == [Level.OK]
    assert judge_mount(None, STATE, is_wanted=False).level is Level.OK


def test_a_history_on_a_network_is_a_problem_unless_it_is_insisted_on() -> None:
    nfs = Mount("nfs4", "/srv")

    assert judge_mount(nfs, STATE, is_wanted=False).level is Level.PROBLEM
    assert judge_mount(nfs, STATE, is_wanted=True).level is Level.WARNING


def test_a_folder_that_does_not_exist_is_a_problem_and_names_its_jobs(looks: Looks) -> None:
    looks.configure(WELL + 'cwd = "gone"\n[jobs.other]\ncommand = "true"\ncwd = "gone"\n')

    (finding,) = looks.findings(folders)

    assert (finding.level, finding.where) == (Level.PROBLEM, str(looks.folder / "gone"))
    assert finding.text.startswith("the folder of backup, other does not exist")


def test_a_file_is_no_folder(looks: Looks) -> None:
    looks.configure(WELL + 'cwd = "schedules.toml"\n')

    assert levels(looks.findings(folders)) == [Level.PROBLEM]


def test_folders_that_exist_and_jobs_that_are_off_are_well(looks: Looks) -> None:
    looks.configure(WELL + '[jobs.off]\ncommand = "true"\ncwd = "gone"\nenabled = false\n')

    assert levels(looks.findings(folders)) == [Level.OK]
