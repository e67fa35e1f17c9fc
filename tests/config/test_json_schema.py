from __future__ import annotations

import grp
import json
import os
import pwd
from copy import deepcopy
from itertools import product
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alert_values import ADDRESSES, ALERTED, CHANNEL, CHANNELS, PLACES, SENTRY, SMTP, URLS
from flowcron.config.load import load
from flowcron.config.notyet import NOT_YET
from flowcron.config.schema import json_schema
from flowcron.errors import ConfigError
from odd_values import DURATIONS, TEXTS, WRONG, mostly
from toml_texts import toml_document

SCHEMA = json_schema()
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

SIZES = ["10MB", "1KiB", "0B", "10mb", "1.5MB", "MB", "", 10]
NAMES = ["a", "backup-1", "A_b", "x" * 64, "x" * 65, "2fast", "", "a b", "a.b", "é", "-a"]
CODES = [[0], [255, 1], [256], [-1], [], [0.5], ["1"], [True], 0]
TABLES_OF_TEXTS = [{}, {"A": "b"}, {"A": 5}, {"A=B": "x"}, {"": "x"}, {"é": "\x00"}, {"a b": ""}]
LISTS_OF_TEXTS = [["x"], ["x", ""], ["", "x"], [], ["\x00"], ["x", 5], ["日本"]]


