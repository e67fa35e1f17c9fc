"""The JSON Schema of schedules.toml, for editors: it accepts and refuses what the loader does.

Except for what a schema cannot say, and the loader does: whether a cron expression is right, which
zones exist, that an `every` is of whole seconds and at most 366 days, that no length is beyond 100
years and no size beyond 8 EiB, that an integer is not written as 1.0, that no exit code is both to
be retried and not to be, that a pattern is a regular expression of Python's, that included files
exist, and that no two files define the same job or channel or a table of the main file; whether
the jobs in `after`, the pools and the channels exist, no jobs wait for each other and no channels
fall back to each other or to a monitor, whether there is a [sentry] for a channel that wants it,
and whether `max_running` has its overlap = "allow" in [defaults]; and what the machine decides:
which users and groups there are, what whoever runs flowcron may do, and whether others can read
the file of a secret.
"""

from __future__ import annotations

import json
import re
from itertools import combinations
from typing import Any

from flowcron.config.alert_rules import LOGIN, NOT_MONITOR, PLACES, TO_PEOPLE
from flowcron.config.descriptions import DESCRIPTIONS
from flowcron.config.model.file_tables import file_schema
from flowcron.config.notyet import NOT_YET
from flowcron.config.rules import GOES_WITH, NOT_AFTER, OF_FILE, RUNNABLE, TRIGGERS

Schema = dict[str, Any]

_TABLES = {  # what `notyet` calls a table: its names in the schema
    "job": ("JobTable", "DefaultsTable"),
    "scheduler": ("SchedulerTable",),
    "history": ("HistoryTable",),
}
_REFERENCE = re.compile(r'"#/\$defs/(\w+)"')


def json_schema() -> Schema:
    """Return the schema, a JSON document of draft 2020-12."""
    schema: Schema = _tidied(file_schema())
    for name in sorted(NOT_YET):
        _take_out(name, schema)
    _describe(schema)
    tables = schema["$defs"]
    tables["JobTable"] |= _rules_of_jobs(tables["JobTable"]["properties"])
    tables["AlertTable"] |= _rules_of_channels()
    tables["SmtpTable"]["dependentRequired"] = {key: [other] for key, other in LOGIN.items()}
    tables["ExpectTable"]["dependentRequired"] = {key: ["file"] for key in OF_FILE}
    for name in ("ExpectTable", "KeepTable"):
        tables[name]["minProperties"] = 1
    _prune(schema)
    dialect = "https://json-schema.org/draft/2020-12/schema"
    return {"$schema": dialect, "title": "flowcron: schedules.toml"} | schema


def _tidied(node: Any) -> Any:  # noqa: ANN401 any part of a JSON document
    """Return a schema without invented titles, and with names of keys that are really checked."""
    if isinstance(node, list):
        return [_tidied(item) for item in node]
    if not isinstance(node, dict):
        return node
    tidy = {
        key: {name: _tidied(value) for name, value in part.items()}
        if key in {"properties", "$defs"}
        else _tidied(part)
        for key, part in node.items()
        if key != "title"
    }
    if "patternProperties" in tidy:
        ((pattern, values),) = tidy.pop("patternProperties").items()
        tidy |= {"propertyNames": {"pattern": pattern}, "additionalProperties": values}
    return tidy


def _take_out(name: str, schema: Schema) -> None:
    """Let the schema refuse a key that is not available yet."""
    table, _, key = name.partition(".")
    tables = [schema] if table == "file" else [schema["$defs"][each] for each in _TABLES[table]]
    for part in tables:
        part["properties"].pop(key, None)


def _rules_of_jobs(properties: Schema) -> Schema:
    """Return what `config.rules` demands of a job."""
    runnable = [key for key in RUNNABLE if key in properties]
    apart = [*combinations(runnable, 2), *combinations(TRIGGERS, 2), ("start", "every_from")]
    apart += [("after", key) for key in NOT_AFTER]
    limited = {"required": ["max_running", "overlap"]}
    return {
        "allOf": [
            {"anyOf": [{"required": [key]} for key in runnable]},
            *({"not": {"required": list(pair)}} for pair in apart),
            {"if": limited, "then": {"properties": {"overlap": {"const": "allow"}}}},
        ],
        "dependentRequired": {key: [other] for key, (other, _) in GOES_WITH.items()},
    }


def _rules_of_channels() -> Schema:
    """Return what `config.alert_rules` demands of a channel."""
    places: dict[str, Schema] = {key: {"required": [key]} for key in PLACES}
    places["sentry"]["properties"] = {"sentry": {"const": True}}
    monitor = {"anyOf": [places["healthchecks"], places["sentry"]]}
    others = [{"required": [key]} for key in (*TO_PEOPLE, *NOT_MONITOR)]
    return {
        "anyOf": list(places.values()),
        "allOf": [{"if": monitor, "then": {"not": {"anyOf": others}}}],
    }


def _describe(schema: Schema) -> None:
    for name, table in (("FileTable", schema), *schema["$defs"].items()):
        for key, part in table["properties"].items():
            if text := DESCRIPTIONS.get(f"{name}.{key}") or DESCRIPTIONS.get(key):
                part["description"] = text


def _prune(schema: Schema) -> None:
    """Remove the tables that nothing refers to any more."""
    while True:
        used = set(_REFERENCE.findall(json.dumps(schema)))
        unused = schema["$defs"].keys() - used
        if not unused:
            return
        for name in unused:
            del schema["$defs"][name]
