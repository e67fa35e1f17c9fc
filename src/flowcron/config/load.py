"""schedules.toml to a Config, or to a ConfigError that says everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import chain, product
from pathlib import Path

from flowcron.config.accounts import Rights, our_rights
from flowcron.config.alert_links import broken_alerts
from flowcron.config.build import Ground, build_job, keep_of
from flowcron.config.build_alerts import Site, build_channel, build_sentry, build_smtp
from flowcron.config.config import Config, OnStop
from flowcron.config.exposed import exposed_secrets
from flowcron.config.links import broken_links
from flowcron.config.lint import warnings_about
from flowcron.config.lint_alerts import used_channels, warnings_about_alerts
from flowcron.config.lint_policies import Shared, warnings_about_policies
from flowcron.config.machine import machine_seed, machine_zone
from flowcron.config.mistake import Mistake, located
from flowcron.config.model.file_tables import FileTable, validated
from flowcron.config.paths import in_folder
from flowcron.config.permitted import not_permitted
from flowcron.config.positions import lines_of_jobs
from flowcron.config.rules import broken_rules, misplaced, not_available, without_match
from flowcron.config.secrets import settled
from flowcron.config.sources import Source, digest_of, read_sources
from flowcron.config.translate import translated
from flowcron.domain.channel import Channel
from flowcron.domain.job import Job
from flowcron.errors import ConfigError, Problem


def load(path: Path) -> Config:
    """Return the configuration in a file and those it includes.

    Raises ConfigError with every problem of every file, and nothing else whatever the files say.
    """
    sources = read_sources(path)
    rights = our_rights()
    checked = [_check(source, main=sources[0], rights=rights) for source in sources]
    problems = [problem for _, found in checked for problem in found]
    problems += _defined_twice(sources)
    problems += broken_links(sources)
    problems += broken_alerts(sources)
    if problems:
        order = {str(source.path): number for number, source in enumerate(sources)}
        problems.sort(key=lambda problem: (order[problem.file], problem.line, problem.column))
        raise ConfigError(tuple(problems))
    return _config(sources, [table for table, _ in checked])


def _check(source: Source, *, main: Source, rights: Rights) -> tuple[FileTable, list[Problem]]:
    """Return what a file says, and everything that is wrong with it by itself."""
    table, errors = validated(source.table)
    mistakes = list(translated(errors, source.table))
    wrong = {mistake.path for mistake in mistakes}
    between = chain(
        broken_rules(source.table),
        not_permitted(source.table, rights, has_group=_has_group(main)),
        exposed_secrets(source.table, main.path.parent),
    )
    mistakes += (each for each in between if each.path not in wrong)
    mistakes += not_available(source.table)
    if source is main:
        mistakes += without_match(main)
    else:
        mistakes += misplaced(source.table, main.path.name)
    if source.problems:  # what is missing may stand in a line that could not be read
        mistakes = [mistake for mistake in mistakes if mistake.code != "missing"]
    return table, [*source.problems, *located(source, mistakes)]


def _has_group(main: Source) -> bool:
    defaults = main.table.get("defaults")
    return isinstance(defaults, dict) and "group" in defaults


def _config(sources: tuple[Source, ...], tables: list[FileTable]) -> Config:
    path, main = sources[0].path, tables[0]
    defaults, scheduler = main.get("defaults", {}), main.get("scheduler", {})
    timezone = defaults.get("timezone") or machine_zone()
    ground = Ground(path.parent, timezone, scheduler.get("seed") or machine_seed(), defaults)
    jobs = [_jobs_of(*pair, ground) for pair in zip(sources, tables, strict=True)]
    site = Site(path.parent, timezone)
    channels = tuple(
        build_channel(name, channel, site)
        for table in tables
        for name, channel in table.get("alerts", {}).items()
    )
    history = main.get("history", {})
    written, heartbeat = history.get("path"), scheduler.get("heartbeat")
    return Config(
        path=path,
        digest=digest_of(sources),
        files=tuple(source.path for source in sources),
        jobs=tuple(chain.from_iterable(jobs)),
        timezone=timezone,
        pools=tuple(pool for table in tables for pool in table.get("pools", {}).items()),
        max_running=scheduler.get("max_running"),
        keep=keep_of(history.get("keep", timedelta(days=90))),
        on_stop=OnStop(scheduler.get("on_stop", OnStop.WAIT)),
        shutdown_grace=scheduler.get("shutdown_grace", timedelta(seconds=30)),
        history_path=in_folder(written, path.parent) if written else None,
        on_network=history.get("network", False),
        auto_reload=scheduler.get("reload", "auto") == "auto",
        channels=channels,
        smtp=build_smtp(main["smtp"], site) if "smtp" in main else None,
        heartbeat=None if heartbeat is None else settled(heartbeat, path.parent),
        sentry=build_sentry(main["sentry"], site) if "sentry" in main else None,
        warnings=tuple(_warnings(sources, jobs, channels, is_limited="max_running" in scheduler)),
    )


def _warnings(
    sources: Sequence[Source],
    jobs: Sequence[list[Job]],
    channels: Sequence[Channel],
    *,
    is_limited: bool,
) -> Iterator[Problem]:
    used = {job.pool for job in chain.from_iterable(jobs) if job.pool is not None}
    shared = Shared(frozenset(used), is_limited)
    heard = used_channels(chain.from_iterable(jobs), channels)
    for source, its_jobs in zip(sources, jobs, strict=True):
        about_times = warnings_about(its_jobs, source.table)
        about_policies = warnings_about_policies(its_jobs, source.table, shared)
        about_alerts = warnings_about_alerts(channels, source.table, heard)
        yield from located(source, chain(about_times, about_policies, about_alerts))


def _jobs_of(source: Source, table: FileTable, ground: Ground) -> list[Job]:
    jobs = table.get("jobs", {})
    lines = lines_of_jobs(source.readable, jobs)
    file = str(source.path)
    return [
        build_job(name, job, ground, file=file, line=lines.get(name, 0))
        for name, job in jobs.items()
    ]


def _defined_twice(sources: tuple[Source, ...]) -> Iterator[Problem]:
    """Yield every job and every channel that a second file defines again."""
    first: dict[tuple[str, str], Source] = {}
    for (table, word), source in product((("jobs", "job"), ("alerts", "channel")), sources):
        named = source.table.get(table)
        for name in named if isinstance(named, dict) else ():
            other = first.setdefault((table, name), source)
            if other is not source:
                mistake = Mistake(f"duplicate-{word}", "", (table, name), at_key=True)
                (here,), (there,) = located(source, [mistake]), located(other, [mistake])
                yield here._replace(
                    message=f'{word} "{name}" is defined twice',
                    help=f"the other one is at {there.file}:{there.line}",
                )
