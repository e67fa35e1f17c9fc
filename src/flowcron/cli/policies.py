"""What a job says beside its command and its times, in words: for `show` and for `run -n`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from flowcron.cli.describedays import in_words
from flowcron.cli.text import Line, Span
from flowcron.domain.alertwords import format_factor, format_remind
from flowcron.domain.chain import downstream
from flowcron.domain.duration import format_duration
from flowcron.domain.job import After, Expectation, Job, Keep, OnLost, Overlap, RetryPolicy
from flowcron.domain.retry import wait_before
from flowcron.domain.size import format_size, human_size

Fact = tuple[str, tuple[Line | str, ...]]
"""A name, and the parts of what is known about it."""

_WAITS = 4
_SECRET = "•••"  # noqa: S105 what is shown instead of one
_LONGEST_LINE = 60


def facts_about(job: Job, afters: Mapping[str, After]) -> Iterator[Fact]:
    """Yield what a job says of its process, its result and of other runs, without any default.

    `afters` has what each job of the configuration runs after.
    """
    yield "limits", tuple(_limits(job))
    yield "stdin", () if job.stdin is None else (stdin_text(job.stdin),)
    yield "secrets", tuple(_secrets(job))
    yield "policy", (" · ".join(_policies(job)),)
    yield "expect", () if job.expect is None else (" · ".join(_expected(job.expect)),)
    yield "success", () if job.success_codes == (0,) else (codes_text(job.success_codes),)
    yield "then", (", ".join(downstream(job.name, afters)),)
    yield "alerts", tuple(_alerts(job))


def afters_of(jobs: tuple[Job, ...]) -> dict[str, After]:
    """Return what each of some jobs runs after, of those that do."""
    return {job.name: job.after for job in jobs if job.after is not None}


def retry_text(policy: RetryPolicy) -> str:
    """Return "retry 4 (10s, 20s, 40s, 1m20s)", and what of it is not tried again."""
    if not policy.times:
        return "no retry"
    waits = [wait_before(number + 1, policy, luck=0.5) for number in range(_WAITS)]
    said = [format_duration(wait) for wait in waits if wait is not None]
    more = ", …" if policy.times > _WAITS else ""
    return ", ".join((f"retry {policy.times} ({', '.join(said)}{more})", *_retried_only(policy)))


def stdin_text(text: str) -> str:
    """Return what a job reads: how much, and how it begins."""
    first = text.split("\n", 1)[0]
    cut = first if len(first) <= _LONGEST_LINE else first[:_LONGEST_LINE] + "…"
    return f'{human_size(len(text.encode()))}: "{cut}"' if text else "nothing"


def codes_text(codes: tuple[int, ...]) -> str:
    """Return "exit code 0 or 3"."""
    return f"exit code {in_words(list(map(str, codes)), last='or')}"


def umask_text(umask: int) -> str:
    """Return the three octal digits of a umask."""
    return f"{umask:03o}"


def keep_text(keep: Keep) -> str:
    """Return "90d", "500 runs" or both."""
    age = None if keep.age is None else format_duration(keep.age)
    runs = None if keep.runs is None else f"{keep.runs} run{'' if keep.runs == 1 else 's'}"
    return " and ".join(part for part in (runs, age) if part)


def _limits(job: Job) -> Iterator[str]:
    if job.memory is not None:
        yield f"memory {format_size(job.memory)}"
    if job.cpu_time is not None:
        yield f"processor time {format_duration(job.cpu_time)}"
    if job.open_files is not None:
        yield f"{job.open_files} open files"
    if job.nice is not None:
        yield f"nice {job.nice}"


def _secrets(job: Job) -> Iterator[Line]:
    for name, reference in job.secrets:
        yield Span(name), Span(f" {_SECRET}  ", "dim"), Span(f"({reference})")


def _policies(job: Job) -> Iterator[str]:
    yield "no timeout" if job.timeout is None else f"timeout {format_duration(job.timeout)}"
    yield retry_text(job.retry)
    yield _overlap(job)
    if job.missed is not None:
        within = job.missed_within
        yield f"missed {job.missed}" + (f" within {format_duration(within)}" if within else "")
    for word, length in (
        ("jitter", job.jitter),
        ("slow after", job.slow_after),
        ("late after", job.late_after),
    ):
        if length is not None:
            yield f"{word} {format_duration(length)}"
    if job.pool is not None:
        yield f"pool {job.pool}"
    if job.priority:
        yield f"priority {job.priority}"
    if job.on_lost is OnLost.RERUN:
        yield "run again when lost"
    yield f"log {human_size(job.log_limit)}"
    if job.keep is not None:
        yield f"keep {keep_text(job.keep)}"


def _alerts(job: Job) -> Iterator[str]:
    for alert in job.alert:
        rule = []
        if alert.failures is not None:
            rule.append(
                "from the first failure"
                if alert.failures == 1
                else f"after {alert.failures} failures in a row"
            )
        if alert.remind is not None:
            rule.append(f"remind {format_remind(alert.remind)}")
        yield f"{alert.channel} ({', '.join(rule)})" if rule else alert.channel
    if job.mailto:
        yield f"what it prints to {', '.join(job.mailto)}"
    if job.unusual is not None:
        yield f"unusual {format_factor(job.unusual)}"


def _overlap(job: Job) -> str:
    if job.overlap is Overlap.ALLOW and job.max_running is not None:
        return f"overlap allow, {job.max_running} at once"
    return f"overlap {job.overlap}"


def _retried_only(policy: RetryPolicy) -> Iterator[str]:
    if policy.exit_codes is not None:
        yield f"only on {codes_text(policy.exit_codes)}"
    if policy.stop_exit_codes:
        yield f"never on {codes_text(policy.stop_exit_codes)}"
    if not policy.on_timeout:
        yield "not after a timeout"
    if not policy.on_failure:
        yield "only after a timeout"


def _expected(expected: Expectation) -> Iterator[str]:
    if expected.file is not None:
        size = expected.min_size
        fresh = "fresh " if expected.fresh else ""
        yield f"{fresh}file {expected.file}" + (f" of {format_size(size)} up" if size else "")
    if expected.stdout_match is not None:
        yield f'stdout matches "{expected.stdout_match}"'
    if expected.stdout_not_match is not None:
        yield f'stdout does not match "{expected.stdout_not_match}"'
    if expected.min_output is not None:
        yield f"output of {format_size(expected.min_output)} up"
