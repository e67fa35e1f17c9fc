"""What CI runs, by name: nox -s tests, lint, torture, system_calls, flood, explore, benchmarks."""

from __future__ import annotations

import nox

nox.options.sessions = ["lint", "tests"]
nox.options.default_venv_backend = "venv"


@nox.session(python=["3.11", "3.12", "3.13"])
def tests(session: nox.Session) -> None:
    """Run the suite with each supported Python."""
    session.install("-e", ".[test]")
    session.run("pytest", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, types and the layers."""
    session.install("-e", ".[dev]")
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("mypy")
    session.run("lint-imports")


@nox.session
def torture(session: nox.Session) -> None:
    """Kill the scheduler 1,000 times at random, and 125 times with other faults, two at once."""
    session.install("-e", ".[test]")
    session.run(
        "pytest",
        "-m",
        "torture",
        "--timeout=7200",
        *session.posargs,
        env={"FLOWCRON_TORTURE_KILLS": "1000"},
    )


@nox.session
def system_calls(session: nox.Session) -> None:
    """Kill the scheduler at every system call from a wish to the end of its run."""
    session.install("-e", ".[test]")
    session.run("pytest", "-m", "strace", *session.posargs, env={"FLOWCRON_SYSTEM_CALLS": "all"})


@nox.session
def flood(session: nox.Session) -> None:
    """Let jobs write 3 GB, in lines and as a single one."""
    session.install("-e", ".[test]")
    session.run(
        "pytest", "tests/app/test_flood.py", *session.posargs, env={"FLOWCRON_FLOOD": "3000000000"}
    )


@nox.session
def explore(session: nox.Session) -> None:
    """Look for counterexamples that the suite's fixed ones do not show."""
    session.install("-e", ".[test]")
    session.run("pytest", *session.posargs, env={"FLOWCRON_EXAMPLES": "explore"})


@nox.session
def benchmarks(session: nox.Session) -> None:
    """Measure speed and memory and print the table of goals."""
    session.install("-e", ".")
    session.run("python", "benchmarks/run.py", *session.posargs)
