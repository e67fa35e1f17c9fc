from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowcron.config.load import load
from flowcron.config.notyet import NOT_YET
from flowcron.config.schema import json_schema
from flowcron.errors import ConfigError
from toml_texts import toml_document

SCHEMA = json_schema()
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

DURATIONS = ["5s", "1h30m", "0s", "000ms", "5", "", "1M", "1.5h", "-5s", "5 m", "1h ", "36525d", 5]
SIZES = ["10MB", "1KiB", "0B", "10mb", "1.5MB", "MB", "", 10]
NAMES = ["a", "backup-1", "A_b", "x" * 64, "x" * 65, "2fast", "", "a b", "a.b", "é", "-a"]
TEXTS = ["", "x", "日本", "\x00", "a\nb", "\x7f\u202e", " "]
WRONG = [True, False, 0, -1, 1.5, "", "x", [], [1], ["x"], {}, {"x": 1}, [[]], 2**70]
CODES = [[0], [255, 1], [256], [-1], [], [0.5], ["1"], [True], 0]
TABLES_OF_TEXTS = [{}, {"A": "b"}, {"A": 5}, {"A=B": "x"}, {"": "x"}, {"é": "\x00"}, {"a b": ""}]
LISTS_OF_TEXTS = [["x"], ["x", ""], ["", "x"], [], ["\x00"], ["x", 5], ["日本"]]


def mostly(*good: Any, also: Any = WRONG) -> st.SearchStrategy[Any]:
    """Return a strategy that gives good values nearly always, and otherwise any of `also`."""
    return st.integers(0, 19).flatmap(
        lambda chance: st.sampled_from([*good, *also] if chance == 19 else good)
    )


RETRIES = st.fixed_dictionaries(
    {"times": mostly(0, 3, also=[-1, 10**7, "3", True])},
    optional={
        "delay": mostly("5s", also=DURATIONS),
        "backoff": mostly(1, 2, 1.5, also=[0.5, 1001, "2", True]),
        "max_delay": mostly("5s", also=DURATIONS),
        "jitter": mostly(0, 1, 0.2, also=[1.5, -0.1, "x"]),
        "on": mostly(["failure"], ["timeout", "failure"], also=[[], ["x"], "failure", [1]]),
        "exit_codes": mostly([5], also=CODES),
        "stop_exit_codes": mostly([5], also=CODES),
    },
)
SHARED = {
    "timezone": mostly("Europe/Berlin", "UTC", also=[5, True, ["UTC"], {}]),
    "timeout": mostly("5m", also=DURATIONS),
    "kill_after": mostly("5s", "0s", also=DURATIONS),
    "retry": mostly(0, 3, also=[-1, 1.5, "3", True, [], 10**6, 10**6 + 1])
    | RETRIES
    | st.just({"delay": "5s"}),
    "overlap": mostly("skip", also=["queue", "allow", "replace", "x", 5]),
    "missed": mostly("once", "all", "skip"),
    "missed_within": mostly("1d", also=DURATIONS),
    "success_codes": mostly([0], also=CODES),
    "cwd": mostly("x", also=[*TEXTS, *WRONG]),
    "env": mostly({"A": "b"}, also=TABLES_OF_TEXTS),
    "log_limit": mostly("10MB", also=SIZES),
    "enabled": mostly(True, False),
    "tags": mostly(["db"], [], also=[["a b"], [""], ["x" * 65], ["1.a_-"], "db", [5]]),
    "runbook": mostly("x", "日本", " ", also=[*TEXTS, *WRONG]),
    "shell": mostly(["sh", "-c"], also=LISTS_OF_TEXTS),
}
NOT_THERE = {
    name.removeprefix("job."): st.sampled_from(WRONG)
    for name in sorted(NOT_YET)
    if name.startswith("job.") and "=" not in name
}
COMMANDS = mostly("true", ["true", ""], also=[*TEXTS, *LISTS_OF_TEXTS, 5, {}])
CRONS = mostly(
    "@daily", ["0 3 * * *", "@every 5m"], also=[[], 5, True, {}, [5], "@reboot", ["@reboot "]]
)
JOBS = st.fixed_dictionaries(
    {"command": COMMANDS},
    optional=SHARED
    | {
        "cron": CRONS,
        "every": mostly("5m", "366d", also=["5", "", 5, "0s", "5 m", True]),
        "description": mostly("x", "日本", " ", also=[*TEXTS, *WRONG]),
    },
)
FEW_KEYS = st.fixed_dictionaries({}, optional={"command": COMMANDS, "cron": CRONS} | NOT_THERE)
OTHERS = {
    "include": mostly([], also=[5, "x", [5], [""], {}]),
    "defaults": st.fixed_dictionaries({}, optional=SHARED | {"command": st.just("x")}),
    "scheduler": st.fixed_dictionaries(
        {},
        optional={
            "on_stop": mostly("wait", "leave", "cancel"),
            "shutdown_grace": mostly("5s", "0s", also=DURATIONS),
            "reload": mostly("auto", "manual"),
            "max_running": mostly(5),
            "seed": mostly("x"),
            "heartbeat": mostly("https://x"),
        },
    ),
    "history": st.fixed_dictionaries(
        {},
        optional={"path": mostly("x", "日本", " ", also=[*TEXTS, *WRONG]), "keep": mostly("90d")},
    ),
}
FILES = st.fixed_dictionaries(
    {"jobs": st.dictionaries(mostly(*NAMES[:4], also=NAMES), JOBS, max_size=2)}
) | st.fixed_dictionaries(
    {},
    optional=OTHERS
    | {
        "jobs": st.dictionaries(st.sampled_from(NAMES), JOBS | FEW_KEYS, max_size=2)
        | st.sampled_from(WRONG),
        **{name: st.sampled_from(WRONG) for name in ("alerts", "pools", "smtp", "dask", "backup")},
    },
)


