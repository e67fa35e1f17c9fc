from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes import NOON
from flowcron.domain.expectation import Facts, FoundFile, unmet
from flowcron.domain.instant import SECOND
from flowcron.domain.job import Expectation

DUMP = "/backup/shop.sql.zst"
MB = 1_000_000


def found(path: str = DUMP, *, size: int = 0, seconds: float = 0) -> FoundFile:
    """Return a file that was changed so many seconds after the attempt's start."""
    return FoundFile(path, size, (NOON + int(seconds * SECOND)) * 1000)


def verdict(expect: dict[str, Any], **facts: Any) -> str | None:
    return unmet(Expectation(**expect), Facts(NOON, **facts))


@pytest.mark.parametrize(
    ("expect", "facts", "reason"),
    [
        ({"file": DUMP}, {"files": (found(),)}, None),
        ({"file": DUMP}, {"pattern": DUMP}, f"there is no file {DUMP}"),
        ({"file": "x"}, {"pattern": "/b/s-*.zst"}, "no file matches /b/s-*.zst"),
        (
            {"file": DUMP, "min_size": MB},
            {"files": (found(),)},
            f"{DUMP} is empty (expected at least 1.0 MB)",
        ),
        (
            {"file": DUMP, "min_size": MB},
            {"files": (found(size=13),)},
            f"{DUMP} is 13 bytes (expected at least 1.0 MB)",
        ),
        (
            {"file": DUMP, "min_size": 1024},
            {"files": (found(size=1023),)},
            f"{DUMP} is 1023 bytes (expected at least 1024 bytes)",
        ),
        ({"file": DUMP, "min_size": MB}, {"files": (found(size=MB),)}, None),
        ({"file": DUMP, "fresh": True}, {"files": (found(),)}, None),
        ({"file": DUMP, "fresh": True}, {"files": (found(seconds=-1),)}, None),
        (
            {"file": DUMP, "fresh": True},
            {"files": (found(seconds=-1.1),)},
            f"{DUMP} was not changed by this run",
        ),
        ({"min_output": 1000}, {"written": 1000}, None),
        (
            {"min_output": 1000},
            {"written": 0},
            "wrote 0 bytes, expected at least 1.0 KB",
        ),
        ({"stdout_match": "^done"}, {"stdout": "x\ndone 5\n"}, None),
        ({"stdout_match": "^done"}, {"stdout": "not done"}, 'stdout does not match "^done"'),
        (
            {"stdout_match": "^done"},
            {"stdout": "x", "elided": 12 * MB},
            'stdout does not match "^done"; 12 MB of the output were not kept',
        ),
        ({"stdout_not_match": "ERROR"}, {"stdout": "fine"}, None),
        ({"stdout_not_match": "ERROR"}, {"stdout": "an ERROR"}, 'stdout matches "ERROR"'),
        ({"stdout_match": "x", "stdout_not_match": "y"}, {"stdout": "x"}, None),
    ],
)
def test_the_reason_names_what_is_not_as_expected(
    expect: dict[str, Any], facts: dict[str, Any], reason: str | None
) -> None:
    assert verdict(expect, **facts) == reason


def test_one_file_of_a_glob_that_is_all_that_is_expected_is_enough() -> None:
    expect = {"file": "x", "fresh": True, "min_size": 10}
    old, small, good = found("/old", size=20, seconds=-60), found("/small"), found("/good", size=10)

    assert verdict(expect, files=(old, small, good)) is None
    assert verdict(expect, files=(old, small)) == "/small is empty (expected at least 10 bytes)"


SIZES = st.integers(0, 3 * MB)
FILES = st.builds(found, st.sampled_from("abc"), size=SIZES, seconds=st.floats(-5, 5))


@given(st.lists(FILES, max_size=4), SIZES, st.booleans())
def test_it_is_met_exactly_when_some_file_meets_all_of_it(
    files: list[FoundFile], least: int, fresh: bool
) -> None:
    reason = verdict({"file": "x", "min_size": least, "fresh": fresh}, files=tuple(files))

    good = any(
        file.size >= least and (not fresh or file.changed_at >= (NOON - SECOND) * 1000)
        for file in files
    )
    assert (reason is None) == good


@given(st.lists(FILES, min_size=1, max_size=4), SIZES)
def test_the_reason_speaks_of_the_newest_file(files: list[FoundFile], least: int) -> None:
    reason = verdict({"file": "x", "min_size": least}, files=tuple(files))

    newest = max(file.changed_at for file in files)
    assert reason is None or reason[0] in {f.path for f in files if f.changed_at == newest}
