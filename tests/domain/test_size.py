from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowcron.domain.size import SizeError, format_size, human_size, parse_size


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0B", 0),
        ("64KB", 64_000),
        ("1MB", 1_000_000),
        ("1MiB", 1_048_576),
        ("2GiB", 2 * 1024**3),
        ("1TB", 10**12),
    ],
)
def test_kb_counts_thousands_and_kib_counts_1024s(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("5", "5 has no unit", '"5B" or "5KB"'),
        ("5mb", '"5mb" is not a size', 'write "5MB"'),
        ("10 MiB", '"10 MiB" is not a size', 'write "10MiB"'),
        ("1.5GB", '"1.5GB" is not a size', '"10MB"'),
        ("", '"" is not a size', '"10MB"'),
        ("8388608TiB", '"8388608TiB" is too large', "8388607TiB"),
        ("9" * 5000 + "B", "is not a size", "write"),
    ],
)
def test_what_is_no_size_is_refused_with_what_to_write(text: str, message: str, hint: str) -> None:
    with pytest.raises(SizeError) as caught:
        parse_size(text)

    assert message in caught.value.message
    assert hint in caught.value.hint


@given(st.integers(0, 2**63 - 1))
@settings(deadline=None)
def test_a_formatted_size_reads_back_as_itself(size: int) -> None:
    assert parse_size(format_size(size)) == size


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (1, "1 byte"),
        (13, "13 bytes"),
        (999, "999 bytes"),
        (3_190, "3.1 KB"),
        (11_000, "11 KB"),
        (41_000_000, "41 MB"),
        (1_100_000_000_000, "1.1 TB"),
    ],
)
def test_a_screen_shows_a_size_with_two_figures_that_matter(size: int, text: str) -> None:
    assert human_size(size) == text
