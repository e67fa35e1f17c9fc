"""Having it looked at whether what a job expects is so: in processes that can be killed."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from flowcron.app.errands import Errands, Wakes
from flowcron.domain.text import storable
from flowcron.engine.judging import could_not_be_checked, verdict_about
from flowcron.system.programs import Programs

Message = dict[str, Any]

AT_ONCE = 4
PATIENCE = 10.0  # seconds
_GIVEN_UP = 20.0  # seconds, should not even a thread come back
_LIMIT = 1_000_000  # bytes of an answer
_PROGRAM = (sys.executable, "-P", "-m", "flowcron.app.judge")


class Judges:
    """Asks a process of its own about each attempt; `say` gets the verdicts."""

    def __init__(
        self,
        state: Path,
        programs: Programs,
        *,
        say: Callable[[list[Message]], None],
        wakes: Wakes,
    ) -> None:
        self._state = state
        self._programs = programs
        self._say = say
        self._errands = Errands(at_once=AT_ONCE, patience=_GIVEN_UP, wakes=wakes)

    def ask(self, *questions: Message) -> None:
        """Have questions answered, a few at once."""
        for question in questions:
            tell = partial(self._tell, question["run"], question["attempt"])
            whole = question | {"log": str(self._state / question["log"])}
            self._errands.begin(partial(self._verdict, whole), tell, late=_TOO_LONG)

    def settle(self) -> None:
        """Tell what has come by now: for an owner whom nobody calls back."""
        self._errands.settle()

    def _verdict(self, question: Message) -> str | None:
        try:
            reply = self._programs.ask(
                _PROGRAM, question=json.dumps(question).encode(), patience=PATIENCE, limit=_LIMIT
            )
        except OSError as error:
            return could_not_be_checked(str(error))
        if reply.status is None:
            return _TOO_LONG
        try:
            unmet = json.loads(reply.stdout)["unmet"]
        except (ValueError, KeyError):
            return could_not_be_checked(_last_words(reply.stderr))
        return None if unmet is None else storable(unmet)

    def _tell(self, run: int, attempt: int, unmet: str | None) -> None:
        self._say([verdict_about(run, attempt, unmet)])


def _last_words(stderr: bytes) -> str:
    lines = stderr.decode("utf-8", "backslashreplace").split("\n")
    return next((line for line in reversed(lines) if line.strip()), "the process that looks died")


_TOO_LONG = could_not_be_checked(f"it took more than {PATIENCE:g} s")
