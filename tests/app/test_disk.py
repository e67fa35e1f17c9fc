"""The real scheduler on disks that are full, read-only or broken: faults 13 to 16 and 19."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from disks import (
    break_ext4,
    ext4,
    failing,
    fill,
    needs_root,
    needs_strace,
    sshfs,
    tmpfs,
    use_up_inodes,
)
from fakes import poll
from installed import installed_in

if TYPE_CHECKING:
    from pathlib import Path

    from installed import Installed

TICK = '[jobs.tick]\nevery = "1s"\ncommand = "true"\n'
CANNOT = "the history cannot be written"


def count(flowcron: Installed, state: str = "success") -> int:
    return int(flowcron.rows("SELECT count(*) FROM runs WHERE state = ?", state)[0][0])


def state_on(flowcron: Installed, disk: Path) -> None:
    """Keep the state on a disk of its own; programs and logs of the test stay where they are."""
    (flowcron.folder / ".flowcron").symlink_to(disk)


@needs_root
@pytest.mark.root
def test_nothing_starts_on_a_full_disk_and_everything_goes_on_when_there_is_space(
    tmp_path: Path,
) -> None:
    with tmpfs(tmp_path / "disk", "size=3m,mode=0700") as disk, installed_in(tmp_path) as flowcron:
        state_on(flowcron, disk)
        witness = tmp_path / "witness"
        flowcron.configure(f'[jobs.tick]\nevery = "1s"\ncommand = "date +%s.%N >> \'{witness}\'"\n')
        flowcron.start_and_wait()
        poll(lambda: count(flowcron) > 0)

        filling = fill(disk)
        poll(lambda: CANNOT in flowcron.log(), seconds=60)
        full = time.time()
        poll(lambda: time.time() > full + 5)
        free = time.time()
        filling.unlink()
        done = count(flowcron)
        poll(lambda: count(flowcron) > done + 3, seconds=60)

        starts = [float(line) for line in witness.read_text().split()]
        assert not [at for at in starts if full < at < free]
        assert len(starts) <= len(flowcron.rows("SELECT 1 FROM attempts"))
        assert flowcron.log().count("trying again until it passes") == 1
        ((text,),) = flowcron.rows("SELECT text FROM events WHERE kind = 'trouble'")
        assert text.startswith("going on after ")
        assert "disk is full" in text


@needs_root
@pytest.mark.root
def test_a_job_whose_output_does_not_fit_keeps_its_status_and_says_what_is_missing(
    tmp_path: Path,
) -> None:
    with tmpfs(tmp_path / "disk", "size=3m,mode=0700") as disk, installed_in(tmp_path) as flowcron:
        state_on(flowcron, disk)
        flowcron.configure(
            "[jobs.talk]\ncommand = \"head -c 8000000 /dev/zero | tr '\\\\0' x; exit 7\"\n"
        )
        flowcron.start_and_wait()
        filling = fill(disk, leave=1_000_000)

        flowcron.run("run", "talk", "-d")
        poll(lambda: CANNOT in flowcron.log())
        filling.unlink()
        poll(lambda: count(flowcron, "failed") == 1, seconds=60)

        ((code, written, elided),) = flowcron.rows(
            "SELECT exit_code, output_bytes, elided_bytes FROM attempts"
        )
        assert (code, written) == (7, 8_000_000)
        assert 0 < elided < written


@needs_root
@pytest.mark.root
def test_jobs_run_without_logs_when_there_are_no_inodes_left(tmp_path: Path) -> None:
    with (
        tmpfs(tmp_path / "disk", "size=8m,nr_inodes=40,mode=0700") as disk,
        installed_in(tmp_path) as flowcron,
    ):
        state_on(flowcron, disk)
        flowcron.configure('[jobs.talk]\ncommand = "seq 1 5000; exit 7"\n')
        flowcron.start_and_wait()
        use_up_inodes(disk)

        flowcron.run("run", "talk", "-d")
        poll(lambda: count(flowcron, "failed") == 1)

        ((code, written, elided),) = flowcron.rows(
            "SELECT exit_code, output_bytes, elided_bytes FROM attempts"
        )
        assert code == 7
        assert written == elided > 0


@needs_root
@pytest.mark.root
def test_a_file_system_that_becomes_read_only_is_named_and_jobs_go_on(tmp_path: Path) -> None:
    gate, witness = tmp_path / "gate", tmp_path / "witness"
    with (
        ext4(tmp_path / "disk", tmp_path / "image") as disk,
        installed_in(tmp_path) as flowcron,
    ):
        disk.chmod(0o700)
        state_on(flowcron, disk)
        flowcron.configure(
            f"{TICK}[jobs.long]\n"
            f'command = "while [ ! -e {gate} ]; do sleep 0.05; done; touch {witness}"\n'
        )
        scheduler = flowcron.start_and_wait()
        flowcron.run("run", "long", "-d")
        poll(lambda: count(flowcron, "running") > 0)

        break_ext4(disk)
        poll(lambda: CANNOT in flowcron.log(), seconds=40)
        gate.touch()
        poll(witness.exists)

        assert scheduler.poll() is None
        assert flowcron.log().count("trying again until it passes") == 1


@needs_strace
def test_results_are_written_when_a_read_only_file_system_can_be_written_again(
    flowcron: Installed,
) -> None:
    gate = flowcron.folder / "gate"
    flowcron.configure(
        f'[jobs.long]\ncommand = "while [ ! -e {gate} ]; do sleep 0.05; done; exit 7"\n'
    )
    scheduler = flowcron.start_and_wait()
    flowcron.run("run", "long", "-d")
    poll(lambda: count(flowcron, "running") == 1)

    with failing(scheduler.pid, "pwrite64", "EROFS"):
        gate.touch()
        poll(lambda: CANNOT in flowcron.log())
    poll(lambda: count(flowcron, "failed") == 1, seconds=60)

    assert flowcron.rows("SELECT exit_code, attempts FROM runs") == [(7, 1)]


@needs_strace
def test_a_failed_fsync_ends_the_scheduler_and_the_next_one_takes_over(
    flowcron: Installed,
) -> None:
    gate = flowcron.folder / "gate"
    flowcron.configure(
        f'[jobs.long]\ncommand = "while [ ! -e {gate} ]; do sleep 0.05; done; exit 7"\n'
    )
    scheduler = flowcron.start_and_wait()
    flowcron.run("run", "long", "-d")
    poll(lambda: count(flowcron, "running") == 1)

    with failing(scheduler.pid, "fsync,fdatasync", "EIO"):
        gate.touch()
        assert scheduler.wait(30) == 1

    assert "could not be written to the disk: disk I/O error (fsync)" in flowcron.log()
    assert "Traceback" not in flowcron.log()
    flowcron.start_and_wait()
    poll(lambda: count(flowcron, "failed") == 1)
    assert flowcron.rows("SELECT exit_code, attempts FROM runs") == [(7, 1)]


@needs_root
@pytest.mark.root
def test_a_state_directory_on_another_machine_is_refused_unless_somebody_insists(
    tmp_path: Path,
) -> None:
    with sshfs(tmp_path / "remote") as remote, installed_in(tmp_path) as flowcron:
        flowcron.configure(TICK)

        refused = flowcron.run("start", "--db", str(remote / "history.db"))
        flowcron.configure(f"[history]\nnetwork = true\n{TICK}")
        insisted = flowcron.run("start", "--db", str(remote / "history.db"))

    assert refused.returncode == 1
    assert f"is on a network file system (fuse.sshfs, mounted at {remote})" in refused.stderr
    assert "[history] network = true" in refused.stderr
    assert insisted.returncode == 1  # this one takes no files
    assert "network" not in insisted.stderr
