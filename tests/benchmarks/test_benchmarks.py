"""The benchmarks run: what they find out is for people, so no test asserts a time."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

RUN = Path(__file__).parents[2] / "benchmarks" / "run.py"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="the benchmarks read /proc"),
]
measuring = pytest.mark.skipif(
    shutil.which("cc") is None or not Path(sys.executable).with_name("flowcron").exists(),
    reason="measuring needs a C compiler and the installed command",
)


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, RUN, *arguments],
        env=environment or None,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )


@measuring
def test_the_benchmarks_print_a_line_with_figures_for_each_goal(tmp_path: Path) -> None:
    done = run("--short", "--only", "5,11", "--dir", str(tmp_path))

    assert done.returncode == 0, done.stderr
    rows = [
        [cell.strip() for cell in line.split("|")[1:-1]]
        for line in done.stdout.splitlines()
        if line.startswith("|")
    ]
    assert rows[0] == ["goal", "measure", "goal's figure", "measured", "ratio", "reached"]
    assert [row[0] for row in rows[2:]] == ["5", "5", "11", "11"]
    assert all(" ms (" in measured and float(ratio) > 0 for *_, measured, ratio, _ in rows[2:])
    assert list(tmp_path.iterdir()) == []


@measuring
def test_a_restart_with_runs_in_flight_is_measured_beside_bare_python(tmp_path: Path) -> None:
    done = run("--short", "--only", "12", "--json", "--dir", str(tmp_path))

    assert done.returncode == 0, done.stderr
    (figure,) = json.loads(done.stdout)["figures"]
    assert (figure["goal"], figure["unit"], figure["yardstick"]) == (12, "ms", "bare Python")
    assert figure["measured"] > figure["beside"] > 0


def test_a_goal_that_nothing_measures_is_refused() -> None:
    done = run("--only", "1,99")

    assert done.returncode == 2
    assert "no measure for 99" in done.stderr


def test_without_a_c_compiler_the_benchmarks_say_so_in_one_sentence(tmp_path: Path) -> None:
    done = run("--only", "11", "--dir", str(tmp_path), CC="no-such-compiler")

    assert done.returncode == 1
    assert "measuring needs a C compiler" in done.stderr
    assert done.stderr.count("\n") == 1
