from __future__ import annotations

import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from flowcron.config.render import Role, lines_of, render
from flowcron.errors import Problem


def make_problem(source: str, *, column: int = 1, width: int = 1, line: int = 9) -> Problem:
    return Problem("duration", "it is wrong", "do it", "s.toml", line, column, width, source)


def test_a_problem_looks_like_a_compilers() -> None:
    source = 'retry   = { times = 3, delay = "10x" }'
    problem = Problem(
        "duration",
        '"10x" is not a duration',
        'write a number and a unit: "10s", "5m", "1h30m", "2d"',
        "schedules.toml",
        line=9,
        column=32,
        width=5,
        source=source,
    )

    text = render(problem)

    assert text == (
        'error[duration]: "10x" is not a duration\n'
        " --> schedules.toml:9:32\n"
        "  |\n"
        '9 | retry   = { times = 3, delay = "10x" }\n'
        "  |                                ^^^^^\n"
        '  = help: write a number and a unit: "10s", "5m", "1h30m", "2d"'
    )


def test_a_longer_line_number_makes_a_wider_margin() -> None:
    lines = render(make_problem("x = 1", line=1234)).split("\n")

    assert lines[1:4] == ["    --> s.toml:1234:1", "     |", "1234 | x = 1"]


def test_a_problem_without_a_place_names_its_file_alone() -> None:
    text = render(Problem("file", "cannot read it", file="s.toml"))

    assert text == "error[file]: cannot read it\n --> s.toml"


def test_a_warning_says_so() -> None:
    (title, *_) = lines_of(Problem("uneven-step", "odd", warning=True))

    assert title == ((Role.WARNING, "warning[uneven-step]"), (Role.MESSAGE, ": odd"))


def test_tabs_are_shown_as_spaces_and_the_caret_follows() -> None:
    assert excerpt("\tx\t= bad", column=6, width=3) == ("    x    = bad", "bad")


def test_wide_and_combining_characters_take_the_columns_that_they_take() -> None:
    source = 'n = "日本e\u0301", x = "10x"'

    _, caret = shown(make_problem(source, column=source.index('"10x"') + 1, width=5))

    assert caret == " " * (columns(source[: source.index('"10x"')])) + "^" * 5


def test_control_characters_are_made_visible() -> None:
    source, caret = shown(make_problem('a = "\x1b[31m\u202e" # x', column=5, width=8))

    assert source == 'a = "\\x1b[31m\\u202e" # x'
    assert caret == "    " + "^" * 16


def test_control_characters_in_a_message_are_made_visible() -> None:
    text = render(Problem("x", "a\x1b[2Jb", help="c\x07d", file="e\x9bf"))

    assert text == "error[x]: a\\x1b[2Jb\n --> e\\x9bf\n  = help: c\\x07d"


def test_a_very_long_line_is_cut_around_the_caret() -> None:
    source = "x" * 5_000 + "bad" + "y" * 5_000

    assert excerpt(source, column=5_001, width=3)[1] == "bad"


def test_a_mark_that_goes_on_beyond_the_cut_ends_with_it() -> None:
    text, caret = shown(make_problem("k = " + "v" * 900, column=5, width=900))

    assert len(text) <= 110
    assert len(caret) == 100


@given(
    source=st.text(st.characters(exclude_characters="\n"), max_size=300),
    column=st.integers(1, 301),
    width=st.integers(1, 310),
)
@settings(deadline=None)
def test_the_caret_is_always_under_the_line(source: str, column: int, width: int) -> None:
    text, caret = shown(make_problem(source, column=column, width=width))

    assert "^" in caret
    assert set(caret.lstrip()) == {"^"}
    assert columns(text) <= 102
    assert all(
        character.isprintable() or unicodedata.category(character)[0] == "M" for character in text
    )


def shown(problem: Problem) -> tuple[str, str]:
    """Return the line as shown, and the line of the caret."""
    lines = render(problem).split("\n")
    return lines[3].partition(" | ")[2], lines[4].partition(" | ")[2]


def excerpt(source: str, *, column: int, width: int) -> tuple[str, str]:
    """Return the line as shown, and what the caret marks in it."""
    text, caret = shown(make_problem(source, column=column, width=width))
    return text, text[caret.index("^") : caret.rindex("^") + 1]


def columns(text: str) -> int:
    """Return how many columns of the screen a text takes: a mark takes none, however many."""
    plain = [c for c in text if unicodedata.category(c) not in {"Mn", "Me"}]
    return len(plain) + sum(unicodedata.east_asian_width(c) in "WF" for c in plain)
