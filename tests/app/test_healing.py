"""The real scheduler and a damaged history: faults 17, 18 and 21."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from damage import DAMAGES, deleted, garbage
from fakes import poll

if TYPE_CHECKING:
    from installed import Installed

TICK = (
    '[jobs.tick]\nevery = "1s"\nmissed = "all"\ncommand = "echo $FLOWCRON_SCHEDULED_AT >> \'{}\'"\n'
)
GATED = "[jobs.gated]\ncommand = \"while [ ! -e '{}' ]; do sleep 0.05; done; exit 7\"\n"
HOLD = """
import sqlite3, sys, time
history = sqlite3.connect(sys.argv[1], isolation_level=None)
history.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""


def count(flowcron: Installed, state: str = "success") -> int:
    found = flowcron.rows("SELECT count(*) FROM runs WHERE state = ?", state)
    return int(found[0][0]) if found else 0


def history_of(flowcron: Installed) -> Path:
    return flowcron.folder / ".flowcron" / "history.db"


def back_up(flowcron: Installed, name: str = "history-20270301T120000Z.db") -> None:
    """Put a backup where the scheduler keeps its own."""
    folder = history_of(flowcron).parent / "backups"
    folder.mkdir(exist_ok=True)
    done = flowcron.run("backup", str(folder / name))
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("clean", [False, True])
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_history_is_restored_at_the_start_and_nothing_runs_twice(
    flowcron: Installed, damage: Callable[[Path], None], *, clean: bool
) -> None:
    witness = flowcron.folder / "witness"
    flowcron.configure(TICK.format(witness))
    first = flowcron.start_and_wait()
    poll(lambda: count(flowcron) > 1)
    back_up(flowcron)
    saved = count(flowcron)
    poll(lambda: count(flowcron) > saved + 1)
    if clean:
        flowcron.stop(first)
    else:
        flowcron.kill(first)

    damage(history_of(flowcron))
    flowcron.start()
    poll(lambda: "restored from backups/history-20270301T120000Z.db" in flowcron.log())
    poll(lambda: flowcron.rows("SELECT 1 FROM runs WHERE state = 'lost'"))
    done = count(flowcron)
    poll(lambda: count(flowcron) > done + 1)

    times = witness.read_text().split()
    assert len(times) == len(set(times))
    assert done >= saved
    (warning,) = flowcron.json("status")["warnings"]
    assert "restored from" in warning["text"]


@pytest.mark.parametrize("damage", [garbage, deleted])
def test_a_history_without_a_backup_is_begun_anew_only_with_a_warning(
    flowcron: Installed, damage: Callable[[Path], None]
) -> None:
    flowcron.configure(TICK.format(flowcron.folder / "witness"))
    flowcron.kill(flowcron.start_and_wait())

    damage(history_of(flowcron))
    refused = flowcron.run("history")
    flowcron.start()
    poll(lambda: "there is no good backup of it" in flowcron.log())
    poll(lambda: count(flowcron) > 1)

    assert refused.returncode == 1
    assert "flowcron start" in refused.stderr
    assert len(flowcron.json("status")["warnings"]) == 1


def test_a_page_that_breaks_while_it_runs_is_found_and_healed_without_a_restart(
    flowcron: Installed,
) -> None:
    gate = flowcron.folder / "gate"
    flowcron.configure(TICK.format(flowcron.folder / "witness") + GATED.format(gate))
    scheduler = flowcron.start_and_wait()
    flowcron.run("run", "gated", "-d")
    poll(lambda: count(flowcron, "running") == 1)
    ((job,),) = flowcron.rows("SELECT pid FROM attempts WHERE state = 'running'")
    back_up(flowcron)

    inner_page_in_place(history_of(flowcron))
    poll(lambda: "restored from" in flowcron.log(), seconds=60)
    done = count(flowcron)
    poll(lambda: count(flowcron) > done + 1)

    assert scheduler.poll() is None
    assert flowcron.rows(
        "SELECT state, exit_code FROM runs JOIN jobs ON jobs.id = job_id WHERE name = 'gated'"
    ) == [("lost", None)]
    assert Path(f"/proc/{job}").exists()
    os.killpg(job, signal.SIGKILL)


def inner_page_in_place(history: Path) -> None:
    """Overwrite the table of runs in the file, and in SQLite's log of it, under the scheduler."""
    with closing(sqlite3.connect(history)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        pages = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE tbl_name = 'runs' AND rootpage > 0"
        ).fetchall()
    with history.open("r+b") as file:
        for (page,) in pages:
            file.seek((page - 1) * 4096)
            file.write(b"\xa5" * 4096)


