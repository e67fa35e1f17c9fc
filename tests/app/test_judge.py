"""The process that looks whether what a job expects is so."""

from __future__ import annotations

import getpass
import json
import os
import subprocess
import sys
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from fakes import NOON
from flowcron.app.judge import verdict, whole_path
from flowcron.domain.instant import SECOND
from flowcron.supervisor.output import AttemptLog

OUT, ERR = 0, 1


def question(folder: Path, expect: dict[str, Any], **facts: Any) -> dict[str, Any]:
    return {
        "run": 1,
        "attempt": 1,
        "expect": expect,
        "cwd": str(folder),
        "user": None,
        "started_at": NOON,
        "log": str(folder / "log"),
        "bytes": 0,
        "elided": 0,
        "output": None,
        "pieces": None,
    } | facts


def written(folder: Path, *pieces: tuple[int, bytes], limit: int = 1_000_000) -> dict[str, Any]:
    """Write a log and return what the supervisor would say of it."""
    log = AttemptLog(str(folder / "log"), limit)
    for number, (stream, content) in enumerate(pieces):
        log.write(memoryview(content), stream, NOON + number * SECOND)
    log.close()
    facts: dict[str, Any] = {"bytes": log.total, "elided": log.elided}
    if (small := log.small()) is not None:
        log.remove()
        facts |= {"output": b64encode(small[0]).decode(), "pieces": b64encode(small[1]).decode()}
    return facts


def test_a_file_is_looked_for_in_the_folder_of_the_job(tmp_path: Path) -> None:
    expect = {"file": "out/*.sql", "min_size": 5}
    assert verdict(question(tmp_path, expect)) == f"no file matches {tmp_path}/out/*.sql"
    (tmp_path / "out").mkdir()
    dump = tmp_path / "out" / "shop.sql"
    dump.touch()
    assert verdict(question(tmp_path, expect)) == (f"{dump} is empty (expected at least 5 bytes)")

    dump.write_text("12345")

    assert verdict(question(tmp_path, expect)) is None


def test_a_folder_is_no_file_and_a_name_with_brackets_is_found(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "[x].sql").touch()
    (tmp_path / "dangling").symlink_to("nowhere")

    assert verdict(question(tmp_path, {"file": "[x].sql"})) is None
    for name in ("folder", "dangling"):
        assert verdict(question(tmp_path, {"file": name})) == f"there is no file {tmp_path}/{name}"


def test_whether_a_file_is_fresh_is_told_by_when_it_was_changed(tmp_path: Path) -> None:
    file = tmp_path / "x"
    file.touch()
    expect = {"file": "x", "fresh": True}

    os.utime(file, ns=(0, (NOON - SECOND) * 1000))
    assert verdict(question(tmp_path, expect)) is None
    os.utime(file, ns=(0, (NOON - SECOND) * 1000 - 1))
    assert verdict(question(tmp_path, expect)) == f"{file} was not changed by this run"


@pytest.mark.parametrize("padding", [b"", b"x" * 5_000 + b"\n"])
def test_only_stdout_is_searched_be_it_small_or_in_files(tmp_path: Path, padding: bytes) -> None:
    facts = written(tmp_path, (OUT, padding + b"do"), (ERR, b"ERROR\n"), (OUT, b"ne \xff\n"))

    assert (facts.get("output") is None) == bool(padding)
    for expect, reason in (
        ({"stdout_match": r"^done \\xff$"}, None),
        ({"stdout_not_match": "ERROR"}, None),
        ({"stdout_match": "ERROR"}, 'stdout does not match "ERROR"'),
        ({"min_output": facts["bytes"]}, None),
    ):
        assert verdict(question(tmp_path, expect, **facts)) == reason


def test_what_is_not_kept_of_the_output_is_said_when_nothing_matches(tmp_path: Path) -> None:
    pieces = [(OUT, bytes([letter]) * 10_000) for letter in b"abcdefghijkl"]
    facts = written(tmp_path, *pieces, limit=40_000)
    assert facts["elided"]

    assert verdict(question(tmp_path, {"stdout_match": "^a+b+$"}, **facts)) is None
    said = verdict(question(tmp_path, {"stdout_match": "ccc"}, **facts))
    assert said is not None
    assert said.endswith("of the output were not kept")


def test_a_tilde_is_the_home_of_the_jobs_user() -> None:
    me, home = getpass.getuser(), str(Path("~").expanduser())

    assert whole_path("~/x", cwd="/srv", user=None) == f"{home}/x"
    assert whole_path("~/x", cwd="/srv", user=me) == str(Path(f"~{me}/x").expanduser())
    assert whole_path("~/x", cwd="/srv", user=os.getuid()) == str(Path(f"~{me}/x").expanduser())
    assert whole_path("~x*", cwd="/srv", user=None) == "/srv/~x*"
    assert whole_path("/a", cwd="/srv", user=None) == "/a"


def test_it_answers_over_its_pipes_and_loads_nothing_that_is_slow(tmp_path: Path) -> None:
    asked = json.dumps(question(tmp_path, {"file": "x"}))
    slow = {"asyncio", "click", "croniter", "pydantic", "rich", "sqlite3", "subprocess", "tomli"}
    loaded = f"import sys, flowcron.app.judge; print({slow!r} & sys.modules.keys())"

    done = subprocess.run(
        [sys.executable, "-P", "-m", "flowcron.app.judge"],
        input=asked,
        capture_output=True,
        text=True,
        check=True,
    )
    modules = subprocess.run(
        [sys.executable, "-c", loaded], capture_output=True, text=True, check=True
    )

    assert json.loads(done.stdout) == {"unmet": f"there is no file {tmp_path}/x"}
    assert modules.stdout == "set()\n"
