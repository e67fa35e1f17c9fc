"""The real scheduler in trouble: a locked or full history, a lost folder, a dead command."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
from contextlib import closing
from typing import TYPE_CHECKING

from fakes import poll

if TYPE_CHECKING:
    from pathlib import Path

    from installed import Installed

TICK = '[jobs.tick]\nevery = "1s"\nmissed = "all"\ncommand = "true"\n'


def count(flowcron: Installed, state: str = "success") -> int:
    return int(flowcron.rows("SELECT count(*) FROM runs WHERE state = ?", state)[0][0])


def test_it_goes_on_by_itself_after_the_history_was_locked_for_long(flowcron: Installed) -> None:
    flowcron.configure(TICK + '[jobs.flaky]\nretry = 1\ncommand = "test $FLOWCRON_ATTEMPT = 2"\n')
    flowcron.start_and_wait()
    flowcron.run("run", "flaky", "-d")
    poll(lambda: flowcron.rows("SELECT 1 FROM runs WHERE state = 'retrying'"))

    with closing(sqlite3.connect(flowcron.folder / ".flowcron" / "history.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        poll(lambda: "the history cannot be written" in flowcron.log(), seconds=40)
        other.rollback()
    done = count(flowcron)

    poll(lambda: count(flowcron) > done + 12)
    poll(lambda: flowcron.rows("SELECT 1 FROM runs WHERE state = 'success' AND attempts = 2"))
    assert gaps_of_ticks(flowcron) == 0


def gaps_of_ticks(flowcron: Installed) -> int:
    ((times, first, last),) = flowcron.rows(
        "SELECT count(*), min(scheduled_at), max(scheduled_at) FROM runs "
        "WHERE scheduled_at IS NOT NULL"
    )
    return int((last - first) // 1_000_000 + 1 - times)


def test_a_log_that_nobody_reads_any_more_stops_nothing(flowcron: Installed) -> None:
    flowcron.configure(TICK)
    scheduler = subprocess.Popen(
        flowcron.argv("start"), cwd=flowcron.folder, stdout=subprocess.PIPE, text=True
    )
    assert scheduler.stdout is not None
    scheduler.stdout.readline()
    scheduler.stdout.close()
    done = count(flowcron)

    poll(lambda: count(flowcron) > done + 2)

    assert flowcron.run("reload").returncode == 0
    scheduler.send_signal(signal.SIGTERM)
    assert scheduler.wait(30) == 0


def test_it_ends_when_its_folder_is_deleted_and_another_may_begin(flowcron: Installed) -> None:
    flowcron.configure(TICK)
    first = flowcron.start_and_wait()
    poll(lambda: count(flowcron) > 0)

    (flowcron.folder / ".flowcron").rename(flowcron.folder / "away")

    assert first.wait(30) == 6
    assert "was deleted or replaced" in flowcron.log()
    flowcron.start_and_wait()
    poll(lambda: count(flowcron) > 0)
    for name in ("supervisor.sock", "supervisor.lock"):
        assert not (flowcron.folder / "away" / name).is_dir()


def test_a_history_made_anew_never_gets_the_results_of_the_old_one(flowcron: Installed) -> None:
    gate = flowcron.folder / "gate"
    flowcron.configure(
        f'[jobs.old]\ncommand = "while [ ! -e {gate} ]; do sleep 0.05; done; exit 42"\n'
        '[jobs.new]\ncommand = "exit 7"\n'
    )
    first = flowcron.start_and_wait()
    flowcron.run("run", "old", "-d")
    poll(lambda: flowcron.rows("SELECT 1 FROM runs WHERE state = 'running'"))
    ((old,),) = flowcron.rows("SELECT pid FROM attempts")
    flowcron.kill(first)
    for name in ("history.db", "history.db-wal", "history.db-shm"):
        (flowcron.folder / ".flowcron" / name).unlink(missing_ok=True)

    flowcron.start_and_wait()
    try:
        assert flowcron.run("run", "new").returncode == 7
        assert flowcron.rows("SELECT state, exit_code FROM runs") == [("failed", 7)]
    finally:
        os.killpg(old, signal.SIGKILL)


def test_a_link_to_a_history_is_that_history(flowcron: Installed, tmp_path: Path) -> None:
    flowcron.configure('[jobs.a]\ncommand = "true"\n')
    flowcron.start_and_wait()
    link = tmp_path / "elsewhere" / "history.db"
    link.parent.mkdir()
    link.symlink_to(flowcron.folder / ".flowcron" / "history.db")

    refused = flowcron.run("start", "--db", str(link))

    assert refused.returncode == 6


def test_a_run_whose_command_was_killed_keeps_nobody_from_running(flowcron: Installed) -> None:
    flowcron.configure('[jobs.long]\ncommand = ["sleep", "60"]\n')
    alone = subprocess.Popen(flowcron.argv("run", "long"), cwd=flowcron.folder)
    poll(lambda: flowcron.rows("SELECT 1 FROM runs WHERE state = 'running'"))
    ((pid,),) = flowcron.rows("SELECT pid FROM attempts")
    alone.kill()
    alone.wait()
    assert flowcron.run("run", "long").returncode == 6  # its process lives
    os.killpg(pid, signal.SIGKILL)

    flowcron.configure('[jobs.long]\ncommand = ["true"]\n')
    again = flowcron.run("run", "long")

    assert again.returncode == 0, again.stderr
    assert flowcron.rows("SELECT state FROM runs ORDER BY id") == [("lost",), ("success",)]


def test_ctrl_c_ends_a_run_in_the_foreground_wherever_it_comes(flowcron: Installed) -> None:
    flowcron.configure("[jobs.flood]\ncommand = \"trap 'exit 9' TERM; yes\"\n")
    for signum, expected in ((signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)):
        alone = subprocess.Popen(
            flowcron.argv("run", "flood", "--force"),
            cwd=flowcron.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        poll(lambda: flowcron.rows("SELECT 1 FROM runs WHERE state = 'running'"))

        alone.send_signal(signum)

        assert alone.wait(30) == expected
        assert flowcron.rows("SELECT state FROM runs ORDER BY id DESC LIMIT 1") == [("cancelled",)]


def test_a_word_that_is_no_text_is_refused_and_others_are_served(flowcron: Installed) -> None:
    flowcron.configure('[jobs.a]\ncommand = "true"\n')
    flowcron.start_and_wait()

    refused = subprocess.run(
        [*flowcron.argv("run"), b"\xff"], cwd=flowcron.folder, capture_output=True, check=False
    )

    assert refused.returncode == 4
    assert flowcron.run("run", "a").returncode == 0
