"""What one part of a configuration says of another: jobs that run after jobs, pools, defaults."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from flowcron.config.mistake import Mistake, located
from flowcron.config.positions import Path
from flowcron.config.sources import Source
from flowcron.config.wording import shown
from flowcron.domain.job import Overlap
from flowcron.domain.knots import cycles, unrelated
from flowcron.domain.names import did_you_mean
from flowcron.errors import Problem

_MOST_OF_CIRCLE = 8
_MOST_GUESSES = 50  # each looks at all names there are
_ONE_AT_A_TIME = (None, Overlap.SKIP, Overlap.QUEUE, Overlap.REPLACE)

Named = tuple[str, Path]
"""A name, and where it is written."""


@dataclass(frozen=True, slots=True)
class Known:
    """The names that are defined, and which of them were meant by some that are not."""

    names: frozenset[str]
    meant: dict[str, str | None]

    @staticmethod
    def of(names: frozenset[str], said: Iterable[str]) -> Known:
        """Look for what the names that are said and not defined are near to."""
        unknown = (name for name in dict.fromkeys(said) if name not in names)
        return Known(names, {n: did_you_mean(n, names) for n in islice(unknown, _MOST_GUESSES)})


def broken_links(sources: Sequence[Source]) -> Iterator[Problem]:
    """Yield every name of a job or pool that is not defined in any file, and every circle."""
    tables = [pair for source in sources for pair in tables_of(source, "jobs")]
    defaults = sources[0].table.get("defaults")
    defaults = defaults if isinstance(defaults, dict) else {}
    after = {
        name: tuple(each for each, _ in named(table.get("after"), ()) if each != name)
        for name, table in tables
    }
    jobs = Known.of(names_of(sources, "jobs"), chain.from_iterable(after.values()))
    pooled = (table.get("pool") for table in (defaults, *(table for _, table in tables)))
    pools = Known.of(names_of(sources, "pools"), (name for name in pooled if isinstance(name, str)))
    circles = {circle[0]: circle for circle in cycles(after)}
    strangers = frozenset(unrelated(after))
    for source in sources:
        mistakes = [
            mistake
            for name, table in tables_of(source, "jobs")
            for mistake in (
                *_of_after(name, table, jobs),
                *_of_pool(table.get("pool"), ("jobs", name, "pool"), pools),
                *_of_circle(name, circles.get(name)),
                *(_of_strangers(name, after[name], jobs) if name in strangers else ()),
                *_of_max_running(name, {"overlap": defaults.get("overlap")} | table),
            )
        ]
        if source is sources[0]:
            mistakes += _of_pool(defaults.get("pool"), ("defaults", "pool"), pools)
        yield from located(source, mistakes)


def _of_after(name: str, table: dict[str, Any], jobs: Known) -> Iterator[Mistake]:
    for upstream, path in named(table.get("after"), ("jobs", name, "after")):
        if upstream == name:
            message = f'job "{name}" cannot run after itself'
            help_ = 'to run again after each run write every = "5m" and every_from = "end"'
            yield Mistake("cycle", message, path, help_)
        elif upstream not in jobs.names:
            message = f'job "{name}" runs after {shown(upstream)}, which is not defined'
            help_ = jobs.meant.get(upstream) or "name a job of this configuration"
            yield Mistake("unknown-job", message, path, help_)


def _of_pool(pool: object, path: Path, pools: Known) -> Iterator[Mistake]:
    if isinstance(pool, str) and pool not in pools.names:
        help_ = pools.meant.get(pool) or f"define it: [pools] with {pool} = 1"
        yield Mistake("unknown-pool", f"there is no pool {shown(pool)}", path, help_)


def _of_circle(name: str, circle: tuple[str, ...] | None) -> Iterator[Mistake]:
    """Yield a circle, at the job of it that comes first."""
    if circle is not None:
        shown_first = circle[:_MOST_OF_CIRCLE]
        more = ("…",) if len(circle) > _MOST_OF_CIRCLE else ()
        message = f"these jobs wait for each other: {' → '.join((*shown_first, *more, name))}"
        help_ = "leave one of them out of the other's after"
        yield Mistake("cycle", message, ("jobs", name, "after"), help_)


def _of_strangers(name: str, upstreams: Sequence[str], jobs: Known) -> Iterator[Mistake]:
    """Yield a job that would wait for jobs that no chain has together."""
    names = " and ".join(each for each in upstreams if each in jobs.names)
    message = f"{names} never run in the same chain, so {name} cannot run after all of them"
    help_ = "let one of them run after the other, or all of them after one job"
    yield Mistake("unrelated", message, ("jobs", name, "after"), help_)


def _of_max_running(name: str, keys: dict[str, Any]) -> Iterator[Mistake]:
    """Yield a `max_running` of a job whose runs never overlap, as far as its overlap is a word."""
    if "max_running" in keys and keys["overlap"] in _ONE_AT_A_TIME:
        message, help_ = '"max_running" says nothing here', 'it goes with overlap = "allow"'
        yield Mistake("conflict", message, ("jobs", name, "max_running"), help_, at_key=True)


def tables_of(source: Source, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the jobs or the channels of a file that are tables, by name."""
    tables = source.table.get(kind)
    for name, table in tables.items() if isinstance(tables, dict) else ():
        if isinstance(table, dict):
            yield name, table


def names_of(sources: Sequence[Source], table: str) -> frozenset[str]:
    """Return the names of all tables of a kind, in whichever file."""
    found = (source.table.get(table) for source in sources)
    return frozenset(name for each in found if isinstance(each, dict) for name in each)


def named(value: object, path: Path) -> Iterator[Named]:
    """Yield the names of a text or of a list of texts, each with its place."""
    if isinstance(value, str):
        yield value, path
    for number, name in enumerate(value if isinstance(value, list) else ()):
        if isinstance(name, str):
            yield name, (*path, number)
