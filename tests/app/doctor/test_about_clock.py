"""doctor on the clock."""

from __future__ import annotations

from datetime import timedelta

from flowcron.app.doctor.about_clock import clock, judge_keeping
from flowcron.app.doctor.finding import Level
from flowcron.history import record
from flowcron.history.ledger import CLOCK_STEP
from flowcron.system.timekeeping import Keeping
from looks import Looks
from rows import ago


def test_a_clock_that_nothing_keeps_right_is_a_warning() -> None:
    assert judge_keeping(Keeping(is_kept=False, error=timedelta(seconds=16))).level is Level.WARNING


def test_a_clock_that_is_kept_says_how_wrong_it_can_be() -> None:
    finding = judge_keeping(Keeping(is_kept=True, error=timedelta(milliseconds=12)))

    assert finding.level is Level.OK
    assert finding.text == "clock synchronised, at most 12ms wrong"


def test_a_system_that_does_not_tell_is_no_reason_to_complain() -> None:
    assert judge_keeping(None).level is Level.OK


def test_a_clock_that_was_set_lately_is_a_warning_and_one_of_long_ago_is_not(looks: Looks) -> None:
    db = looks.story().db
    record.event(db, CLOCK_STEP, "the clock was set forward by 1h", at=ago(days=30))
    assert "the clock was set" not in looks.findings(clock)[0].text

    record.event(db, CLOCK_STEP, "the clock was set back by 2h", at=ago(days=1))
    finding = looks.findings(clock)[0]

    assert finding.level is Level.WARNING
    assert finding.text.startswith("the clock was set once in 7 days, last 2026-11-21 18:48 UTC")
