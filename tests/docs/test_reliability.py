"""Each promise and each fault in docs/reliability.md names tests that are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", PAGE)))


@pytest.mark.parametrize(("file", "test"), NAMED)
def test_a_test_that_is_named_is_there(file: str, test: str) -> None:
    source = (ROOT / file).read_text(encoding="utf-8")

    assert f"def {test or 'test_'}" in source


def test_each_fault_has_a_row_and_a_test() -> None:
    rows = dict(re.findall(r"^\| (\d+) \|(.*)$", PAGE, re.MULTILINE))

    assert [int(number) for number in rows] == list(range(1, 40))
    assert all("`tests/" in row for row in rows.values())
