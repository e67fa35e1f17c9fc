"""doctor on what cron runs as well."""

from __future__ import annotations

from pathlib import Path

from fakes import EVERY_MINUTE, make_job
from flowcron.app.doctor.about_cron import cron, judge_cron
from flowcron.app.doctor.finding import Level
from flowcron.system.crontabs import CronLine, cron_lines
from looks import Looks, levels

BACKUP = make_job("backup", command="pg_dump shop | gzip", when=EVERY_MINUTE)
RENEW = make_job("renew", command=("certbot", "renew", "-q"), when=EVERY_MINUTE)


def own(text: str) -> CronLine:
    return CronLine("crontab -e", text, has_user=False)


def test_a_command_that_cron_runs_too_is_a_warning() -> None:
    lines = [own("# backups"), own("30 2 * * *  pg_dump shop  |  gzip"), own("@daily other")]

    (finding,) = judge_cron([BACKUP, RENEW], lines)

    assert (finding.level, finding.where) == (Level.WARNING, "crontab -e")
    assert "the same as backup," in finding.text


def test_in_a_crontab_of_the_system_a_user_stands_before_the_command() -> None:
    line = CronLine("/etc/cron.d/certbot", "0 4 * * * root certbot renew -q", has_user=True)

    (finding,) = judge_cron([BACKUP, RENEW], [line])

    assert (finding.where, finding.fix) == (
        "/etc/cron.d/certbot",
        "delete the lines in /etc/cron.d/certbot",
    )


def test_what_is_commented_out_is_not_run() -> None:
    assert levels(judge_cron([BACKUP], [own("# 30 2 * * * pg_dump shop | gzip")])) == [Level.OK]


def test_the_crontabs_of_this_machine_are_read(looks: Looks) -> None:
    looks.configure('[jobs.a]\nevery = "1m"\ncommand = "surely in no crontab here"\n')

    assert levels(looks.findings(cron)) == [Level.OK]


def test_files_that_are_not_for_us_to_read_are_left_out(tmp_path: Path) -> None:
    folder = tmp_path / "cron.d"
    folder.mkdir()
    (folder / "one").write_text("* * * * * root one\n")
    (folder / "two").symlink_to(tmp_path / "gone")

    found = [line for line in cron_lines(system=tmp_path / "no", folder=folder) if line.has_user]

    assert found == [CronLine(str(folder / "one"), "* * * * * root one", has_user=True)]
