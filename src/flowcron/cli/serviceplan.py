"""The service that is meant: from options, the configuration and where this flowcron is."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from flowcron.cli.context import Session
from flowcron.config.credentials import credentials_in
from flowcron.config.load import load
from flowcron.system.crontab import crontab
from flowcron.system.systemd import lingers
from flowcron.system.unit import Hardening, Service, unit_text
from flowcron.system.unitfile import unit_path

if TYPE_CHECKING:
    from flowcron.config.config import Config

F = TypeVar("F", bound=Callable[..., Any])

_STORES = ("/etc/credstore", "/run/credstore", "/usr/lib/credstore")
_HOMES = ("/home", "/root")
_OTHERS_MAY_WRITE = 0o022


class Name(click.ParamType[str]):
    """The name of a service: of the characters that need no thought in a unit's name."""

    name = "name"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Check it."""
        plain = value.replace("-", "").replace("_", "")
        if not (plain.isascii() and plain.isalnum()) or value.startswith("-"):
            self.fail(f"{value!r} has more in it than letters, digits, - and _", param, ctx)
        return value


def whose_options(function: F) -> F:
    """Give a command the options that say which service is meant."""
    function = click.option(
        "--name", type=Name(), default="flowcron", show_default=True, help="What it is called."
    )(function)
    return click.option(
        "--user/--system",
        "user",
        default=None,
        help="A service of yours, or of the machine; the latter is meant when you are root.",
    )(function)


def hardening_option(function: F) -> F:
    """Give a command the option that says how much is taken from the service."""
    return click.option(
        "--hardening",
        type=click.Choice([each.value for each in Hardening]),
        default=Hardening.DEFAULT.value,
        show_default=True,
        help="strict: what few jobs need is forbidden to all of them; see docs/systemd.md.",
    )(function)


@dataclass(frozen=True, slots=True)
class Plan:
    """A service as `install` would write it; `uses` says who needs each of its credentials."""

    service: Service
    path: Path
    text: str
    config: Config
    uses: dict[str, str]


def is_for_user(user: bool | None) -> bool:  # noqa: FBT001 what the option gives
    """Return whether a service of the user is meant: as was said, else unless it is root."""
    return os.geteuid() != 0 if user is None else user


def plan(session: Session, *, name: str, user: bool | None, hardening: str) -> Plan:
    """Return the service that is meant.

    Raises ConfigError for a configuration that it could not run, click.UsageError for what
    cannot be.
    """
    for_user = is_for_user(user)
    if for_user and hardening == Hardening.STRICT:
        raise click.UsageError("--hardening strict needs --system: a user's manager cannot do it")
    path = session.needed_config
    config, uses = load(path), credentials_in(path)
    service = Service(
        name,
        this_flowcron(),
        path,
        session.history_path,
        db=None if session.db is None else session.history_path,
        credentials=tuple(uses),
        encrypted=frozenset(name for name in uses if _is_in(name, suffix=".encrypted")),
        hardening=Hardening(hardening),
        user=for_user,
    )
    unit = unit_path(service.unit, user=for_user)
    return Plan(service, unit, unit_text(service), config, uses)


def this_flowcron() -> tuple[str, ...]:
    """Return how the flowcron that runs now is started from anywhere."""
    script = Path(sys.executable).with_name("flowcron")
    if os.access(script, os.X_OK):
        return (str(script),)
    return (sys.executable, "-P", "-m", "flowcron")


def doubts(planned: Plan) -> Iterator[str]:
    """Yield what is not as it should be, though the service may work all the same."""
    service = planned.service
    if not service.user:
        if (part := at_home(service)) is not None:
            yield (
                f"{part} is inside a home directory, and the service is gone when that is; give "
                "flowcron a place of its own, as with: python3 -m venv /opt/flowcron"
            )
        yield from _writers(planned)
    for name in service.credentials:
        if name not in service.encrypted and not _is_in(name):
            yield (
                f"credential:{name} ({planned.uses[name]}) is in no credential store: put it "
                f"into {_STORES[0]}/{name}"
            )
    if jobs := _still_in_cron(planned.config):
        yield f"cron still runs what is in schedules.toml too: {', '.join(jobs)} → crontab -e"
    if service.user and not lingers(_login()):
        yield (
            f"linger is off: jobs stop when {_login()} logs out → sudo loginctl enable-linger "
            f"{_login()}"
        )


def at_home(service: Service) -> Path | None:
    """Return what of this flowcron, or of its Python, is inside somebody's home directory."""
    homes = {*_HOMES, str(Path.home())} - {"/"}
    parts = (Path(service.program[0]), Path(sys.executable).resolve())
    return next((part for part in parts for home in homes if part.is_relative_to(home)), None)


def _writers(planned: Plan) -> Iterator[str]:
    for file in planned.config.files:
        found = file.stat()
        if found.st_uid != 0 or found.st_mode & _OTHERS_MAY_WRITE:
            yield (
                f"{file} can be changed by others than root, and its jobs run as root → "
                f"chown root {file} && chmod go-w {file}"
            )


def _is_in(name: str, *, suffix: str = "") -> bool:
    return any((Path(store + suffix) / name).exists() for store in _STORES)


def _still_in_cron(config: Config) -> list[str]:
    lines = [line.strip() for line in crontab() if not line.lstrip().startswith("#")]
    return [
        job.name
        for job in config.jobs
        if isinstance(job.command, str) and any(line.endswith(job.command) for line in lines)
    ]


def _login() -> str:
    from flowcron.app.asking import whoami  # noqa: PLC0415 only for a service of the user

    return whoami()
