"""Going through all checks."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest

from flowcron.app.doctor.case import Case
from flowcron.app.doctor.examine import CHECKS, count, examine
from flowcron.app.doctor.finding import Finding, Level, well
from flowcron.cli.doctorlines import TOPICS
from flowcron.errors import FlowcronError
from looks import WELL, Looks


def test_every_check_finds_something_in_an_empty_folder_and_none_fails(looks: Looks) -> None:
    found = examine(looks.case())

    assert {each.check for each in found} == set(CHECKS)
    assert not [each for each in found if "cannot be checked" in each.finding.text]


def test_every_check_finds_something_in_a_project(looks: Looks) -> None:
    looks.configure(WELL)
    looks.story()

    found = examine(looks.case())

    assert {each.check for each in found} == set(CHECKS)
    assert not [each for each in found if "cannot be checked" in each.finding.text]


def test_what_is_not_well_says_how_to_mend_it(looks: Looks) -> None:
    looks.configure("[jobs")
    looks.history.parent.mkdir()
    looks.history.write_bytes(b"nonsense " * 200)

    bad = [each.finding for each in examine(looks.case()) if each.finding.level != Level.OK]

    assert len(bad) >= 2
    assert all(finding.fix for finding in bad)


@pytest.mark.parametrize(
    "error", [FlowcronError("locked"), OSError("no disk"), sqlite3.OperationalError("no table")]
)
def test_a_check_that_cannot_be_made_keeps_no_other_from_being_made(
    looks: Looks, error: Exception
) -> None:
    def broken(_case: Case) -> Iterator[Finding]:
        raise error

    found = examine(looks.case(), {"broken": broken, "other": lambda _: [well("fine")]})

    assert [each.check for each in found] == ["broken", "other"]
    assert str(error) in found[0].finding.text
    assert (count(found, Level.PROBLEM), count(found, Level.OK)) == (1, 1)


def test_every_check_has_its_place_on_the_screen() -> None:
    placed = [check for topic in TOPICS for check in topic]

    assert sorted(placed) == sorted(CHECKS)


def test_every_check_says_in_a_sentence_what_it_checks() -> None:
    assert all((check.__doc__ or "").startswith("Check that ") for check in CHECKS.values())
