"""From schedules.toml to who is told: a real scheduler, real servers, and what kills them."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from fakes import poll
from installed import Installed
from receivers import HANG, Certificates, Web, free_port, mail_server, web_server

FAILED_AND_WAITING = "SELECT 1 FROM outbox WHERE tries > 0 AND leased_until IS NULL"
KILLS = int(os.environ.get("FLOWCRON_ALERT_KILLS", "3"))


def events(web: Web) -> list[dict[str, Any]]:
    """Return every event that a webhook got, of single messages and of digests."""
    documents = [json.loads(request.body) for request in web.requests if request.body]
    return [event for each in documents for event in each.get("events", [each])]


def names(web: Web) -> list[tuple[str, str]]:
    return [(event["event"], event["job"]) for event in events(web)]


def waiting(flowcron: Installed, state: str = "waiting") -> int:
    return len(flowcron.rows("SELECT 1 FROM outbox WHERE state = ?", state))


def tried_again(flowcron: Installed) -> bool:
    """Ask for everything to be tried now; what is just being sent is left to who sends it."""
    return flowcron.run("alerts", "retry", "--all").returncode == 0


def test_three_attempts_are_one_alert_and_the_recovery_says_how_long_it_was_broken(
    flowcron: Installed, web: Web
) -> None:
    flowcron.configure(f"""\
[alerts.ops]
to = "{web.url}"
group = "0s"
[jobs.backup]
every = "1s"
command = "test -e mended"
retry = {{ times = 2, delay = "50ms" }}
alert = "ops"
""")
    flowcron.start_and_wait()
    poll(lambda: len(flowcron.rows("SELECT 1 FROM runs WHERE state = 'failed'")) >= 2)
    (flowcron.folder / "mended").touch()
    poll(lambda: len(events(web)) >= 2)

    failure, recovery = events(web)

    assert names(web) == [("failure", "backup"), ("recovery", "backup")]
    assert failure["run"]["attempts"] == 3
    assert failure["incident"]["failures"] == 1
    assert recovery["text"].startswith("works again after ")
    assert recovery["incident"]["failures"] >= 2


def test_every_alert_arrives_once_after_an_outage_and_two_kills(flowcron: Installed) -> None:
    port = free_port()
    jobs = "".join(
        f'[jobs.job-{number}]\non = "start"\ncommand = "exit {number + 1}"\nalert = "ops"\n'
        for number in range(3)
    )
    flowcron.configure(f'[alerts.ops]\nto = "http://127.0.0.1:{port}"\ngroup = "0s"\n{jobs}')
    for _ in range(2):
        process = flowcron.start_and_wait()
        poll(lambda: len(flowcron.rows(FAILED_AND_WAITING)) == 3)
        flowcron.kill(process)
    flowcron.start_and_wait()

    with web_server(port) as web:
        poll(lambda: tried_again(flowcron) and waiting(flowcron, "sent") == 3, seconds=60)

    counts = Counter(event["job"] for event in events(web))
    assert counts == {"job-0": 1, "job-1": 1, "job-2": 1}


def test_fifty_failures_are_one_message_for_each_channel(flowcron: Installed, web: Web) -> None:
    jobs = "".join(
        f'[jobs.job-{number}]\non = "start"\ncommand = "sleep 0.{number:02}; exit 1"\n'
        for number in range(50)
    )
    flowcron.configure(f"""\
[alerts.ops]
to = "{web.url}"
group = "3s"
[alerts.oncall]
command = "cat >> pages; echo >> pages"
group = "3s"
[defaults]
alert = ["ops", "oncall"]
{jobs}""")
    flowcron.start_and_wait()

    poll(lambda: waiting(flowcron, "sent") == 100, seconds=60)

    assert len(web.requests) == 1
    assert len({event["job"] for event in events(web)}) == 50
    pages = (flowcron.folder / "pages").read_text().splitlines()
    assert [len(json.loads(page)["events"]) for page in pages] == [50]


def test_what_comes_after_a_failure_is_silent(flowcron: Installed, web: Web) -> None:
    flowcron.configure(f"""\