RETRIES = st.fixed_dictionaries(
    {"times": mostly(0, 3, also=[-1, 10**7, "3", True])},
    optional={
        "delay": mostly("5s", also=DURATIONS),
        "backoff": mostly(1, 2, 1.5, also=[0.5, 1001, "2", True]),
        "max_delay": mostly("5s", also=DURATIONS),
        "jitter": mostly(0, 1, 0.2, also=[1.5, -0.1, "x"]),
        "on": mostly(["failure"], ["timeout", "failure"], also=[[], ["x"], "failure", [1]]),
        "exit_codes": mostly([5], also=CODES),
        "stop_exit_codes": mostly([6], [6, 7], also=[[-1], [256], [], [0.5], [True], 6]),
    },
)
FILE_OF_EXPECT = mostly("x", "x-*.gz", "日本", also=[*TEXTS, *WRONG])
EXPECTATIONS = st.fixed_dictionaries(
    {},
    optional={
        "file": FILE_OF_EXPECT,
        "fresh": mostly(True, False),
        "min_size": mostly("1MB", also=SIZES),
        "stdout_match": mostly("a+", "日本", " ", also=["", "\x00", 5, True, ["x"], {}]),
        "stdout_not_match": mostly("^E", also=["", "\x00", 5, True, ["x"], {}]),
        "min_output": mostly("1B", also=SIZES),
    },
)
KEPT = mostly(
    "90d",
    {"runs": 5},
    {"days": 9, "runs": 1},
    also=[{}, {"runs": 0}, {"days": True}, {"x": 1}, {"runs": 10**6 + 1}, *DURATIONS, *WRONG],
)
BRIEF = ["5s", "0s", "000ms", "5", "", "1M", "1.5h", "-5s", "5 m", "1s ", 5, True, []]
NO_ACCOUNTS = [-1, 1.5, "", "\x00", True, [], {}, [[]]]  # names and numbers are the machine's
SHARED = {
    "timezone": mostly("Europe/Berlin", "UTC", also=[5, True, ["UTC"], {}]),
    "timeout": mostly("5m", also=DURATIONS),
    "kill_after": mostly("5s", "0s", also=DURATIONS),
    "retry": mostly(0, 3, also=[-1, 1.5, "3", True, [], 10**6, 10**6 + 1])
    | RETRIES
    | st.just({"delay": "5s"}),
    "overlap": mostly("skip", "queue", "replace", "allow", also=["x", 5, "", " skip", ["skip"]]),
    "max_running": mostly(1, 10**6, also=[0, -1, 10**6 + 1, 1.5, "1", True, [1]]),
    "pool": mostly("db", also=["", "a b", "2x", 5, True, ["db"], {}]),
    "priority": mostly(0, -5, 10**6, also=[10**6 + 1, -(2**70), 1.5, "1", True]),
    "missed": mostly("once", "all", "skip"),
    "missed_within": mostly("1d", also=DURATIONS),
    "success_codes": mostly([0], also=CODES),
    "expect": EXPECTATIONS | mostly({}, {"file": "x", "fresh": True}),
    "slow_after": mostly("5m", also=DURATIONS),
    "late_after": mostly("5m", also=DURATIONS),
    "unusual": mostly(
        "3x",
        "1.001x",
        also=[
            "1x",
            "1.0x",
            "0x",
            "3",
            "",
            "3X",
            "1000x",
            "999.999x",
            "2.5555x",
            "03x",
            3,
            True,
            [],
        ],
    ),
    "alert": ALERTED,
    "mailto": mostly("root", [], also=ADDRESSES),
    "on_lost": mostly("record", "rerun", also=["", "retry", 5, True]),
    "cwd": mostly("x", also=[*TEXTS, *WRONG]),
    "env": mostly({"A": "b"}, also=TABLES_OF_TEXTS),
    "env_file": mostly("x", ".env", "日本", also=["", "\x00", 5, True, ["x"], {}]),
    "inherit_env": mostly(True, False),
    "secrets": mostly(
        {},
        {"A": "env:A"},
        {"A": "file:/x", "b": "command:pass x"},
        also=[
            {"A": "b"},
            {"A": "env:"},
            {"A": "env:2"},
            {"A=B": "env:A"},
            {"": "env:A"},
            {"A": 5},
            {"A": "file:"},
            {"A": "file:\x00"},
            {"A": "credential:x"},
            {"A": "ENV:A"},
            *WRONG,
        ],
    ),
    "user": mostly(os.getuid(), pwd.getpwuid(os.getuid()).pw_name, also=NO_ACCOUNTS),
    "group": mostly(os.getgid(), grp.getgrgid(os.getgid()).gr_name, also=NO_ACCOUNTS),
    "umask": mostly("022", "0027", "777", also=["22", "0o22", "088", "00222", "", 18, -1, True]),
    "nice": mostly(19, also=[20, -21, 1.5, "1", True, [1]]),
    "stdin": mostly("x", "", "日本", "a\nb", also=["\x00", 5, True, ["x"], {}]),
    "memory": mostly("1GiB", "10MB", also=["1gb", "1.5GB", "MB", "", 10, True]),
    "cpu_time": mostly("5s", "1s", also=BRIEF),
    "open_files": mostly(3, 100, also=[0, -1, 10**6 + 1, 1.5, "1", True]),
    "keep": KEPT,
    "log_limit": mostly("10MB", also=SIZES),
    "enabled": mostly(True, False),
    "tags": mostly(["db"], [], also=[["a b"], [""], ["x" * 65], ["1.a_-"], "db", [5]]),
    "runbook": mostly("x", "日本", " ", also=[*TEXTS, *WRONG]),
    "shell": mostly(["sh", "-c"], also=LISTS_OF_TEXTS),
}
NOT_THERE = {
    name.removeprefix("job."): st.sampled_from(WRONG)
    for name in sorted(NOT_YET)
    if name.startswith("job.")
}
COMMANDS = mostly("true", ["true", ""], also=[*TEXTS, *LISTS_OF_TEXTS, 5, {}])
CRONS = mostly(
    "@daily", ["0 3 * * *", "@every 5m"], also=[[], 5, True, {}, [5], "@reboot", ["@reboot "]]
)
OWN = {
    "cron": CRONS,
    "every": mostly("5m", "366d", also=["5", "", 5, "0s", "5 m", True]),
    "every_from": mostly("end", also=["start", 5, ""]),
    "on": mostly("start", also=["stop", 5, ""]),
    "after": mostly("base", ["base"], ["base", "base"], also=["", "a b", [], ["base", 5], 5, {}]),
    "when": mostly("success", "failure", "always", also=["never", "", 5, ["always"]]),
    "description": mostly("x", "日本", " ", also=[*TEXTS, *WRONG]),
}
NEEDS = {"every_from": {"every": "5m"}, "when": {"after": "base"}}
TIMES = st.one_of(
    st.just({}),
    *(st.fixed_dictionaries({key: OWN[key]}) for key in ("cron", "on")),
    *(
        st.fixed_dictionaries({key: OWN[key]}, optional={other: OWN[other]})
        for key, other in (("every", "every_from"), ("after", "when"))
    ),
)
JOBS = st.builds(
    dict.__or__,
    st.fixed_dictionaries({"command": COMMANDS}, optional=SHARED),
    TIMES | st.fixed_dictionaries({}, optional=OWN),
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
            "max_running": SHARED["max_running"],
            "seed": mostly("x"),
            "heartbeat": mostly("https://x", also=URLS),
        },
    ),
    "history": st.fixed_dictionaries(
        {},
        optional={"path": mostly("x", "日本", " ", also=[*TEXTS, *WRONG]), "keep": KEPT},
    ),
    "alerts": st.dictionaries(st.sampled_from(NAMES), CHANNELS, max_size=2)
    | st.sampled_from(WRONG),
    "smtp": SMTP | st.sampled_from([{}, {"port": 25}, *WRONG]),
    "sentry": SENTRY | st.sampled_from([{}, *WRONG]),
    "pools": st.dictionaries(
        st.sampled_from(NAMES), mostly(1, 10**6, also=[0, -1, 10**6 + 1, 1.5, "1", True])
    )
    | st.sampled_from(WRONG),
}


