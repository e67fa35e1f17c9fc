"""Tables on narrow and wide screens."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from flowcron.cli.table import Column, fitted, line_width
from flowcron.cli.text import Line, Span

COLUMNS = (
    Column("RUN", right=True),
    Column("JOB", minimum=4),
    Column("RESULT", minimum=10),
    Column("TRY", drop=1),
    Column("BY", drop=2),
)
ROW = tuple((Span(text),) for text in ("7", "a-long-name", "exit 1 · refused", "1/3", "schedule"))


def drawn(room: int | None, *rows: tuple[Line, ...]) -> list[str]:
    lines = fitted(COLUMNS, rows or (ROW,), room=room)
    return ["".join(span.text for span in line) for line in lines]


def test_on_a_wide_screen_nothing_is_cut() -> None:
    assert drawn(100) == [
        "RUN  JOB          RESULT            TRY  BY",
        "  7  a-long-name  exit 1 · refused  1/3  schedule",
    ]


def test_flexible_columns_shrink_before_columns_go() -> None:
    assert drawn(43) == [
        "RUN  JOB         RESULT       TRY  BY",
        "  7  a-long-na…  exit 1 · r…  1/3  schedule",
    ]


def test_the_least_important_column_goes_first() -> None:
    assert drawn(31)[0].split() == ["RUN", "JOB", "RESULT", "TRY"]
    assert drawn(24)[0].split() == ["RUN", "JOB", "RESULT"]


def test_a_firm_column_stays_whole_while_others_can_go() -> None:
    columns = (Column("RUN"), Column("JOB", minimum=4, firm=True), Column("TRY", drop=1))
    row = tuple((Span(text),) for text in ("7", "a-long-name", "1/3"))

    def names(room: int) -> str:
        return "".join(span.text for span in list(fitted(columns, [row], room=room))[1])

    assert names(21) == "7    a-long-name  1/3"
    assert names(20) == "7    a-long-name"
    assert names(14) == "7    a-long-n…"


def test_without_a_screen_nothing_is_cut() -> None:
    assert drawn(None) == drawn(1000)


@given(st.integers(17, 120), st.lists(st.text(alphabet="ab日é -", max_size=40), max_size=5))
@settings(deadline=None)
def test_no_line_is_longer_than_the_screen(room: int, names: list[str]) -> None:
    rows = [(ROW[0], (Span(name),), (Span(name * 2),), ROW[3], ROW[4]) for name in names]

    assert all(line_width(line) <= room for line in fitted(COLUMNS, rows or [ROW], room=room))