[alerts.ops]
to = "{web.url}"
group = "0s"
[defaults]
alert = "ops"
[jobs.extract]
on = "start"
command = "exit 1"
[jobs.transform]
after = "extract"
command = "true"
[jobs.load]
after = "transform"
command = "true"
""")
    flowcron.start_and_wait()
    poll(lambda: len(flowcron.rows("SELECT 1 FROM runs WHERE state = 'skipped'")) == 2)
    poll(lambda: waiting(flowcron, "sent") == 1)

    assert names(web) == [("failure", "extract")]
    assert waiting(flowcron) == 0


def test_a_mail_and_a_webhook_have_the_end_of_what_the_job_said(
    flowcron: Installed, web: Web, certificates: Certificates
) -> None:
    with mail_server(certificates) as mail:
        flowcron.configure(f"""\
[smtp]
host = "127.0.0.1"
port = {mail.port}
tls = "none"
from = "flowcron@example.com"
[alerts.ops]
email = "ops@example.com"
to = "{web.url}"
group = "0s"
[jobs.noisy]
on = "start"
command = "seq 100000; printf '\\\\033[31mred\\\\n'; exit 7"
description = "counts"
alert = "ops"
""")
        flowcron.start_and_wait()
        poll(lambda: waiting(flowcron, "sent") == 2)

    (event,) = events(web)
    assert event["output"] == [*map(str, range(99_982, 100_001)), r"\x1b[31mred"]
    assert event["run"]["exit_code"] == 7
    (letter,) = mail.mails
    assert letter["From"] == "flowcron@example.com"
    assert letter["Subject"].endswith(": exit 7")
    assert "│ 100000\n│ \\x1b[31mred\n" in letter.get_content()
    assert "\x1b" not in letter.get_content()


@pytest.mark.slow
def test_half_a_gigabyte_of_output_delays_nothing(flowcron: Installed, web: Web) -> None:
    flowcron.configure(f"""\
[alerts.ops]
to = "{web.url}"
group = "0s"
[jobs.flood]
on = "start"
command = "head -c 500000000 /dev/zero | tr '\\\\0' x; echo; echo the end; exit 1"
log_limit = "600MB"
alert = "ops"
""")
    flowcron.start_and_wait()
    poll(lambda: waiting(flowcron, "sent") == 1, seconds=100)

    (event,) = events(web)
    assert event["output"][-1] == "the end"
    assert sum(len(line) for line in event["output"]) < 4096
    ((delay,),) = flowcron.rows("SELECT sent_at - created_at FROM outbox")
    assert delay < 10_000_000


def test_a_channel_that_hangs_delays_no_run(flowcron: Installed, web: Web) -> None:
    web.answers(HANG)
    flowcron.configure(f"""\
[alerts.ops]
to = "{web.url}"
group = "0s"
[jobs.broken]
on = "start"
command = "exit 1"
alert = "ops"
[jobs.tick]
every = "1s"
command = "true"
""")
    flowcron.start_and_wait()
    poll(lambda: web.requests)
    hung = time.time_ns() // 1000

    poll(lambda: len(starts(flowcron, since=hung)) >= 5)

    assert waiting(flowcron) == 1  # it hangs still
    lateness = [started - due for due, started in starts(flowcron, since=hung)]
    assert all(late < 900_000 for late in lateness)  # each before the next was due
    assert all(b - a == 1_000_000 for a, b in pairwise(due for due, _ in starts(flowcron, hung)))


def starts(flowcron: Installed, since: int) -> list[tuple[int, int]]:
    return flowcron.rows(
        """
        SELECT scheduled_at, started_at FROM runs
        WHERE state = 'success' AND scheduled_at > ? ORDER BY scheduled_at
        """,
        since,
    )


def test_a_command_without_a_scheduler_tells_at_once(flowcron: Installed, web: Web) -> None:
    flowcron.configure(f"""\
[alerts.ops]
to = "{web.url}"
group = "1h"
[jobs.broken]
command = "exit 3"
alert = "ops"
""")

    done = flowcron.run("run", "broken")

    assert done.returncode == 3
    assert names(web) == [("failure", "broken")]
    assert waiting(flowcron, "sent") == 1


def test_what_a_command_could_not_tell_the_next_scheduler_tells(flowcron: Installed) -> None:
    port = free_port()
    flowcron.configure(f"""\