def settled(document: dict[str, Any]) -> dict[str, Any]:
    """Return a document in which what a schema cannot see is right: that what is named exists."""
    document = deepcopy(document)
    jobs, pools = document.get("jobs"), document.setdefault("pools", {})
    channels = document.setdefault("alerts", {})
    if isinstance(pools, dict):
        pools["db"] = 1
    if isinstance(channels, dict):
        channels |= {name: {"email": "root"} for name in ("ops", "oncall")}
        if any(isinstance(each, dict) and each.get("sentry") is True for each in channels.values()):
            document.setdefault("sentry", {"dsn": "env:DSN"})
    if isinstance(jobs, dict):
        jobs["base"] = {"command": "true"}
        for job in jobs.values():
            if isinstance(job, dict) and "max_running" in job:
                job.setdefault("overlap", "allow")
    return document


FILES = st.fixed_dictionaries(
    {"jobs": st.dictionaries(mostly(*NAMES[:4], also=NAMES), JOBS, max_size=2)}
) | st.fixed_dictionaries(
    {},
    optional=OTHERS
    | {
        "jobs": st.dictionaries(st.sampled_from(NAMES), JOBS | FEW_KEYS, max_size=2)
        | st.sampled_from(WRONG),
        **{name: st.sampled_from(WRONG) for name in ("dask", "backup")},
    },
)


@given(document=FILES.map(settled))
@settings(deadline=None, max_examples=600)
def test_the_schema_and_the_loader_agree(
    tmp_path_factory: pytest.TempPathFactory, document: dict[str, Any]
) -> None:
    path = tmp_path_factory.getbasetemp() / "schedules.toml"

    by_loader = is_loaded(path, document)
    by_schema = VALIDATOR.is_valid(document)

    assert by_loader == by_schema


@pytest.mark.parametrize("key", sorted(SHARED | OWN))
def test_the_schema_and_the_loader_agree_about_every_value_of_a_key(
    tmp_path: Path, key: str
) -> None:
    values = {json.dumps(value): value for value in all_values((SHARED | OWN)[key])}
    verdicts = set()

    for value in values.values():
        job = {"command": "x", key: value} | NEEDS.get(key, {})
        document = settled({"jobs": {"a": job}})
        by_loader = is_loaded(tmp_path / "schedules.toml", document)
        assert by_loader == VALIDATOR.is_valid(document), value
        verdicts.add(by_loader)

    assert verdicts == {True, False}


@pytest.mark.parametrize("key", sorted(CHANNEL))
def test_the_schema_and_the_loader_agree_about_every_value_of_a_channel(
    tmp_path: Path, key: str
) -> None:
    values = {json.dumps(value): value for value in all_values(CHANNEL[key])}
    verdicts = set()

    for value, place in product(values.values(), PLACES):
        document = settled({"alerts": {"a": place | {key: value}}})
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

    assert key not in part["properties"]
