"""What a terminal may get to see."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowcron.cli.text import cut, width
from flowcron.domain.text import visible, visible_in_line


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, [red]x[/a], 日本 é", "plain, [red]x[/a], 日本 é"),
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("bell \x07 back \x08 return \r c1 \x9b", "bell \\x07 back \\x08 return \\x0d c1 \\x9b"),
        ("turned \u202e round", "turned \\u202e round"),
        ("line \u2028 end", "line \\u2028 end"),
        ("private \ue000", "private \\ue000"),
        ("tag \U000e0041", "tag \\U000e0041"),
        ("no-break\u00a0space", "no-break\u00a0space"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        (b"caf\xc3\xa9 \xff\xfe", "café \\xff\\xfe"),
    ],
)
def test_only_text_reaches_the_screen(text: str | bytes, shown: str) -> None:
    assert visible(text) == shown


def test_in_a_cell_of_a_table_line_breaks_and_tabs_are_visible_too() -> None:
    assert visible_in_line("a\tb\nc") == "a\\tb\\nc"


@given(st.one_of(st.text(), st.binary()))
@settings(deadline=None)
def test_no_control_or_invisible_character_is_ever_left(text: str | bytes) -> None:
    shown = visible_in_line(text)

    forbidden = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert not [char for char in shown if unicodedata.category(char) in forbidden]


@given(st.text(alphabet="aé日本\u0301x "), st.integers(0, 20))
@settings(deadline=None)
def test_what_is_cut_fits(text: str, room: int) -> None:
    assert width(cut(text, room)) <= max(room, 0)


def test_wide_characters_take_two_cells_and_combining_ones_none() -> None:
    assert width("日本") == 4
    assert width("e\u0301") == 1
