"""What keeps alerts from arriving, or their secrets from being secret; only `check` asks for it."""

from __future__ import annotations

import logging
import re
import shlex
import warnings
from collections.abc import Iterator, Mapping
from shutil import which
from typing import Any

from flowcron.config.config import Config
from flowcron.config.mistake import Mistake, located
from flowcron.config.references import secrets_of_alerts, tables_of_jobs
from flowcron.config.secrets import is_reference
from flowcron.config.small_files import exposure, is_exposed
from flowcron.config.sources import Source, unchanged_sources
from flowcron.config.wording import shown
from flowcron.domain.names import did_you_mean
from flowcron.errors import Problem

_SENDMAIL = "/usr/sbin:/usr/lib:/usr/bin"
_PLAIN = re.compile(r"(json|xml|form|http)s?://[^@/?]*/?")  # a host and no more: no secret in it


def warnings_about_channels(config: Config, environ: Mapping[str, str]) -> tuple[Problem, ...]:
    """Return what is probably wrong with channels on this machine, given the environment."""
    return tuple(
        problem
        for source in unchanged_sources(config.path, config.digest)
        for problem in located(
            source,
            (
                *_without_sendmail(source.table, environ, has_smtp=config.smtp is not None),
                *_readable(source),
                *_unknown_urls(source.table),
                *_missing_programs(source.table, environ),
            ),
        )
    )


def _without_sendmail(
    table: dict[str, Any], environ: Mapping[str, str], *, has_smtp: bool
) -> Iterator[Mistake]:
    if has_smtp or which("sendmail", path=f"{_SENDMAIL}:{environ.get('PATH', '')}"):
        return
    mailed = [(("alerts", name), "email") for name in table.get("alerts", {})]
    tables: Any = [*mailed, *((path, "mailto") for path, _ in tables_of_jobs(table))]
    for path, key in tables:
        here = table
        for step in path:
            here = here[step]
        if here.get(key):
            message = "there is no [smtp], and no sendmail on this machine"
            help_ = 'write [smtp] with host = "…"; without it this mail cannot be sent'
            yield Mistake("no-mail", message, (*path, key), help_, warning=True)


def _readable(source: Source) -> Iterator[Mistake]:
    """Yield what may be a secret in a file that others can read."""
    try:
        mode = source.path.stat().st_mode
    except OSError:
        return
    if not is_exposed(mode):
        return
    for path, text in secrets_of_alerts(source.table):
        if not is_reference(text) and not _PLAIN.fullmatch(text):
            message = f"this URL is a secret, and the file {exposure(mode)}"
            name = shlex.quote(source.path.name)
            help_ = f'keep it out: write "file:/path" or "env:NAME"; or chmod 600 {name}'
            yield Mistake("exposed-url", message, path, help_, warning=True)


def _unknown_urls(table: dict[str, Any]) -> Iterator[Mistake]:
    """Yield the URLs that Apprise cannot use; it is loaded only where one is written out."""
    for path, text in secrets_of_alerts(table):
        if path[0] != "alerts" or path[2] != "to" or is_reference(text):
            continue
        kind, schemas = text.partition("://")[0].lower(), _services()
        if kind not in {*schemas, "http", "https"}:
            help_ = did_you_mean(kind, schemas) or "its documentation lists the services it knows"
            message = f"Apprise knows no service {shown(kind)}"
            part = (0, len(kind))
            yield Mistake("unknown-service", message, path, help_, part=part, warning=True)
        elif not _is_readable(text):
            message = "Apprise cannot read this URL"
            help_ = f"its documentation says what a {kind}:// URL has in it"
            yield Mistake("unknown-service", message, path, help_, warning=True)


def _services() -> list[str]:
    """Return the kinds of URLs that Apprise knows; it is loaded here, and nowhere but here."""
    with warnings.catch_warnings(action="ignore"):  # it uses what newer Pythons do without
        from apprise.manager_plugins import NotificationManager  # noqa: PLC0415 it takes long

        return list(NotificationManager().schemas())  # type: ignore[no-untyped-call] # it has no types


def _is_readable(url: str) -> bool:
    from apprise import Apprise  # noqa: PLC0415 it takes half a second

    logging.getLogger("apprise").setLevel(logging.CRITICAL)  # it would print the URL
    return Apprise.instantiate(url, suppress_exceptions=True) is not None


def _missing_programs(table: dict[str, Any], environ: Mapping[str, str]) -> Iterator[Mistake]:
    for name, channel in table.get("alerts", {}).items():
        command = channel.get("command")
        if not isinstance(command, list):
            continue
        if which(command[0], path=environ.get("PATH")) is None:
            message = f"there is no program {shown(command[0])} to start"
            help_ = "write its whole path, and let it be executable"
            place = ("alerts", name, "command", 0)
            yield Mistake("no-program", message, place, help_, warning=True)
