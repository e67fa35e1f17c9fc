"""A broken configuration at the start of a service: fault 27."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
from typing import TYPE_CHECKING

from fakes import poll

if TYPE_CHECKING:
    from installed import Installed

GOOD = """
[scheduler]
max_running = 1
on_stop = "cancel"

[pools]
db = 1

[jobs.tick]
every = "1s"
pool = "db"
command = "true"
"""
BROKEN = GOOD.replace('"1s"', '"10x"')


def count(flowcron: Installed) -> int:
    return int(flowcron.rows("SELECT count(*) FROM runs WHERE state = 'success'")[0][0])


def test_a_service_starts_with_the_last_good_configuration_and_says_so(
    flowcron: Installed,
) -> None:
    flowcron.configure(GOOD)
    flowcron.kill(flowcron.start_and_wait())
    flowcron.configure(BROKEN)

    scheduler = flowcron.start_and_wait()
    done = count(flowcron)
    poll(lambda: count(flowcron) > done + 1)

    assert '"10x" is not a duration' in flowcron.log()
    assert "the last good configuration is used" in flowcron.log()
    (warning,) = flowcron.json("status")["warnings"]
    assert "schedules.toml:10: " in warning["text"]
    assert flowcron.json("status")["is_current"] is False
    ((limit,),) = flowcron.rows("SELECT json_extract(body, '$.max_running') FROM configurations")
    assert limit == 1
    assert flowcron.stop(scheduler) == 0


def test_the_mended_file_is_taken_up_and_the_warning_ends(flowcron: Installed) -> None:
    flowcron.configure(GOOD)
    flowcron.kill(flowcron.start_and_wait())
    flowcron.configure(BROKEN)
    scheduler = flowcron.start_and_wait()
    assert flowcron.json("status")["warnings"]

    flowcron.configure(GOOD + '[jobs.new]\nevery = "1s"\ncommand = "true"\n')
    scheduler.send_signal(signal.SIGHUP)
    poll(
        lambda: flowcron.rows(
            "SELECT 1 FROM runs JOIN jobs ON jobs.id = job_id "
            "WHERE name = 'new' AND state = 'success'"
        )
    )

    assert flowcron.json("status")["warnings"] == []


def test_it_is_noticed_by_itself_that_the_file_was_mended(flowcron: Installed) -> None:
    flowcron.configure(GOOD)
    flowcron.kill(flowcron.start_and_wait())
    flowcron.configure(BROKEN)
    flowcron.start_and_wait()

    flowcron.configure(GOOD)

    poll(lambda: "configuration loaded" in flowcron.log(), seconds=40)


def test_without_a_good_one_before_it_exits_with_3(flowcron: Installed) -> None:
    flowcron.configure(BROKEN)

    refused = flowcron.run("start")

    assert refused.returncode == 3
    assert '"10x" is not a duration' in refused.stderr
    assert not (flowcron.folder / ".flowcron").exists()


def test_another_file_than_the_one_that_was_loaded_is_no_substitute(flowcron: Installed) -> None:
    flowcron.configure(GOOD)
    flowcron.kill(flowcron.start_and_wait())
    other = flowcron.folder / "other.toml"
    other.write_text(BROKEN)

    refused = flowcron.run("-c", "other.toml", "start")

    assert refused.returncode == 3


def test_a_person_at_a_terminal_is_told_and_nothing_starts(flowcron: Installed) -> None:
    flowcron.configure(GOOD)
    flowcron.kill(flowcron.start_and_wait())
    flowcron.configure(BROKEN)
    ours, theirs = pty.openpty()

    with subprocess.Popen(
        flowcron.argv("start"), cwd=flowcron.folder, stdin=theirs, stdout=theirs, stderr=theirs
    ) as terminal:
        os.close(theirs)
        assert terminal.wait(30) == 3

    os.close(ours)


def test_a_dry_run_of_a_broken_file_exits_with_3(flowcron: Installed) -> None:
    flowcron.configure(GOOD)
    flowcron.kill(flowcron.start_and_wait())
    flowcron.configure(BROKEN)

    assert flowcron.run("start", "--dry-run").returncode == 3
