"""Cases for doctor's checks: a project in a folder of its own, looked at on that evening."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from flowcron.app.doctor.case import Case
from flowcron.app.doctor.examine import Check
from flowcron.app.doctor.finding import Finding, Level
from rows import SUNDAY, Story

WELL = """
[defaults]
timeout = "1h"

[jobs.backup]
cron = "0 3 * * *"
command = "true"
"""


class Looks:
    """A project: what is configured, what happened, and looks at it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "schedules.toml"
        self.history = folder / ".flowcron" / "history.db"
        self._cases: list[Case] = []
        self._stories: list[Story] = []

    def configure(self, text: str) -> None:
        self.config.write_text(text, encoding="utf-8")

    def story(self) -> Story:
        """Return the history, to tell what happened."""
        self._stories.append(Story(self.history))
        return self._stories[-1]

    def case(self, **what_matters: Any) -> Case:
        """Return another look at the project, with a configuration unless there is none."""
        usual: dict[str, Any] = {
            "now": SUNDAY,
            "environ": {},
            "config_path": self.config if self.config.exists() else None,
            "history_path": self.history,
        }
        self._cases.append(Case(**(usual | what_matters)))
        return self._cases[-1]

    def findings(self, check: Check, **what_matters: Any) -> list[Finding]:
        """Return what one check finds now."""
        return list(check(self.case(**what_matters)))

    def close(self) -> None:
        for case in self._cases:
            case.close()
        for story in self._stories:
            story.db.close()


def levels(findings: Iterable[Finding]) -> list[Level]:
    return [finding.level for finding in findings]


def texts(findings: Iterable[Finding]) -> list[str]:
    return [finding.text for finding in findings]
