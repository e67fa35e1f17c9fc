"""Loading a configuration in a process of its own, and hearing what it says.

Validating takes 16 MB that a scheduler would carry for good, and on a reload a second of a
processor during which nothing due could start.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from flowcron.config.aside_alerts import heard_channel, told_channel
from flowcron.config.config import Config, OnStop
from flowcron.domain.channel import Sentry, Smtp
from flowcron.domain.job import Job, Keep
from flowcron.domain.snapshot import definition_of, job_from
from flowcron.errors import ConfigError, FlowcronError, Problem


class Loading:
    """A configuration that is being loaded; `result` waits for it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "flowcron.config", str(path)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
        )

    def result(self) -> Config:
        """Return the configuration; raises ConfigError for one with mistakes."""
        answer, _ = self._process.communicate()
        try:
            heard = json.loads(answer)
        except ValueError as error:
            raise FlowcronError(
                f"{self._path} could not be loaded: the process that reads it ended early",
                hint="what it wrote is above; flowcron check reads the file in this process",
            ) from error
        if "problems" in heard:
            raise ConfigError(tuple(Problem(**problem) for problem in heard["problems"]))
        return _config(heard)


def load_aside(path: Path) -> Config:
    """Return the configuration, loaded in a process of its own; raises ConfigError."""
    return Loading(path).result()


def told(answer: Config | ConfigError) -> str:
    """Return what the loading process writes."""
    if isinstance(answer, ConfigError):
        return json.dumps({"problems": [problem._asdict() for problem in answer.problems]})
    return json.dumps(
        {
            "path": str(answer.path),
            "digest": answer.digest,
            "files": [str(file) for file in answer.files],
            "jobs": [[job.name, definition_of(job), job.file, job.line] for job in answer.jobs],
            "timezone": answer.timezone,
            "pools": answer.pools,
            "max_running": answer.max_running,
            "keep": [answer.keep.age and answer.keep.age.total_seconds(), answer.keep.runs],
            "on_stop": answer.on_stop,
            "shutdown_grace": answer.shutdown_grace.total_seconds(),
            "history_path": answer.history_path and str(answer.history_path),
            "on_network": answer.on_network,
            "auto_reload": answer.auto_reload,
            "channels": list(map(told_channel, answer.channels)),
            "smtp": answer.smtp and asdict(answer.smtp),
            "heartbeat": answer.heartbeat,
            "sentry": answer.sentry and asdict(answer.sentry),
            "warnings": [problem._asdict() for problem in answer.warnings],
        }
    )


def config_from(text: str) -> Config:
    """Return the configuration that `told` wrote."""
    return _config(json.loads(text))


def _config(heard: dict[str, Any]) -> Config:
    return Config(
        path=Path(heard["path"]),
        digest=heard["digest"],
        files=tuple(map(Path, heard["files"])),
        jobs=tuple(_job(*job) for job in heard["jobs"]),
        timezone=heard["timezone"],
        pools=tuple((name, size) for name, size in heard["pools"]),
        max_running=heard["max_running"],
        keep=_keep(*heard["keep"]),
        on_stop=OnStop(heard["on_stop"]),
        shutdown_grace=timedelta(seconds=heard["shutdown_grace"]),
        history_path=Path(heard["history_path"]) if heard["history_path"] else None,
        on_network=heard["on_network"],
        auto_reload=heard["auto_reload"],
        channels=tuple(map(heard_channel, heard["channels"])),
        smtp=None if heard["smtp"] is None else Smtp(**heard["smtp"]),
        heartbeat=heard["heartbeat"],
        sentry=None if heard["sentry"] is None else Sentry(**heard["sentry"]),
        warnings=tuple(Problem(**problem) for problem in heard["warnings"]),
    )


def _keep(age: float | None, runs: int | None) -> Keep:
    return Keep(None if age is None else timedelta(seconds=age), runs)


def _job(name: str, definition: str, file: str, line: int) -> Job:
    return replace(job_from(name, definition), file=file, line=line)
