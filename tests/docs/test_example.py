"""schedules.example.toml, the tutorial: it shows what it says within half a minute."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from fakes import poll
from flowcron.config.lint_files import warnings_about_files
from flowcron.config.load import load
from installed import Installed

EXAMPLE = Path(__file__).parents[2] / "schedules.example.toml"
SHOWN = {
    ("hello", "success", 1),
    ("flaky", "success", 2),
    ("broken", "failed", 2),
    ("stuck", "timed_out", 1),
    ("slow", "skipped", 0),
    ("extract", "success", 1),
    ("load", "success", 1),
}
RUNS = """
    SELECT jobs.name, runs.state, (SELECT count(*) FROM attempts WHERE run_id = runs.id)
    FROM runs JOIN jobs ON jobs.id = runs.job_id
"""


def test_the_tutorial_has_no_mistake_and_is_toml_of_the_first_version_too() -> None:
    config = load(EXAMPLE)

    assert config.warnings == ()
    assert warnings_about_files(config) == ()
    assert tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))["jobs"].keys() == {
        job.name for job in config.jobs
    }


@pytest.mark.slow
def test_half_a_minute_of_the_tutorial_shows_everything_it_is_about(flowcron: Installed) -> None:
    flowcron.configure(EXAMPLE.read_text(encoding="utf-8"))
    scheduler = flowcron.start_and_wait()

    poll(lambda: set(flowcron.rows(RUNS)) >= SHOWN, seconds=45)
    flowcron.stop(scheduler)

    assert "hello from hello" in flowcron.run("logs", "hello").stdout
    assert "after extract" in flowcron.run("show", "load").stdout
