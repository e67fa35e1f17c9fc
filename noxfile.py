"""What CI runs, by name: nox -s tests, lint, torture, explore, benchmarks."""

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
    """Kill the scheduler 1,000 times at random: the long form of the suite's torture."""
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
def explore(session: nox.Session) -> None:
    """Look for counterexamples that the suite's fixed ones do not show."""
    session.install("-e", ".[test]")
    session.run("pytest", *session.posargs, env={"FLOWCRON_EXAMPLES": "explore"})


@nox.session
def benchmarks(session: nox.Session) -> None:
    """Measure speed and memory and print the table of goals."""
    session.install("-e", ".")
    session.run("python", "benchmarks/run.py", *session.posargs)
