"""What becomes of the bytes that jobs write."""

from __future__ import annotations

import base64
import os
import signal
import sys
from pathlib import Path

import pytest

from asking import InProcess
from flowcron.supervisor.output_read import Gap, LogReader, Piece, pieces_of
from flowcron.supervisor.protocol import Message


def small(message: Message) -> list[tuple[int, bytes]]:
    pieces = pieces_of(base64.b64decode(message["output"]), base64.b64decode(message["pieces"]))
    return [(piece.stream, piece.content) for piece in pieces]


def kept(supervisor: InProcess, run: int = 1) -> list[Piece | Gap]:
    with LogReader(str(supervisor.state_dir / f"logs/0/{run}.1")) as reader:
        return list(reader.read())


def test_small_output_is_told_in_order_with_its_streams(supervisor: InProcess) -> None:
    exited = supervisor.outcome(
        "echo one; sleep 0.2; echo two >&2; sleep 0.2; echo three; sleep 0.2; echo four"
    )

    assert small(exited) == [(0, b"one\n"), (1, b"two\n"), (0, b"three\n"), (0, b"four\n")]
    assert (exited["bytes"], exited["elided"]) == (19, 0)


def test_what_comes_in_one_moment_is_one_piece_with_its_time(supervisor: InProcess) -> None:
    exited = supervisor.outcome("for i in 1 2 3 4 5 6 7 8 9; do printf $i; done")

    (piece,) = pieces_of(base64.b64decode(exited["output"]), base64.b64decode(exited["pieces"]))
    assert piece.content == b"123456789"
    assert exited["started_at"] <= piece.at <= exited["at"]


def test_bytes_are_kept_as_they_came(supervisor: InProcess) -> None:
    everything = bytes(range(256)) * 3
    script = "import sys; sys.stdout.buffer.write(bytes(range(256)) * 3)"

    supervisor.spawn(sys.executable, "-c", script)

    assert small(supervisor.wait_for("exited")) == [(0, everything)]


def test_a_silent_run_touches_no_disk(supervisor: InProcess) -> None:
    exited = supervisor.outcome("exit 0")

    assert (exited["bytes"], exited["output"], exited["last"]) == (0, None, None)
    assert not list(supervisor.state_dir.iterdir())


def test_small_output_stays_on_disk_until_its_end_is_acknowledged(supervisor: InProcess) -> None:
    supervisor.outcome("echo hello")
    folder = supervisor.state_dir / "logs/0"
    before = sorted(path.name for path in folder.iterdir())

    supervisor.ack()

    assert before == ["1.1.0.idx", "1.1.0.log"]
    assert not list(folder.iterdir())
    assert folder.stat().st_mode & 0o777 == 0o700


def test_large_output_stays_on_disk_and_is_not_told(supervisor: InProcess) -> None:
    exited = supervisor.outcome("i=0; while [ $i -lt 3000 ]; do echo $i; i=$((i+1)); done")
    supervisor.ack()

    log = b"".join(f"{number}\n".encode() for number in range(3000))
    pieces = kept(supervisor)
    assert (exited["bytes"], exited["output"], exited["pieces"]) == (len(log), None, None)
    assert b"".join(piece.content for piece in pieces if isinstance(piece, Piece)) == log


@pytest.mark.parametrize(
    ("script", "last"),
    [
        ("echo one; echo two; echo", "two"),
        ("echo out; echo err >&2; echo more", "err"),
        ("printf '1%%\\r50%%\\r100%%'", "100%"),
        ("printf 'bad \\377 byte'", "bad \\xff byte"),
        ("printf '%0500d' 7", "0" * 300),
        ("echo; echo", None),
    ],
)
def test_the_last_line_worth_reading_is_told(
    supervisor: InProcess, script: str, last: str | None
) -> None:
    assert supervisor.outcome(script)["last"] == last


