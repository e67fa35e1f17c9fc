"""Who schedules and supervises: one row for each start of a scheduler or supervisor."""

from __future__ import annotations

from dataclasses import dataclass

from flowcron.domain.instant import Instant
from flowcron.history.database import Connection


@dataclass(frozen=True, slots=True)
class SchedulerRecord:
    """One start of a scheduler; its id is its epoch."""

    id: int
    pid: int
    boot: str
    host: str
    version: str
    config: str
    config_digest: str
    loaded_at: Instant
    started_at: Instant
    stopped_at: Instant | None
    stop_reason: str | None


def scheduler_started(  # noqa: PLR0913 one argument a column
    connection: Connection,
    *,
    pid: int,
    boot: str,
    host: str,
    version: str,
    config: str,
    digest: str,
    at: Instant,
) -> int:
    """Record a start and return its epoch, which is greater than all before it."""
    (epoch,) = connection.execute(
        """
        INSERT INTO schedulers (pid, boot, host, version, config, config_digest, loaded_at,
                                started_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id
        """,
        (pid, boot, host, version, config, digest, at, at),
    ).fetchone()
    return int(epoch)


def configuration_loaded(connection: Connection, epoch: int, *, digest: str, at: Instant) -> None:
    """Record which configuration a scheduler uses now."""
    connection.execute(
        "UPDATE schedulers SET config_digest = ?, loaded_at = ? WHERE id = ?", (digest, at, epoch)
    )


def scheduler_stopped(connection: Connection, epoch: int, *, at: Instant, reason: str) -> None:
    """Record an orderly end."""
    connection.execute(
        "UPDATE schedulers SET stopped_at = ?, stop_reason = ? WHERE id = ?", (at, reason, epoch)
    )


def last_scheduler(connection: Connection) -> SchedulerRecord | None:
    """Return the scheduler that started last, or None when there never was one."""
    row = connection.execute(
        """
        SELECT id, pid, boot, host, version, config, config_digest, loaded_at, started_at,
               stopped_at, stop_reason
        FROM schedulers ORDER BY id DESC LIMIT 1
        """
    ).fetchone()
    return None if row is None else SchedulerRecord(*row)


def stopped_orderly(connection: Connection) -> bool:
    """Return whether the scheduler that started last recorded its end."""
    row = connection.execute(
        "SELECT stopped_at IS NOT NULL FROM schedulers ORDER BY id DESC LIMIT 1"
    ).fetchone()
    return row is not None and bool(row[0])


def supervisor_seen(
    connection: Connection, instance: str, *, boot: str, pid: int, at: Instant
) -> int:
    """Record a supervisor, new or known, and return its id."""
    (supervisor,) = connection.execute(
        """
        INSERT INTO supervisors (instance, boot, pid, seen_at) VALUES (?, ?, ?, ?)
        ON CONFLICT (instance) DO UPDATE SET seen_at = excluded.seen_at RETURNING id
        """,
        (instance, boot, pid, at),
    ).fetchone()
    return int(supervisor)
