"""The table: one line a figure, and beneath it what a reader must know to believe it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from figure import Figure
from noise import QUIET

_HEADER = ("goal", "measure", "goal's figure", "measured", "ratio", "reached")


def table(figures: Sequence[Figure], *, machine: str) -> str:
    """Return a Markdown table with its notes."""
    rows = [_HEADER, *(_row(figure) for figure in figures)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "| " + " | ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join([*lines, "", *_notes(figures), machine])


def as_json(figures: Sequence[Figure], *, machine: str) -> dict[str, Any]:
    """Return the same for programs."""
    fields = Figure.__dataclass_fields__
    rows = [
        {name: _finite(getattr(figure, name)) for name in (*fields, "ratio", "reached")}
        for figure in figures
    ]
    return {"machine": machine, "figures": rows}


def _finite(value: object) -> object:
    """Return None for infinity, which JSON does not know: nothing was seen to start."""
    return None if isinstance(value, float) and math.isinf(value) else value


def _row(figure: Figure) -> tuple[str, ...]:
    beside = ""
    if figure.beside is not None:
        beside = f" ({figure.yardstick}: {_value(figure.beside, figure.unit)})"
    ratio = "-" if figure.ratio is None else f"{figure.ratio:.2f}"
    reached = "yes" if figure.reached else "no"
    if figure.missing:
        reached = f"no: {figure.missing} starts missing"
    return (
        str(figure.goal),
        figure.measure,
        figure.wanted,
        _value(figure.measured, figure.unit) + beside,
        ratio,
        reached + (" (noisy)" if figure.noisy else ""),
    )


def _value(value: float, unit: str) -> str:
    if math.isinf(value):
        return "none seen"
    digits = 0 if value >= 100 else 1
    return f"{value:.{digits}f} {unit}".rstrip()


def _notes(figures: Sequence[Figure]) -> list[str]:
    found = {f"{x.taken - x.rounds} of {x.taken} for goal {x.goal}": x for x in figures}
    left_out = ", ".join(text for text, figure in found.items() if figure.taken > figure.rounds)
    share = f"more than {QUIET:.0%} of the machine"
    return [
        f"Medians; rounds in which others used {share} are left out: {left_out or 'none here'}.",
        "noisy: no round was quiet, so all of them count; believe the ratio, not the time.",
    ]
