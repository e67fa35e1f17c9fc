"""Problems of a configuration on the screen."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from flowcron.cli.output import Screen
from flowcron.cli.text import Span
from flowcron.config.render import Role, lines_of
from flowcron.errors import Problem

_STYLES = {
    Role.ERROR: "error",
    Role.WARNING: "warning",
    Role.MESSAGE: "strong",
    Role.FRAME: "dim",
    Role.SOURCE: "",
    Role.HELP: "",
}


def write_problems(screen: Screen, problems: Iterable[Problem]) -> None:
    """Write problems with their lines and carets, an empty line between them."""
    for number, problem in enumerate(problems):
        if number:
            screen.line()
        for line in lines_of(problem, file=near_name(problem.file)):
            screen.line(*(Span(text, _STYLES[role]) for role, text in line))


def near_name(path: str) -> str:
    """Return a path as it is shortest from here; in full from the root, where services work."""
    try:
        here = Path.cwd()
        return path if here == Path("/") else str(Path(path).relative_to(here))
    except (ValueError, OSError):
        return path
