"""The end of an output, as it is told."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from flowcron.alerts.last_lines import LINES, MOST, READ, last_lines


def test_the_last_lines_are_told() -> None:
    output = b"".join(b"line %d\n" % number for number in range(1000))

    assert last_lines(output) == "\n".join(f"line {number}" for number in range(980, 1000))


def test_one_line_that_is_too_long_keeps_its_end() -> None:
    said = last_lines(b"x" * 5000 + "日本\n".encode())

    assert said.startswith("…x")
    assert said.endswith("日本")
    assert len(said.encode()) <= MOST


def test_lines_that_do_not_fit_are_left_out_whole() -> None:
    output = b"\n".join(b"%03d " % number + b"x" * 996 for number in range(20))

    assert [line[:4] for line in last_lines(output).split("\n")] == ["016 ", "017 ", "018 ", "019 "]


@given(
    st.binary(max_size=READ)
    | st.text(max_size=3000).map(lambda text: text.encode("utf-8", "replace"))
)
def test_whatever_is_written_what_is_told_is_short_and_harmless(output: bytes) -> None:
    said = last_lines(output)

    assert len(said.encode()) <= MOST
    assert said.count("\n") < LINES
    harmful = ("Cc", "Cf", "Zl", "Zp", "Cs", "Co", "Cn")
    assert all(char in "\n\t" or unicodedata.category(char) not in harmful for char in said)
