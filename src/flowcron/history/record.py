"""Every write of runs and attempts; the caller holds the transaction."""

from __future__ import annotations

from typing import NamedTuple

from flowcron.domain.instant import Instant
from flowcron.domain.run import OPEN_STATES, State, Trigger
from flowcron.history.database import Connection

OPEN = ", ".join(f"'{state}'" for state in OPEN_STATES)


class NewRun(NamedTuple):
    """A run about to be recorded; `scheduled_at` is None for one that was started by hand."""

    job_id: int
    definition_id: int
    state: State
    trigger: Trigger
    recorded_at: Instant
    scheduled_at: Instant | None = None
    generation: int = 0
    reason: str | None = None
    covers: int | None = None
    requested_by: str | None = None
    owner: str | None = None
    retries: int = 1
    chain: int | None = None
    upstream: int | None = None
    retry_of: int | None = None
    alone: int = 0


class AttemptEnd(NamedTuple):
    """How one attempt ended, as it is written down."""

    run: int
    number: int
    state: State
    started_at: Instant | None
    finished_at: Instant
    exit_code: int | None = None
    signal: int | None = None
    reason: str | None = None
    last_line: str | None = None
    max_rss: int | None = None
    cpu: int | None = None
    output_bytes: int | None = None
    elided_bytes: int | None = None
    pid: int | None = None


def claim(connection: Connection, run: NewRun) -> int | None:
    """Record a run and return its id, or None when this scheduled time has its run already."""
    row = connection.execute(
        """
        INSERT INTO runs (job_id, definition_id, state, "trigger", recorded_at, scheduled_at,
                          generation, reason, covers, requested_by, owner, retries, chain,
                          upstream, retry_of, alone)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (scheduled_at, job_id, generation) DO NOTHING RETURNING id
        """,
        run,
    ).fetchone()
    return None if row is None else int(row[0])


def open_runs_of(connection: Connection, job_id: int) -> list[int]:
    """Return the runs of the job that are not over, oldest first."""
    rows = connection.execute(
        f"SELECT id FROM runs WHERE job_id = ? AND state IN ({OPEN}) ORDER BY id",  # noqa: S608 constants
        (job_id,),
    )
    return [run for (run,) in rows]


def has_foreground_runs(connection: Connection) -> bool:
    """Return whether a command runs anything in the foreground."""
    row = connection.execute(
        f"SELECT 1 FROM runs WHERE state IN ({OPEN}) AND owner IS NOT NULL LIMIT 1"  # noqa: S608 constants
    ).fetchone()
    return row is not None


def decided(connection: Connection, job_id: int, *, through: Instant) -> None:
    """Move the job's cursor: every scheduled time up to `through` has its run."""
    connection.execute("UPDATE jobs SET decided_through = ? WHERE id = ?", (through, job_id))


def new_generation(
    connection: Connection, job_id: int, *, generation: int, through: Instant
) -> None:
    """Record that the clock was set back: the job's times from `through` on are new ones."""
    connection.execute(
        "UPDATE jobs SET generation = ?, decided_through = ? WHERE id = ?",
        (generation, through, job_id),
    )


def retry_moved(connection: Connection, run: int, *, to: Instant) -> None:
    """Record another time for the next attempt of a run that waits for it."""
    connection.execute("UPDATE runs SET retry_at = ? WHERE id = ?", (to, run))


def booted(connection: Connection, job_id: int, *, boot: str) -> None:
    """Record that a job has had its run after this boot."""
    connection.execute("UPDATE jobs SET boot = ? WHERE id = ?", (boot, job_id))


def begin_attempt(
    connection: Connection, run: int, number: int, *, supervisor_id: int | None, token: str
) -> None:
    """Record an attempt that is about to be handed to a supervisor, or None yet."""
    connection.execute(
        """
        INSERT INTO attempts (run_id, number, state, supervisor_id, token)
        VALUES (?, ?, 'queued', ?, ?)
        """,
        (run, number, supervisor_id, token),
    )


def run_waits_no_more(connection: Connection, run: int) -> None:
    """Record that the next attempt of a run that had to wait is about to begin."""
    connection.execute(
        "UPDATE runs SET state = 'queued', retry_at = NULL, waits = NULL WHERE id = ?", (run,)
    )


def run_queued(connection: Connection, run: int, *, waits: str) -> None:
    """Record what a run waits for before its next attempt can begin."""
    connection.execute(
        "UPDATE runs SET state = 'queued', retry_at = NULL, waits = ? WHERE id = ?", (waits, run)
    )


def run_is_late(connection: Connection, run: int, *, by: int) -> None:
    """Record that a run started later than its job allows, by so many microseconds."""
    connection.execute("UPDATE runs SET late = ? WHERE id = ?", (by, run))


