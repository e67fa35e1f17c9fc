"""flowcron logs."""

from __future__ import annotations

import json
import threading
from contextlib import closing
from pathlib import Path

import pytest

from fakes import make_job
from flowcron.domain.run import State, log_name
from flowcron.history import record
from flowcron.history.database import identity, open_history, read_history, transaction
from flowcron.supervisor.segment import RECORD, STDERR_BIT, Segment
from rows import SUNDAY, Story, ago
from terminal import Cli, Said

OUT = b"plain \xff\xfe\x1b]0;owned\x07\n[red]x[/a]\n"
ERR = b"error: \xc3\xa9t\xc3\xa9\r\n"
REST = b"no end"


@pytest.fixture
def told(cli: Cli) -> Cli:
    """Return a command line with a failed run that wrote to both streams."""
    story = cli.story()
    story.configured(make_job("backup"), make_job("load"))
    run = story.run("backup", ago(hours=1), state=State.FAILED, output_bytes=len(OUT + ERR + REST))
    index = b"".join(
        RECORD.pack(ago(minutes=minute), length)
        for minute, length in ((59, len(OUT)), (58, len(ERR) | STDERR_BIT), (57, len(REST)))
    )
    story.output(run, OUT + ERR + REST, index)
    return cli


def test_on_a_terminal_lines_are_safe_and_stderr_is_marked(told: Cli) -> None:
    said = told.on_terminal("logs", "backup")

    assert said.lines == [
        "│ plain \\xff\\xfe\\x1b]0;owned\\x07",
        "│ [red]x[/a]",
        "┃ error: été",
        "│ no end",
    ]


def test_in_a_pipe_the_bytes_are_as_they_were_written(told: Cli) -> None:
    assert told.piped("logs", "1").bytes == OUT + ERR + REST
    assert told.on_terminal("logs", "1", "--raw").bytes == OUT + ERR + REST


def test_streams_lines_and_times_can_be_chosen(told: Cli) -> None:
    assert told.piped("logs", "--stderr").bytes == ERR
    assert told.piped("logs", "--stdout").bytes == OUT + REST
    assert told.piped("logs", "-n", "2").bytes == ERR + REST
    assert told.piped("logs", "-n", "0").bytes == b""
    assert told.piped("logs", "--stdout", "-n", "2").bytes == b"[red]x[/a]\nno end"
    assert told.piped("logs", "-t", "--stderr").out == ("2026-11-22T18:50:19+01:00  error: été\n")


def test_programs_get_a_record_for_each_line(told: Cli) -> None:
    said = json.loads(told.piped("logs", "backup", "--stderr", "--json").out)

    assert said == {
        "schema": "flowcron.logs/1",
        "lines": [
            {
                "run": 1,
                "job": "backup",
                "attempt": 1,
                "at": "2026-11-22T18:50:19+01:00",
                "stream": "stderr",
                "text": "error: été\r",
                "elided": None,
            }
        ],
    }


def test_lines_of_another_day_have_its_date_on_a_terminal(told: Cli) -> None:
    story = told.story()
    run = story.run("load", ago(days=2))
    story.output(run, b"loaded\n", RECORD.pack(ago(days=2), 7))

    assert told.on_terminal("logs", "backup", "-t").lines[-1] == "│ 18:51:19  no end"
    assert told.on_terminal("logs", "load", "-t").lines == ["│ 2026-11-20 19:48:19  loaded"]


def test_an_attempt_that_there_is_not_is_said_with_those_there_are(told: Cli) -> None:
    story = told.story()
    run = story.run("load", ago(minutes=5), retries=2)

    one, three = (
        told.piped("logs", "1", "--attempt", "9"),
        told.piped("logs", "load", "--attempt=4"),
    )

    assert one.code == three.code == 4
    assert "run 1 has no attempt 9\n→ it has one attempt\n" in one.err
    assert f"run {run} has no attempt 4\n→ it has the attempts 1 to 3\n" in three.err
    assert told.piped("logs", "load", "--attempt", "3").code == 0


def test_several_jobs_are_told_apart(told: Cli) -> None:
    story = told.story()
    run = story.run("load", ago(minutes=5))
    story.output(run, b"loaded\n", RECORD.pack(ago(minutes=5), 7))

    said = told.on_terminal("logs", "backup", "load")

    assert "backup │ no end" in said.lines
    assert "load   │ loaded" in said.lines


def test_the_latest_run_that_could_write_is_meant(told: Cli) -> None:
    told.story().claimed("backup", ago(minutes=1), state=State.SKIPPED)

    assert told.piped("logs", "backup").bytes == OUT + ERR + REST


def test_since_means_all_runs(told: Cli) -> None:
    story = told.story()
    run = story.run("backup", ago(minutes=5))
    story.output(run, b"again\n", RECORD.pack(ago(minutes=5), 6))

    assert told.piped("logs", "backup", "--since", "2h").bytes == OUT + ERR + REST + b"again\n"


