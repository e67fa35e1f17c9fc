"""What runs elsewhere: runs of other processes count for overlap and in pools like one's own."""
# ruff: noqa: S608 statements are put together from the constants here; values are always bound

from __future__ import annotations

from flowcron.history.database import Connection
from flowcron.history.record import OPEN

# A scheduler has in memory all that is not some command's; a command only what is its own.
_BESIDE_A_SCHEDULER = f"runs.owner IS NOT NULL AND runs.state IN ({OPEN})"
_BESIDE_A_COMMAND = f"runs.owner IS NOT ? AND runs.state IN ({OPEN})"


def open_elsewhere(
    connection: Connection, job_id: int, *, owner: str | None, run: int
) -> list[int]:
    """Return the runs of a job that go before `run`, but for those of `owner` (None: a scheduler).

    These are all that have begun, and the older ones of those that wait: of two processes whose
    runs wait, one at least then goes on.
    """
    where, values = _elsewhere(owner)
    rows = connection.execute(
        f"""
        SELECT id FROM runs WHERE job_id = ? AND {where}
        AND (id < ? OR EXISTS (SELECT 1 FROM attempts WHERE run_id = runs.id)) ORDER BY id
        """,
        (job_id, *values, run),
    )
    return [each for (each,) in rows]


def attempts_elsewhere(connection: Connection, pool: str | None, *, owner: str | None) -> int:
    """Return how many runs of others have a process, of the jobs in a pool or of all."""
    where, values = _elsewhere(owner)
    (count,) = connection.execute(
        f"""
        SELECT count(*) FROM runs JOIN definitions ON definitions.id = runs.definition_id
        WHERE {where} AND coalesce(definitions.body ->> '$.pool' = ?, ? IS NULL)
        AND EXISTS (SELECT 1 FROM attempts WHERE run_id = runs.id
                    AND attempts.state IN ('queued', 'running'))
        """,
        (*values, pool, pool),
    ).fetchone()
    return int(count)


def _elsewhere(owner: str | None) -> tuple[str, tuple[str, ...]]:
    return (_BESIDE_A_SCHEDULER, ()) if owner is None else (_BESIDE_A_COMMAND, (owner,))
