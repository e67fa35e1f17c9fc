"""The configuration: which file it is and why, whether it can be used, and whether it is in use."""

from __future__ import annotations

from collections.abc import Iterator

from flowcron.app.doctor.case import Case
from flowcron.app.doctor.finding import Finding, problem, warning, well
from flowcron.config.config import Config
from flowcron.config.lint_files import warnings_about_files
from flowcron.config.lint_needs import warnings_about_needs
from flowcron.config.lint_times import warnings_about_times
from flowcron.config.sources import digest_at
from flowcron.errors import ConfigError, Problem


def configuration(case: Case) -> Iterator[Finding]:
    """Check that there is a configuration without a mistake, and that it is the one in use."""
    match case.loaded:
        case None:
            yield warning("there is no schedules.toml", fix="flowcron init")
        case ConfigError(problems=problems):
            yield problem(
                _said("mistake", problems), where=case.config_path, fix=f"flowcron check{_c(case)}"
            )
        case Config() as config:
            yield from _about(config, case)
    yield from _in_use(case)


def _about(config: Config, case: Case) -> Iterator[Finding]:
    doubts = (
        *config.warnings,
        *warnings_about_times(config, case.now),
        *warnings_about_files(config),
        *warnings_about_needs(config, case.environ),
    )
    if doubts:
        yield warning(_said("warning", doubts), where=config.path, fix=f"flowcron check{_c(case)}")
        return
    jobs = "1 job" if len(config.jobs) == 1 else f"{len(config.jobs)} jobs"
    yield well(f"config {config.path}, {jobs}, {case.choices.config}", config.path)


def _in_use(case: Case) -> Iterator[Finding]:
    """Yield what a running scheduler has loaded otherwise."""
    scheduler = case.scheduler
    if scheduler is None or case.config_path is None or case.pid is None:
        return
    if scheduler.config != str(case.config_path):
        yield warning(
            f"the scheduler uses another file, {scheduler.config}, than this one "
            f"({case.choices.config})",
            where=case.config_path,
            fix=f"flowcron -c {scheduler.config} doctor",
        )
    elif case.config is not None and scheduler.config_digest != digest_at(case.config_path):
        yield warning(
            "the scheduler has not loaded the last changes",
            where=case.config_path,
            fix="flowcron reload",
        )


def _said(word: str, problems: tuple[Problem, ...]) -> str:
    """Return how many there are and where the first is; what it quotes may be a secret."""
    first = problems[0]
    many = f"1 {word}" if len(problems) == 1 else f"{len(problems)} {word}s"
    place = f", line {first.line}" if first.line else ""
    others = "" if len(problems) == 1 else "the first: "
    return f"{many} in {first.file or 'the configuration'} ({others}{first.code}{place})"


def _c(case: Case) -> str:
    return f" -c {case.config_path}" if case.choices.config.startswith("by -c") else ""