def test_past_its_limit_both_ends_of_the_output_are_kept(supervisor: InProcess) -> None:
    exited = supervisor.outcome("seq 1 20000", log_limit=16_000)

    written = b"".join(f"{number}\n".encode() for number in range(1, 20001))
    head, gap, *tail = joined(kept(supervisor))
    on_disk = sum(path.stat().st_size for path in supervisor.state_dir.rglob("*.log"))
    assert head == written[:8000]
    assert isinstance(gap, int)
    assert written.endswith(b"".join(part for part in tail if isinstance(part, bytes)))
    assert exited["bytes"] == len(written)
    assert exited["elided"] == gap == len(written) - on_disk
    assert 14_000 <= on_disk <= 16_000


def joined(pieces: list[Piece | Gap]) -> list[bytes | int]:
    """Join the pieces between gaps."""
    parts: list[bytes | int] = [b""]
    for piece in pieces:
        last = parts[-1]
        if isinstance(piece, Gap):
            parts.append(piece.elided)
        elif isinstance(last, bytes):
            parts[-1] = last + piece.content
        else:
            parts.append(piece.content)
    return parts


def test_a_disk_that_takes_nothing_costs_the_output_and_not_the_status(
    supervisor: InProcess,
) -> None:
    (supervisor.state_dir / "logs").write_text("no folder")

    exited = supervisor.outcome("echo lost; exit 3")

    assert os.WEXITSTATUS(exited["status"]) == 3
    assert (exited["bytes"], exited["elided"], exited["output"]) == (5, 5, None)
    assert exited["last"] == "lost"


def test_a_log_of_an_earlier_history_with_the_same_number_is_replaced(
    supervisor: InProcess,
) -> None:
    folder = supervisor.state_dir / "logs/0"
    folder.mkdir(parents=True)
    for name in ("1.1.0.log", "1.1.0.idx", "1.1.777.log", "1.1.777.idx", "1.10.5.log"):
        (folder / name).write_text("stale")

    exited = supervisor.outcome("echo fresh")

    assert small(exited) == [(0, b"fresh\n")]
    assert sorted(path.name for path in folder.iterdir()) == [
        "1.1.0.idx",
        "1.1.0.log",
        "1.10.5.log",
    ]


def test_a_grandchild_that_holds_the_pipe_does_not_hold_up_the_end(
    supervisor: InProcess, tmp_path: Path
) -> None:
    done, pid = tmp_path / "done", tmp_path / "pid"
    background = f"sleep 0.2; seq 1 200000; : > {done}; exec sleep 60"

    exited = supervisor.outcome(f"sh -c '{background}' & echo $! > {pid}; echo parent")
    supervisor.ack()
    done_at_once, idle_at_once = done.exists(), supervisor.core.is_idle

    assert small(exited) == [(0, b"parent\n")]
    assert not done_at_once
    assert not idle_at_once
    supervisor.until(done.exists)  # it wrote more than a pipe holds, so somebody reads it
    os.kill(int(pid.read_text()), signal.SIGKILL)
    supervisor.until(lambda: supervisor.core.is_idle)


def test_a_job_may_close_its_output(supervisor: InProcess) -> None:
    exited = supervisor.outcome("echo before; exec >&- 2>&-; sleep 0.2; exit 6")

    assert os.WEXITSTATUS(exited["status"]) == 6
    assert small(exited) == [(0, b"before\n")]


def test_a_flood_is_bounded_and_others_are_served_meanwhile(supervisor: InProcess) -> None:
    supervisor.shell("head -c 300000000 /dev/zero", run=1, log_limit=1_000_000)
    supervisor.until(lambda: list(supervisor.state_dir.rglob("1.1.*.log")))
    before = resident()
    peak = before

    ended = []
    for run in range(2, 12):
        ended.append(supervisor.outcome("exit 0", run=run))
        peak = max(peak, resident())
    exited = supervisor.wait_for("exited", run=1)

    on_disk = sum(path.stat().st_size for path in supervisor.state_dir.rglob("*.log"))
    assert all(message["status"] == 0 for message in ended)
    assert exited["bytes"] == 300_000_000
    assert exited["elided"] == 300_000_000 - on_disk
    assert 870_000 <= on_disk <= 1_000_000
    assert max(peak, resident()) - before < 4096


def resident() -> int:
    """Return this process's resident memory in KiB."""
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0
