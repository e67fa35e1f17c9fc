"""docs/configuration.md: every key that is available is in it, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from flowcron.config.load import load
from flowcron.config.notyet import NOT_YET
from flowcron.config.schema import json_schema

PAGE = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (.*)\n((?:(?!## ).*\n)*)", PAGE, re.MULTILINE))
SCHEMA = json_schema()
TABLES = {
    "The file": SCHEMA,
    "[jobs.NAME]": SCHEMA["$defs"]["JobTable"],
    "retry": SCHEMA["$defs"]["RetryTable"],
    "expect": SCHEMA["$defs"]["ExpectTable"],
    "keep": SCHEMA["$defs"]["KeepTable"],
    "alert": SCHEMA["$defs"]["JobAlertTable"],
    "[alerts.NAME]": SCHEMA["$defs"]["AlertTable"],
    "[smtp]": SCHEMA["$defs"]["SmtpTable"],
    "[sentry]": SCHEMA["$defs"]["SentryTable"],
    "[scheduler]": SCHEMA["$defs"]["SchedulerTable"],
    "[history]": SCHEMA["$defs"]["HistoryTable"],
}


def keys_in(section: str) -> list[str]:
    return re.findall(r"^\| `(\w+)` \|", SECTIONS[section], re.MULTILINE)


def words_in(section: str) -> set[str]:
    return set(re.findall(r"`\[*([a-z_]+)", SECTIONS[section]))


@pytest.mark.parametrize("section", sorted(TABLES))
def test_every_key_is_explained_once_and_every_key_that_is_explained_exists(section: str) -> None:
    assert sorted(keys_in(section)) == sorted(TABLES[section]["properties"])


def test_every_table_of_the_schema_has_a_section() -> None:
    described = {id(table) for table in TABLES.values()}

    missing = [name for name, table in SCHEMA["$defs"].items() if id(table) not in described]

    assert missing == ["DefaultsTable"]


def test_the_defaults_are_told_by_what_is_not_in_them() -> None:
    of_jobs = set(TABLES["[jobs.NAME]"]["properties"])
    of_defaults = set(SCHEMA["$defs"]["DefaultsTable"]["properties"])

    assert of_defaults < of_jobs
    assert words_in("[defaults]") - {"env", "secrets"} == of_jobs - of_defaults


def test_what_is_not_available_is_named() -> None:
    keys = {name.partition(".")[2] for name in NOT_YET}

    assert words_in("Not in this version") == keys


@pytest.mark.parametrize(
    "row", re.findall(r"^\| `(\w+)` \| ((?:`\"\w+\"` ?)+)\|", PAGE, re.MULTILINE), ids=str
)
def test_the_words_of_a_key_are_those_of_the_schema(row: tuple[str, str]) -> None:
    key, written = row
    found: list[Any] = [t["properties"][key] for t in TABLES.values() if key in t["properties"]]

    words = re.findall(r'"(\w+)"', written)

    assert words in [each.get("enum", [each.get("const")]) for each in found]


def test_the_example_has_no_mistake(tmp_path: Path) -> None:
    path = tmp_path / "schedules.toml"
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    path.write_text(example, encoding="utf-8")

    assert load(path).warnings == ()