@pytest.mark.parametrize("name", ["history.db", "history.db-wal", "history.db-shm"])
def test_a_history_that_is_deleted_while_it_runs_is_noticed_and_jobs_go_on(
    flowcron: Installed, name: str
) -> None:
    gate, witness = flowcron.folder / "gate", flowcron.folder / "witness"
    wait = f"while [ ! -e '{gate}' ]; do sleep 0.05; done"
    flowcron.configure(f"[jobs.gated]\ncommand = \"{wait}; touch '{witness}'\"\n")
    scheduler = flowcron.start_and_wait()
    flowcron.run("run", "gated", "-d")
    poll(lambda: count(flowcron, "running") == 1)
    back_up(flowcron)

    began = time.monotonic()
    (history_of(flowcron).parent / name).unlink()

    assert scheduler.wait(15) == 6
    assert time.monotonic() - began < 12
    assert "was deleted or replaced while the scheduler ran" in flowcron.log()
    gate.touch()
    poll(witness.exists)
    flowcron.start_and_wait()
    assert flowcron.run("history").returncode == 0


def test_a_copy_that_a_person_puts_in_place_is_recognised_as_one(flowcron: Installed) -> None:
    witness = flowcron.folder / "witness"
    flowcron.configure(TICK.format(witness))
    first = flowcron.start_and_wait()
    poll(lambda: count(flowcron) > 1)
    copy = flowcron.folder / "copy.db"
    assert flowcron.run("backup", str(copy)).returncode == 0
    poll(lambda: count(flowcron) > 4)
    flowcron.stop(first)

    deleted(history_of(flowcron))
    shutil.copy(copy, history_of(flowcron))
    flowcron.start_and_wait()
    poll(lambda: count(flowcron) > 4)

    times = witness.read_text().split()
    assert len(times) == len(set(times))
    assert count(flowcron, "lost") == 1
    assert "the history is a copy of" in flowcron.log()


@pytest.mark.parametrize("content", ["another program", "a newer version"])
def test_a_history_that_is_not_ours_is_refused_and_never_moved(
    flowcron: Installed, content: str
) -> None:
    flowcron.configure('[jobs.a]\ncommand = "true"\n')
    flowcron.stop(flowcron.start_and_wait())
    back_up(flowcron)
    path = history_of(flowcron)
    if content == "another program":
        deleted(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE theirs (a)")
        connection.execute("PRAGMA user_version = 999")
        connection.commit()
    before = path.read_bytes()

    refused = flowcron.run("start")

    assert refused.returncode == 1
    assert ("another program" if content == "another program" else "newer") in refused.stderr
    assert path.read_bytes() == before
    assert not list(path.parent.glob("*.corrupt-*"))


@pytest.mark.slow
def test_the_first_backup_is_soon_made_by_itself_and_is_good(flowcron: Installed) -> None:
    flowcron.configure(TICK.format(flowcron.folder / "witness"))
    flowcron.start_and_wait()
    folder = history_of(flowcron).parent / "backups"

    (backup,) = poll(lambda: list(folder.glob("history-*Z.db")), seconds=60)

    with closing(sqlite3.connect(backup)) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert copy.execute("SELECT count(*) > 5 FROM runs").fetchone() == (1,)


@pytest.mark.parametrize("is_stopped", [False, True])
def test_who_holds_the_history_is_named_and_jobs_go_on(
    flowcron: Installed, *, is_stopped: bool
) -> None:
    gate = flowcron.folder / "gate"
    flowcron.configure(TICK.format(flowcron.folder / "witness") + GATED.format(gate))
    scheduler = flowcron.start_and_wait()
    flowcron.run("run", "gated", "-d")
    poll(lambda: count(flowcron, "running") > 0)
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(history_of(flowcron))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        if is_stopped:
            other.send_signal(signal.SIGSTOP)
        gate.touch()

        poll(lambda: "the history cannot be written" in flowcron.log(), seconds=30)
        refused = flowcron.run("pause", "tick")

        other.send_signal(signal.SIGKILL)
    named = f"by pid {other.pid}{', which is stopped' if is_stopped else ''} ({sys.executable} -c"
    assert named in flowcron.log()
    assert refused.returncode == 1
    assert named in refused.stderr
    poll(lambda: flowcron.rows("SELECT 1 FROM runs WHERE state = 'failed' AND exit_code = 7"))
    assert scheduler.poll() is None
