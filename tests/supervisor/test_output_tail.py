"""The end of a log, read alone."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from flowcron.supervisor.output import AttemptLog
from flowcron.supervisor.output_read import Gap, LogReader
from flowcron.supervisor.output_tail import tail_of
from flowcron.supervisor.segment import RECORD

PIECES = st.lists(st.binary(min_size=1, max_size=60), max_size=40)


@settings(deadline=None)
@given(pieces=PIECES, limit=st.integers(8, 400), most=st.integers(1, 300))
def test_the_end_of_a_log_is_what_a_reader_reads_last(
    pieces: list[bytes], limit: int, most: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        base = f"{folder}/logs/1.1"
        log = AttemptLog(base, limit)
        for piece in pieces:
            log.write(memoryview(piece), 0, 0)
        log.close()
        with LogReader(base) as reader:
            whole = list(reader.read())
        tail = tail_of(base, most=most)

    after_gap = b""
    for part in whole:
        after_gap = b"" if isinstance(part, Gap) else after_gap + part.content
    assert tail == after_gap[-most:]


def test_a_log_that_is_not_there_has_no_end(tmp_path: Path) -> None:
    assert tail_of(str(tmp_path / "logs" / "1.1"), most=100) == b""


def test_of_a_huge_log_only_the_end_is_read(tmp_path: Path) -> None:
    size = 500_000_000
    with (tmp_path / "1.1.0.log").open("wb") as log:
        log.seek(size - 5)
        log.write(b"done\n")
    (tmp_path / "1.1.0.idx").write_bytes(RECORD.pack(0, size))

    assert tail_of(str(tmp_path / "1.1"), most=9) == b"\0\0\0\0done\n"
