"""Every check, and going through them: one that cannot be made is a finding too."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from flowcron.app.doctor import (
    about_backups,
    about_clock,
    about_configuration,
    about_cron,
    about_disks,
    about_files,
    about_history,
    about_jobs,
    about_leftovers,
    about_limits,
    about_permissions,
    about_scheduler,
    about_software,
    about_supervisor,
    about_surroundings,
    about_zones,
)
from flowcron.app.doctor.case import Case
from flowcron.app.doctor.finding import Finding, Level, problem
from flowcron.app.trouble import explained
from flowcron.errors import FlowcronError
from flowcron.history.database import DatabaseTrouble

Check = Callable[[Case], Iterable[Finding]]

CHECKS: Mapping[str, Check] = {
    "python": about_software.python,
    "sqlite": about_software.sqlite,
    "command": about_software.command,
    "zones": about_zones.zones,
    "locale": about_surroundings.locale,
    "environment": about_surroundings.environment,
    "configuration": about_configuration.configuration,
    "scheduler": about_scheduler.scheduler,
    "service": about_scheduler.service,
    "supervisor": about_supervisor.supervisor,
    "clock": about_clock.clock,
    "database": about_history.database,
    "filesystem": about_files.filesystem,
    "disk": about_disks.disk,
    "folders": about_files.folders,
    "permissions": about_permissions.permissions,
    "secrets": about_permissions.secrets,
    "limits": about_limits.limits,
    "timeouts": about_jobs.timeouts,
    "failures": about_jobs.failures,
    "pauses": about_jobs.pauses,
    "cron": about_cron.cron,
    "backups": about_backups.backups,
    "leftovers": about_leftovers.leftovers,
}


class Found(NamedTuple):
    """A finding, and the check that it is from."""

    check: str
    finding: Finding


def examine(case: Case, checks: Mapping[str, Check] = CHECKS) -> list[Found]:
    """Return what all checks find, in their order."""
    return [
        Found(name, finding) for name, check in checks.items() for finding in _found(check, case)
    ]


def count(found: Iterable[Found], level: Level) -> int:
    """Return how many findings are of one level."""
    return sum(each.finding.level is level for each in found)


def _found(check: Check, case: Case) -> Iterator[Finding]:
    """Yield what a check finds; what it cannot read is said and keeps no other check back."""
    try:
        yield from check(case)
    except FlowcronError as error:
        yield problem(f"this cannot be checked: {error.message}", fix=error.hint)
    except DatabaseTrouble as error:
        trouble = explained(error, case.history_path)
        yield problem(f"this cannot be checked: {trouble.message}", fix=trouble.hint)
    except OSError as error:
        yield problem(f"this cannot be checked: {error}", fix="run it as the scheduler's user")
