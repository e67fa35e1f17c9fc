"""doctor on backups."""

from __future__ import annotations

import os
from pathlib import Path

from flowcron.app.asking import LOCK
from flowcron.app.backups import back_up
from flowcron.app.doctor.about_backups import backups
from flowcron.app.doctor.finding import Level
from flowcron.config.sources import digest_at
from flowcron.domain.instant import SECOND, Instant
from flowcron.history.traces import backups_of
from holding import holding
from looks import WELL, Looks, levels
from rows import ago


def dated(path: Path, at: Instant) -> None:
    os.utime(path, (at / SECOND, at / SECOND))


def backed_up(looks: Looks, at: Instant) -> Path:
    looks.story()
    back_up(looks.history, at, lambda: True)
    (backup,) = backups_of(looks.history)
    dated(backup, at)
    return backup


def test_a_recent_backup_is_well(looks: Looks) -> None:
    backed_up(looks, ago(hours=3))
    dated(looks.history, ago(minutes=1))

    (finding,) = looks.findings(backups)

    assert finding.level is Level.OK
    assert finding.text == "backup 3h 00m old and whole"


def test_an_old_backup_is_a_warning_unless_nothing_has_happened_since(looks: Looks) -> None:
    backed_up(looks, ago(days=9))
    dated(looks.history, ago(hours=1))
    assert levels(looks.findings(backups)) == [Level.WARNING]

    dated(looks.history, ago(days=9))

    assert levels(looks.findings(backups)) == [Level.OK]


def test_a_damaged_backup_is_a_problem(looks: Looks) -> None:
    backup = backed_up(looks, ago(hours=3))
    backup.write_bytes(backup.read_bytes()[:9000])

    (finding,) = looks.findings(backups)

    assert (finding.level, finding.where) == (Level.PROBLEM, str(backup))


def test_no_backup_is_a_warning_once_a_scheduler_has_run_for_days(looks: Looks) -> None:
    looks.configure(WELL)
    story = looks.story()
    assert levels(looks.findings(backups)) == [Level.OK]

    with holding(looks.history.parent / LOCK):
        story.scheduler(looks.config, digest_at(looks.config))

        assert levels(looks.findings(backups)) == [Level.WARNING]
