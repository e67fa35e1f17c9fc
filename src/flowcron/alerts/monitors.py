"""Pinging a monitor of a job: Healthchecks, and the crons of Sentry."""

from __future__ import annotations

import json
import re
import uuid
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from flowcron.alerts.facts import Facts
from flowcron.alerts.failure import DeliveryError
from flowcron.alerts.web import request
from flowcron.domain.alerting import Event
from flowcron.domain.job import Cron
from flowcron.domain.run import State

_STATES = {
    Event.START: "in_progress",
    Event.SUCCESS: "ok",
    Event.RECOVERY: "ok",
    Event.TEST: "ok",
}
_LARGEST_CODE = 255
_PLAIN_FIELD = r"([0-9*/,-]|[A-Za-z]{3})+"
_PLAIN_CRON = re.compile(rf"{_PLAIN_FIELD}( +{_PLAIN_FIELD}){{4}}")  # what every cron understands


def ping_healthchecks(url: str, facts: Facts, *, history: str) -> None:
    """Tell a Healthchecks server how a run is doing; raises DeliveryError.

    The check has the name of the job, in lower case, and is made with the first ping.
    """
    query = {} if facts.event is Event.TEST else {"create": "1"}
    if facts.run is not None:
        query["rid"] = _number_of_run(history, facts.run.id)
    job = quote(facts.job.lower(), safe="")
    ping = f"{url.rstrip('/')}/{job}{_ending(facts)}?{urlencode(query)}"
    tail = "" if facts.event is Event.START else facts.tail
    request(ping, body=tail.encode(), headers={"Content-Type": "text/plain; charset=utf-8"})


def check_in(dsn: str, facts: Facts, *, history: str, environment: str | None = None) -> None:
    """Tell Sentry how a run is doing; raises DeliveryError.

    The monitor has the name of the job, in lower case; Sentry makes it where the job has one cron
    expression. See https://docs.sentry.io/product/crons/getting-started/http/.
    """
    query = {"status": _STATES.get(facts.event, "error")}
    if facts.run is not None:
        query["check_in_id"] = _number_of_run(history, facts.run.id)
    if environment:
        query["environment"] = environment
    url = f"{_crons(dsn)}?{urlencode(query)}".replace("/MONITOR/", f"/{facts.job.lower()}/")
    body = json.dumps({**query, **_monitor(facts)}).encode()
    request(url, body=body, headers={"Content-Type": "application/json"})


def _ending(facts: Facts) -> str:
    """Return what a ping's URL ends with: nothing for a success, the exit code of a failure."""
    if facts.event is Event.START:
        return "/start"
    if facts.event in {Event.SUCCESS, Event.RECOVERY, Event.TEST}:
        return ""
    run = facts.run
    if run is None or run.state is not State.FAILED or not run.exit_code:
        return "/fail"
    return f"/{run.exit_code}" if run.exit_code <= _LARGEST_CODE else "/fail"


def _crons(dsn: str) -> str:
    """Return the URL of check-ins, with MONITOR in the place of the monitor's name."""
    try:
        parts = urlsplit(dsn)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        parts, port = urlsplit(""), ""
    before, _, project = parts.path.rpartition("/")
    if parts.scheme not in {"http", "https"} or not parts.username or not project.isdigit():
        hint = "copy it from the settings of the project: https://KEY@HOST/PROJECT"
        raise DeliveryError("the dsn of [sentry] is not one", hint=hint)
    site = f"{parts.scheme}://{parts.hostname}{port}{before}"
    return f"{site}/api/{project}/cron/MONITOR/{quote(parts.username, safe='')}/"


def _monitor(facts: Facts) -> dict[str, Any]:
    """Return what Sentry makes a monitor from, where it can understand when the job is due."""
    times = () if facts.definition is None else facts.definition.when
    if len(times) != 1 or not isinstance(cron := times[0], Cron):
        return {}
    if not _PLAIN_CRON.fullmatch(cron.text):
        return {}
    schedule = {"type": "crontab", "value": cron.text}
    return {"monitor_config": {"schedule": schedule, "timezone": cron.timezone}}


def _number_of_run(history: str, run: int) -> str:
    """Return a UUID that is the same for all pings of one run."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"flowcron:{history}:{run}"))
