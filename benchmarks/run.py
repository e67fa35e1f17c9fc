"""Measure flowcron against the goals of its design and print one table.

    python benchmarks/run.py                 everything, about six minutes
    python benchmarks/run.py --short         everything, about a minute
    python benchmarks/run.py --only 1,5      some goals
    python benchmarks/run.py --json          for programs

Linux, a C compiler, and flowcron installed in the Python that runs this; nothing else.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import burst
import idle
import restart
import single
import startup
from compiled import compile_programs
from figure import Figure
from session import LONG, SHORT, Lengths, Session, installed_flowcron
from table import as_json, table

MEASURES: dict[tuple[int, ...], Callable[[Session], list[Figure]]] = {
    (1, 3, 4): burst.argv_burst,
    (2,): burst.shell_burst,
    (5,): single.measure,
    (7,): idle.measure,
    (11,): startup.measure,
    (12,): restart.measure,
}
GOALS = tuple(sorted(goal for goals in MEASURES for goal in goals))


def main() -> int:
    """Measure what was asked for."""
    options = _options()
    if sys.platform != "linux":
        raise SystemExit("error: the benchmarks read /proc, so they need Linux")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that all contenders are ended
    with tempfile.TemporaryDirectory(prefix="flowcron-bench-", dir=options.dir) as made:
        folder = Path(made)
        session = Session(folder, compile_programs(folder), installed_flowcron(), _lengths(options))
        figures = _measure(session, options.only)
    machine = _machine()
    if options.json:
        print(json.dumps(as_json(figures, machine=machine), indent=2))
    else:
        print(table(figures, machine=machine))
    return 0


def _measure(session: Session, only: frozenset[int]) -> list[Figure]:
    figures = [
        figure
        for goals, measure in MEASURES.items()
        if only.intersection(goals)
        for figure in measure(session)
    ]
    return sorted((x for x in figures if x.goal in only), key=lambda x: x.goal)


def _lengths(options: argparse.Namespace) -> Lengths:
    lengths = SHORT if options.short else LONG
    return replace(lengths, rounds=options.repeats) if options.repeats else lengths


def _machine() -> str:
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"Machine: {os.cpu_count()} processors, Linux {platform.release()}, {python}."


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    all_goals = ",".join(map(str, GOALS))
    parser.add_argument(
        "--only", type=_goals, default=frozenset(GOALS), metavar="N,…", help=f"of {all_goals}"
    )
    parser.add_argument(
        "--repeats", type=_positive, metavar="N", help="quiet bursts and restarts to take"
    )
    parser.add_argument("--short", action="store_true", help="about a minute: an impression")
    parser.add_argument("--json", action="store_true", help="JSON instead of the table")
    parser.add_argument(
        "--dir", type=Path, help="where to work, on the disk that matters (the temporary folder)"
    )
    return parser.parse_args()


def _goals(text: str) -> frozenset[int]:
    goals = frozenset(map(int, text.split(",")))
    if unknown := goals - set(GOALS):
        raise argparse.ArgumentTypeError(f"no measure for {', '.join(map(str, sorted(unknown)))}")
    return goals


def _positive(text: str) -> int:
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


if __name__ == "__main__":
    sys.exit(main())