[alerts.ops]
to = "http://127.0.0.1:{port}"
[jobs.broken]
command = "exit 3"
alert = "ops"
""")
    flowcron.run("run", "broken")
    assert waiting(flowcron) == 1

    with web_server(port) as web:
        flowcron.run("alerts", "retry", "--all")
        flowcron.start_and_wait()
        poll(lambda: waiting(flowcron, "sent") == 1)

    assert names(web) == [("failure", "broken")]


def test_a_scheduler_that_is_stopped_lets_what_is_on_its_way_arrive(
    flowcron: Installed, web: Web
) -> None:
    flowcron.configure(f"""\
[alerts.ops]
to = "{web.url}"
group = "0s"
[jobs.broken]
on = "start"
command = "exit 3"
alert = "ops"
""")
    process = flowcron.start_and_wait(FLOWCRON_TEST="1", FLOWCRON_DELAY_AT="alert-sent:2")
    poll(lambda: web.requests)

    flowcron.stop(process)

    poll(lambda: waiting(flowcron, "sent") == 1)
    assert len(web.requests) == 1


def test_what_a_scheduler_took_to_send_and_died_is_sent_by_the_next_one(
    flowcron: Installed, web: Web
) -> None:
    flowcron.configure(f"""\
[alerts.ops]
to = "{web.url}"
group = "0s"
[jobs.broken]
on = "start"
command = "exit 3"
alert = "ops"
""")
    doomed = flowcron.start(FLOWCRON_TEST="1", FLOWCRON_CRASH_AT="alert-leased")
    assert doomed.wait(30) == -signal.SIGKILL
    assert waiting(flowcron) == 1
    forget_leases(flowcron)

    flowcron.start_and_wait()

    poll(lambda: waiting(flowcron, "sent") == 1)
    assert names(web) == [("failure", "broken")]


@pytest.mark.torture
@pytest.mark.timeout(20 + 20 * KILLS)
@pytest.mark.parametrize("victims", ["the scheduler", "the scheduler and who sends"])
def test_kills_double_an_alert_only_between_sending_and_marking(
    flowcron: Installed,
    web: Web,
    victims: str,
    record_property: Callable[[str, object], None],
) -> None:
    """Kill at a random moment around a delivery; each alert arrives, and few of them twice."""
    flowcron.configure(f"""\
[alerts.ops]
to = "{web.url}"
group = "0s"
remind = "each"
[jobs.broken]
command = "exit 3"
alert = "ops"
""")
    process = flowcron.start_and_wait()
    for _ in range(KILLS):
        flowcron.run("run", "broken", "-d")
        poll(lambda: flowcron.rows("SELECT 1 FROM outbox WHERE state = 'waiting'"))
        time.sleep(random.uniform(0, 0.4))
        sending = senders(process.pid)
        flowcron.kill(process)
        if victims != "the scheduler":
            for pid in sending:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            forget_leases(flowcron)
        process = flowcron.start_and_wait()
        poll(lambda: tried_again(flowcron) and waiting(flowcron) == 0, seconds=60)

    counts = Counter(event["dedup_key"] for event in events(web))
    doubled = sum(count > 1 for count in counts.values())
    assert len(counts) == KILLS
    if victims == "the scheduler":
        assert doubled == 0
    record_property("doubled", f"{doubled} of {KILLS}")


def senders(scheduler: int) -> list[int]:
    """Return the processes that send for a scheduler now."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            parent = (folder / "stat").read_bytes().rpartition(b") ")[2].split()[1]
            command = (folder / "cmdline").read_bytes()
        except (OSError, IndexError):
            continue
        if int(parent) == scheduler and b"flowcron.alerts.send" in command:
            found.append(int(folder.name))
    return found


def forget_leases(flowcron: Installed) -> None:
    """Let half a minute pass in a moment."""
    with closing(sqlite3.connect(flowcron.folder / ".flowcron" / "history.db")) as connection:
        connection.execute(
            "UPDATE outbox SET leased_until = NULL, due_at = due_at - 30000000"
            " WHERE state = 'waiting'"
        )
        connection.commit()
