"""flowcron init: what it says to do next, and that its long form leaves nothing out."""

from __future__ import annotations

import os
import re
import tomllib
from typing import Any

import pytest
import tomli

from flowcron.config.load import load
from flowcron.config.schema import json_schema
from terminal import Cli


def whole(cli: Cli) -> str:
    """Return the long form with every key that is commented out in it."""
    assert cli.piped("init", "--full", "--force").code == 0
    text = (cli.folder / "schedules.toml").read_text(encoding="utf-8")
    text = text.replace('"nobody"', str(os.geteuid())).replace('"nogroup"', str(os.getegid()))
    return re.sub(r"^# (?=[a-z_.]+ = )", "", text, flags=re.MULTILINE)


def test_the_long_form_shows_every_key_there_is(cli: Cli) -> None:
    schema = json_schema()
    tables = {name: set(table["properties"]) for name, table in schema["$defs"].items()}

    shown = tomli.loads(whole(cli))

    assert set(shown) == set(schema["properties"])
    assert _keys(*shown["jobs"].values()) == tables["JobTable"]
    for key, table in (("retry", "RetryTable"), ("expect", "ExpectTable"), ("keep", "KeepTable")):
        assert _keys(*(job.get(key, 0) for job in shown["jobs"].values())) == tables[table]
    alerts = [job.get("alert", 0) for job in shown["jobs"].values()]
    assert _keys(*alerts) == tables["JobAlertTable"]
    assert _keys(*shown["alerts"].values()) == tables["AlertTable"]
    assert set(shown["smtp"]) == tables["SmtpTable"]
    assert set(shown["sentry"]) == tables["SentryTable"]
    assert set(shown["scheduler"]) == tables["SchedulerTable"]
    assert set(shown["history"]) == tables["HistoryTable"]


def test_the_long_form_is_right_also_with_every_key(cli: Cli) -> None:
    text = whole(cli)
    (cli.folder / "schedules.toml").write_text(text, encoding="utf-8")

    config = load(cli.folder / "schedules.toml")
    said = cli.piped("check")

    assert (said.code, len(config.jobs)) == (0, 8)
    assert "(8 example jobs)" in cli.on_terminal("init", "--full", "--force").out


@pytest.mark.parametrize("form", ["--minimal", "--full", "--force"])
def test_what_is_written_is_toml_of_the_first_version_too(cli: Cli, form: str) -> None:
    assert cli.piped("init", form).code == 0

    assert tomllib.loads((cli.folder / "schedules.toml").read_text(encoding="utf-8"))["jobs"]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ((), "flowcron"),
        (("sub/",), "flowcron -c sub/schedules.toml"),
        (("other name.toml",), "flowcron -c 'other name.toml'"),
        (("schedules.toml", "--db", "my.db"), "flowcron --db my.db"),
    ],
)
def test_the_next_steps_find_the_new_file(cli: Cli, arguments: tuple[str, ...], named: str) -> None:
    (cli.folder / "sub").mkdir()

    said = cli.on_terminal("init", *arguments)

    steps = f"{named} check · {named} run hello · {named} start"
    assert said.err == f"→ edit it, then: {steps}\n"


def _keys(*tables: Any) -> set[str]:
    return {key for table in tables if isinstance(table, dict) for key in table}
