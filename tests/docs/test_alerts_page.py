"""docs/alerts.md: every key of alerts and every command about them is in it; examples work."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from flowcron.cli.alerts import command
from flowcron.config.load import load
from flowcron.config.schema import json_schema
from flowcron.domain.alerting import BY_DEFAULT, Event

PAGE = (Path(__file__).parents[2] / "docs" / "alerts.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
TABLES = json_schema()["$defs"]


@pytest.mark.parametrize("table", ["AlertTable", "JobAlertTable", "SentryTable"])
def test_every_key_is_in_an_example_or_explained(table: str) -> None:
    missing = [key for key in TABLES[table]["properties"] if not re.search(rf"\b{key}\b", PAGE)]

    assert missing == []


def test_every_command_is_explained_once() -> None:
    words = re.findall(r"^\| `flowcron alerts (\w+)", PAGE, re.MULTILINE)

    assert words == command.list_commands(command.make_context("alerts", ["list"]))


def test_every_event_is_explained_and_whether_it_is_told_by_default() -> None:
    rows = re.findall(r"^\| `(\w+)` \|.*\| (\w*) ?\|$", PAGE, re.MULTILINE)

    assert {word for word, _ in rows} == set(Event) - {Event.MAIL, Event.TEST}
    assert {word for word, told in rows if told == "yes"} == BY_DEFAULT


def test_the_examples_together_are_a_configuration(tmp_path: Path) -> None:
    path = tmp_path / "schedules.toml"
    path.write_text("\n".join(EXAMPLES), encoding="utf-8")

    config = load(path)

    assert len(config.channels) == 8
    assert {problem.code for problem in config.warnings} == {"unused-channel"}


def test_the_first_example_has_no_mistake(tmp_path: Path) -> None:
    path = tmp_path / "schedules.toml"
    path.write_text(EXAMPLES[0], encoding="utf-8")

    assert load(path).warnings == ()