@given(document=FILES)
@settings(deadline=None, max_examples=600)
def test_the_schema_and_the_loader_agree(
    tmp_path_factory: pytest.TempPathFactory, document: dict[str, Any]
) -> None:
    path = tmp_path_factory.getbasetemp() / "schedules.toml"

    by_loader = is_loaded(path, document)
    by_schema = VALIDATOR.is_valid(document)

    assert by_loader == by_schema


@pytest.mark.parametrize("key", sorted(SHARED))
def test_the_schema_and_the_loader_agree_about_every_value_of_a_key(
    tmp_path: Path, key: str
) -> None:
    values = {json.dumps(value): value for value in all_values(SHARED[key])}
    verdicts = set()

    for value in values.values():
        document = {"jobs": {"a": {"command": "x", key: value}}}
        by_loader = is_loaded(tmp_path / "schedules.toml", document)
        assert by_loader == VALIDATOR.is_valid(document), value
        verdicts.add(by_loader)

    assert verdicts == {True, False}


def all_values(strategy: st.SearchStrategy[Any]) -> list[Any]:
    """Return what a strategy gives in a hundred examples."""
    found: list[Any] = []

    @given(value=strategy)
    @settings(max_examples=100, derandomize=True, database=None, deadline=None)
    def collect(value: Any) -> None:
        found.append(value)

    collect()
    return found


def is_loaded(path: Path, document: dict[str, Any]) -> bool:
    path.write_text(toml_document(document), encoding="utf-8")
    try:
        load(path)
    except ConfigError as error:
        if any(problem.code == "syntax" for problem in error.problems):
            raise
        return False
    return True


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)

    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_every_key_that_an_editor_offers_is_explained() -> None:
    tables = {"the file": SCHEMA} | SCHEMA["$defs"]

    unexplained = [
        f"{name}.{key}"
        for name, table in tables.items()
        for key, part in table["properties"].items()
        if "description" not in part
    ]

    assert unexplained == []


@pytest.mark.parametrize("name", sorted(NOT_YET))
def test_an_editor_offers_nothing_that_is_not_available(name: str) -> None:
    table, _, key = name.partition(".")
    tables = {"job": SCHEMA["$defs"]["JobTable"], "file": SCHEMA}
    part = tables.get(table) or SCHEMA["$defs"][f"{table.title()}Table"]

    offered = part["properties"].get(key.partition("=")[0], {})

    assert not offered or key.partition("=")[2] not in offered.get("enum", ())
