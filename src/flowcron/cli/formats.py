"""Results for programs: tab-separated, CSV and JSON, complete and exact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from flowcron.cli.output import Screen
from flowcron.domain.text import visible_in_line

Record = Mapping[str, Any]


class Format(StrEnum):
    """How results are written."""

    TABLE = "table"
    PLAIN = "plain"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"


def write_records(
    screen: Screen,
    records: Sequence[Record],
    fields: Sequence[str],
    *,
    as_: Format,
    document: Record,
    header: bool,
) -> None:
    """Write records in one of the formats for programs.

    `document` is what wraps them in JSON: its value that is an empty list is where they go.
    """
    chosen = [{field: record.get(field) for field in fields} for record in records]
    match as_:
        case Format.JSON:
            filled = {key: chosen if value == [] else value for key, value in document.items()}
            _write_json(screen, filled, pretty=screen.is_terminal)
        case Format.JSONL:
            for record in chosen:
                _write_json(screen, record)
        case Format.CSV:
            _write_csv(screen, chosen, fields)
        case Format.PLAIN | Format.TABLE:
            rows = [[field_text(record[field]) for field in fields] for record in chosen]
            for row in ([list(fields)] if header else []) + rows:
                screen.text("\t".join(row) + "\n")


def write_document(screen: Screen, document: Record, *, as_: Format) -> None:
    """Write one thing in one of the formats for programs."""
    match as_:
        case Format.JSON:
            _write_json(screen, document, pretty=screen.is_terminal)
        case Format.JSONL:
            _write_json(screen, document)
        case Format.CSV:
            _write_csv(screen, [document], list(document))
        case Format.PLAIN | Format.TABLE:
            for key, value in document.items():
                screen.text(f"{key}\t{field_text(value)}\n")


def field_text(value: object) -> str:
    """Return a value as a field of TSV or CSV: words, no line breaks, nothing unsafe."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            return visible_in_line(value)
        case int() | float():
            return str(value)
        case _:
            return _json(value)


def _write_json(screen: Screen, value: object, *, pretty: bool = False) -> None:
    """Write JSON in plain ASCII: lossless, and harmless on any terminal."""
    screen.text(_json(value, indent=2 if pretty else None) + "\n")


def _json(value: object, *, indent: int | None = None) -> str:
    import json  # noqa: PLC0415 plain output needs none

    return json.dumps(value, indent=indent)


def _write_csv(screen: Screen, records: Sequence[Record], fields: Sequence[str]) -> None:
    import csv  # noqa: PLC0415 few want it

    writer = csv.writer(screen.stream, lineterminator="\n")
    writer.writerow(fields)
    writer.writerows([field_text(record[field]) for field in fields] for record in records)