def test_a_run_without_output_and_an_unknown_one(told: Cli) -> None:
    told.story().run("load", ago(minutes=5))

    assert told.piped("logs", "load").out == ""
    assert told.piped("logs", "load").code == 0
    assert told.piped("logs", "4711").code == 4
    assert told.piped("logs", "laod").code == 4


def test_what_was_left_out_is_said(cli: Cli) -> None:
    story = _running(cli)
    begin, end = (Segment(_base(cli), start) for start in (0, 3_000))
    begin.append(memoryview(b"begin\n"), 0, ago(minutes=1))
    end.append(memoryview(b"end\n"), 0, ago(minutes=1))
    for segment in (begin, end):
        segment.close()
    _end(story.path, output_bytes=3_004)

    said = cli.on_terminal("logs", "1")

    assert said.lines == ["│ begin", "│ … 2.9 KB not kept", "│ end"]
    assert cli.on_terminal("logs", "1", "-n", "2").lines == said.lines
    assert cli.on_terminal("logs", "1", "-n", "1").lines == ["│ end"]


def test_what_was_left_out_is_said_beside_exact_bytes_and_in_records(cli: Cli) -> None:
    story = _running(cli)
    begin, end = (Segment(_base(cli), start) for start in (0, 3_000))
    begin.append(memoryview(b"begin\n"), 0, ago(minutes=1))
    end.append(memoryview(b"end\n"), 0, ago(minutes=1))
    for segment in (begin, end):
        segment.close()
    _end(story.path, output_bytes=3_004)

    raw = cli.piped("logs", "1")
    records = json.loads(cli.piped("logs", "1", "--json", "text,elided").out)["lines"]
    two = cli.piped("logs", "1", "-n", "1", "--format", "jsonl").lines

    assert raw.bytes == b"begin\nend\n"
    assert raw.err == "warning: run 1: 2.9 KB (2 994 bytes) not kept after the first 6 bytes\n"
    assert cli.piped("logs", "1", "-q").err == ""
    assert records == [
        {"text": "begin", "elided": None},
        {"text": None, "elided": 2_994},
        {"text": "end", "elided": None},
    ]
    assert [json.loads(line)["text"] for line in two] == ["end"]


def test_following_shows_what_comes_until_the_run_is_over(cli: Cli) -> None:
    story = _running(cli)
    segment = Segment(_base(cli), 0)
    segment.append(memoryview(b"first\n"), 0, ago(minutes=1))

    def go_on() -> None:
        segment.append(memoryview(b"second\n"), 1, SUNDAY)
        segment.close()
        _end(story.path, output_bytes=13)

    later = threading.Timer(0.3, go_on)
    later.start()
    said = cli.on_terminal("logs", "-f")
    later.join()

    assert said.lines == ["│ first", "┃ second"]
    assert "backup ── ✓ run 1 ok in 1m 00s ──" in said.err


def test_following_says_once_what_a_run_waits_for(cli: Cli) -> None:
    story = _running(cli)
    story.mark(1, state="queued", waits="pool db: 1 of 1 in use")
    later = threading.Timer(0.3, lambda: _end(story.path, output_bytes=0))

    later.start()
    said = cli.on_terminal("logs", "-f", "1")
    later.join()

    assert said.err.count("○ run 1 waits for pool db: 1 of 1 in use\n") == 1


def test_following_goes_on_where_a_small_log_moved_into_the_history(cli: Cli) -> None:
    story = _running(cli)
    segment = Segment(_base(cli), 0)
    segment.append(memoryview(b"first\n"), 0, ago(minutes=1))

    def go_on() -> None:
        segment.close()
        index = RECORD.pack(ago(minutes=1), 6) + RECORD.pack(SUNDAY, 7)
        _end(story.path, output_bytes=13, kept=(b"first\nsecond\n", index))
        for file in Path(_base(cli)).parent.iterdir():
            file.unlink()

    later = threading.Timer(0.3, go_on)
    later.start()
    said: Said = cli.piped("logs", "-f", "1")
    later.join()

    assert said.bytes == b"first\nsecond\n"


def test_following_nothing_ends_at_once(told: Cli) -> None:
    assert told.on_terminal("logs", "-f").code == 0


def _running(cli: Cli) -> Story:
    story = cli.story()
    story.configured(make_job("backup"))
    story.running("backup", ago(minutes=1))
    Path(_base(cli)).parent.mkdir(parents=True)
    return story


def _base(cli: Cli) -> str:
    with closing(read_history(cli.history)) as history:
        return str(cli.history.parent / log_name(1, 1, history=identity(history)))


def _end(history: Path, *, output_bytes: int, kept: tuple[bytes, bytes] | None = None) -> None:
    """Record the end of run 1 as the scheduler would, from its own connection."""
    end = record.AttemptEnd(
        1,
        1,
        State.SUCCESS,
        finished_at=SUNDAY,
        started_at=ago(minutes=1),
        exit_code=0,
        output_bytes=output_bytes,
    )
    connection = open_history(history)
    with transaction(connection):
        record.attempt_ended(connection, end)
        record.run_ended(connection, end, reason=None)
        if kept is not None:
            record.keep_output(connection, 1, 1, output=kept[0], pieces=kept[1])
    connection.close()
