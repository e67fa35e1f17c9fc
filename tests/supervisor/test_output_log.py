"""The log of one attempt, written and read."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from flowcron.supervisor.output import AttemptLog
from flowcron.supervisor.output_read import STDERR, STDOUT, Gap, LogReader, Piece, pieces_of
from flowcron.supervisor.output_resume import resume
from flowcron.supervisor.segment import RECORD

SECOND = 1_000_000
WRITES = st.lists(
    st.tuples(st.integers(0, 1), st.binary(min_size=1, max_size=60), st.integers(0, SECOND // 4)),
    max_size=40,
)


def write(log: AttemptLog, stream: int, content: bytes, at: int) -> None:
    log.write(memoryview(content), stream, at)


def read(base: str) -> list[Piece | Gap]:
    with LogReader(base) as reader:
        return list(reader.read())


@settings(deadline=None)
@given(writes=WRITES, limit=st.integers(8, 400))
def test_what_is_kept_is_what_was_written_but_for_one_gap(
    writes: list[tuple[int, bytes, int]], limit: int
) -> None:
    at = 0
    with tempfile.TemporaryDirectory() as folder:
        base = f"{folder}/logs/1.1"
        log = AttemptLog(base, limit)
        for stream, content, pause in writes:
            at += pause
            write(log, stream, content, at)
        log.close()
        found = read(base)
        on_disk = sum(path.stat().st_size for path in Path(folder).rglob("*.log"))

    written = b"".join(content for _, content, _ in writes)
    streams = b"".join(bytes([stream]) * len(content) for stream, content, _ in writes)
    place = 0
    for part in found:
        match part:
            case Gap(elided=count):
                place += count
            case Piece(stream=stream, content=content):
                assert written[place : place + len(content)] == content
                assert streams[place : place + len(content)] == bytes([stream]) * len(content)
                place += len(content)
    assert place == len(written) == log.total
    assert sum(part.elided for part in found if isinstance(part, Gap)) == log.elided
    assert log.elided == len(written) - on_disk
    assert on_disk <= limit
    assert sum(isinstance(part, Gap) for part in found) <= 1


@settings(deadline=None)
@given(writes=WRITES, limit=st.integers(8, 400))
def test_a_reader_that_follows_sees_what_one_that_waits_sees(
    writes: list[tuple[int, bytes, int]], limit: int
) -> None:
    followed = []
    with tempfile.TemporaryDirectory() as folder, LogReader(f"{folder}/1.1") as reader:
        log = AttemptLog(f"{folder}/1.1", limit)
        for number, (stream, content, _) in enumerate(writes):
            write(log, stream, content, number)
            followed += list(reader.read())
        log.close()
        end = reader.position

    written = b"".join(content for _, content, _ in writes)
    seen = sum(len(part.content) for part in followed if isinstance(part, Piece))
    assert end == len(written)
    assert seen + sum(part.elided for part in followed if isinstance(part, Gap)) == len(written)
    if len(written) <= limit // 2:
        assert b"".join(p.content for p in followed if isinstance(p, Piece)) == written


@settings(deadline=None)
@given(before=WRITES, after=WRITES, limit=st.integers(8, 400))
def test_a_log_goes_on_under_another_supervisor(
    before: list[tuple[int, bytes, int]], after: list[tuple[int, bytes, int]], limit: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        whole, halves = AttemptLog(f"{folder}/1.1", limit), AttemptLog(f"{folder}/2.1", limit)
        for stream, content, _ in before:
            write(whole, stream, content, 0)
            write(halves, stream, content, 0)
        halves.close()
        halves = resume(f"{folder}/2.1", limit, at=SECOND)
        for stream, content, _ in after:
            write(whole, stream, content, SECOND)
            write(halves, stream, content, SECOND)
        whole.close()
        halves.close()

        assert read(f"{folder}/1.1") == read(f"{folder}/2.1")
        assert (whole.total, whole.elided) == (halves.total, halves.elided)


def test_bytes_that_no_index_names_are_not_there_until_the_log_is_taken_over(
    tmp_path: Path,
) -> None:
    base = str(tmp_path / "1.1")
    log = AttemptLog(base, 1000)
    write(log, STDERR, b"named", 5)
    log.close()
    with (tmp_path / "1.1.0.log").open("ab") as file:
        file.write(b"unnamed")
    with (tmp_path / "1.1.0.idx").open("ab") as file:
        file.write(b"torn")
    first = read(base)

    resume(base, 1000, at=9).close()

    assert first == [Piece(5, STDERR, b"named")]
    assert read(base) == [Piece(5, STDERR, b"named"), Piece(9, STDOUT, b"unnamed")]


def test_a_reader_passes_by_what_was_deleted_meanwhile(tmp_path: Path) -> None:
    base = str(tmp_path / "1.1")
    log = AttemptLog(base, 80)
    write(log, STDOUT, b"h" * 40, 1)
    with LogReader(base) as reader:
        first = list(reader.read())
        write(log, STDOUT, b"x" * 400 + b"t" * 40, 2)
        second = list(reader.read())
    log.close()

    assert first == [Piece(1, STDOUT, b"h" * 40)]
    assert second == [Gap(400), *[Piece(2, STDOUT, b"t" * 10)] * 4]


def test_a_reader_may_begin_behind_what_it_has_seen(tmp_path: Path) -> None:
    base = str(tmp_path / "1.1")
    log = AttemptLog(base, 1000)
    write(log, STDOUT, b"one", 1)
    write(log, STDERR, b"two", 2)
    log.close()

    with LogReader(base, position=4) as reader:
        assert list(reader.read()) == [Piece(2, STDERR, b"wo")]


def test_what_is_missing_at_the_end_of_a_finished_log_is_a_gap(tmp_path: Path) -> None:
    base = str(tmp_path / "1.1")
    log = AttemptLog(base, 1000)
    write(log, STDOUT, b"kept", 1)
    log.close()

    with LogReader(base) as reader:
        list(reader.read())

        assert reader.rest(10) == Gap(6)
        assert reader.rest(4) is None


def test_a_log_that_does_not_exist_has_nothing_to_read(tmp_path: Path) -> None:
    assert read(str(tmp_path / "nowhere" / "1.1")) == []


def test_small_output_is_split_as_it_was_written() -> None:
    index = RECORD.pack(7, 3) + RECORD.pack(8, 2 | 1 << 31)

    assert list(pieces_of(b"outer", index)) == [Piece(7, STDOUT, b"out"), Piece(8, STDERR, b"er")]