def run_is_slow(connection: Connection, run: int, *, at: Instant) -> None:
    """Record that a run goes on for longer than its job allows."""
    connection.execute("UPDATE runs SET slow_at = ? WHERE id = ?", (at, run))


def run_is_to_end(connection: Connection, run: int, *, by: str) -> None:
    """Record who asked for the end of a run that has a process, before the process is asked."""
    connection.execute("UPDATE runs SET cancelled_by = ? WHERE id = ?", (by, run))


def attempt_moved(
    connection: Connection, run: int, number: int, *, supervisor_id: int | None
) -> None:
    """Record that another supervisor looks after the attempt, or none yet."""
    connection.execute(
        "UPDATE attempts SET supervisor_id = ? WHERE run_id = ? AND number = ?",
        (supervisor_id, run, number),
    )


def attempt_dropped(connection: Connection, run: int, number: int) -> None:
    """Take back an attempt that provably never started."""
    connection.execute("DELETE FROM attempts WHERE run_id = ? AND number = ?", (run, number))


def attempt_started(
    connection: Connection,
    run: int,
    number: int,
    *,
    at: Instant,
    process: tuple[int, int | None, int | None],
) -> None:
    """Record that an attempt has a process: (pid, start time, inode of its pidfd)."""
    connection.execute(
        """
        UPDATE attempts SET
            state = 'running', started_at = ?, pid = ?, pid_started = ?, pid_inode = ?
        WHERE run_id = ? AND number = ? AND finished_at IS NULL
        """,
        (at, *process, run, number),
    )
    connection.execute(
        """
        UPDATE runs SET state = 'running', attempts = ?, started_at = coalesce(started_at, ?)
        WHERE id = ? AND state = 'queued'
        """,
        (number, at, run),
    )


def attempt_ended(connection: Connection, end: AttemptEnd) -> None:
    """Record how an attempt ended; what identified its process is no longer needed."""
    connection.execute(
        """
        UPDATE attempts SET
            state = ?, started_at = coalesce(?, started_at), finished_at = ?, exit_code = ?,
            signal = ?, reason = ?, last_line = ?, max_rss = ?, cpu = ?, output_bytes = ?,
            elided_bytes = ?, pid = coalesce(?, pid),
            token = NULL, pid_started = NULL, pid_inode = NULL
        WHERE run_id = ? AND number = ?
        """,
        (*end[2:], end.run, end.number),
    )


def run_ended(connection: Connection, end: AttemptEnd, *, reason: str | None) -> None:
    """Record that a run is over with its last attempt.

    A run that stands for very many missed times goes on saying so when all went well.
    """
    connection.execute(
        """
        UPDATE runs SET
            state = ?, attempts = ?, started_at = coalesce(started_at, ?), finished_at = ?,
            exit_code = ?, signal = ?, retry_at = NULL, waits = NULL,
            reason = CASE WHEN ? IS NULL AND reason LIKE 'stands for %' THEN reason ELSE ? END
        WHERE id = ?
        """,
        (
            end.state,
            end.number,
            end.started_at,
            end.finished_at,
            end.exit_code,
            end.signal,
            reason,
            reason,
            end.run,
        ),
    )


def run_retries(connection: Connection, end: AttemptEnd, *, retry_at: Instant) -> None:
    """Record that a run waits until its next attempt is due."""
    connection.execute(
        """
        UPDATE runs SET state = 'retrying', attempts = ?, started_at = coalesce(started_at, ?),
            exit_code = ?, signal = ?, reason = ?, retry_at = ?
        WHERE id = ?
        """,
        (end.number, end.started_at, end.exit_code, end.signal, end.reason, retry_at, end.run),
    )


def run_put_off(connection: Connection, run: int, *, until: Instant, waits: str) -> None:
    """Record that an attempt which could not begin is made again later, and what it waits for."""
    connection.execute(
        "UPDATE runs SET state = 'retrying', retry_at = ?, waits = ? WHERE id = ?",
        (until, waits, run),
    )


def run_closed(
    connection: Connection, run: int, *, state: State, at: Instant, reason: str | None
) -> None:
    """Record that a run is over without a further attempt: cancelled, missed or lost."""
    connection.execute(
        """
        UPDATE runs SET state = ?, finished_at = ?, reason = ?, retry_at = NULL, waits = NULL
        WHERE id = ?
        """,
        (state, at, reason, run),
    )


def keep_output(
    connection: Connection, run: int, number: int, *, output: bytes, pieces: bytes
) -> None:
    """Keep the output of an attempt in the history file itself."""
    connection.execute(
        "INSERT OR REPLACE INTO output (run_id, number, bytes, pieces) VALUES (?, ?, ?, ?)",
        (run, number, output, pieces),
    )


def event(connection: Connection, kind: str, text: str, *, at: Instant) -> None:
    """Record something that happened to the scheduler itself."""
    connection.execute("INSERT INTO events (at, kind, text) VALUES (?, ?, ?)", (at, kind, text))
