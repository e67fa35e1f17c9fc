"""One scheduler after another in a process: a damaged history ends one and is healed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from flowcron.app.opening import Tell, heal_if_damaged
from flowcron.app.scheduler import Options, Scheduler
from flowcron.app.state import Holding, hold, stopped
from flowcron.app.trouble import explained
from flowcron.config.config import Config
from flowcron.engine.report import Kind, Report
from flowcron.errors import DamagedHistoryError, Problem
from flowcron.history import record
from flowcron.history.configurations import BROKEN
from flowcron.history.database import DatabaseTrouble, transaction
from flowcron.system import clock

_MOST = 3  # a disk that breaks more histories than this breaks all of them


def schedule(
    config: Config,
    options: Options,
    *,
    tell: Tell,
    begun: Callable[[Holding], None],
) -> str:
    """Schedule until told to stop; return the reason. `begun` is called at each beginning.

    Running jobs go on meanwhile. Raises HistoryError for a history that cannot be used or healed.
    """
    for left in reversed(range(_MOST + 1)):
        with hold(options.history, config, tell=tell) as holding:
            if options.broken:
                _record_broken(holding, options.broken, tell)
            begun(holding)
            scheduler = Scheduler(config, options, report=tell)
            try:
                return _scheduled(scheduler, holding)
            except DamagedHistoryError as error:
                if not left:
                    raise
                heal_if_damaged(options.history, error, tell=tell)
                if scheduler.config is not config:
                    config, options = scheduler.config, replace(options, broken=())
    raise AssertionError("the last life returns or raises")


def _scheduled(scheduler: Scheduler, holding: Holding) -> str:
    try:
        reason = asyncio.run(scheduler.run(holding))
        stopped(holding, reason)
    except DatabaseTrouble as error:
        raise explained(error, holding.path) from error
    return reason


def _record_broken(holding: Holding, broken: tuple[Problem, ...], tell: Tell) -> None:
    first = broken[0]
    more = f" and {len(broken) - 1} more" if len(broken) > 1 else ""
    text = f"{first.file}:{first.line}: {first.message}{more} · the last good configuration is used"
    now = clock.now()
    tell([Report(Kind.WARNING, now, text)])
    with transaction(holding.history):
        record.event(holding.history, BROKEN, text, at=now)
