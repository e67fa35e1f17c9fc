"""The exit code that tells a shell how a run ended; see cli.md, exit codes."""

from __future__ import annotations

import re

from flowcron.domain.run import State
from flowcron.history.query import RunRow

INTERRUPTED = 130
SIGNAL = 128

_TIMED_OUT, _NOT_STARTED, _NOT_EXECUTABLE, _NOT_FOUND = 124, 125, 126, 127
_ERRORS = {"ENOENT": _NOT_FOUND, "EACCES": _NOT_EXECUTABLE, "ENOEXEC": _NOT_EXECUTABLE}
_COULD_NOT_START = re.compile(r"could not start: .*\((E[A-Z]+)\)$", re.DOTALL)


def exit_code(run: RunRow) -> int:
    """Return the exit code of a command that has followed a run to its end.

    It is the job's own; but a run that failed although its process exited with 0 gives 1.
    """
    if run.state is State.SUCCESS:
        return 0
    if run.state is State.TIMED_OUT:
        return _TIMED_OUT
    if run.signal is not None:
        return SIGNAL + run.signal
    if run.exit_code is not None:
        return run.exit_code or 1
    why = _COULD_NOT_START.search(run.reason or "")
    return _ERRORS.get(why[1], _NOT_STARTED) if why else _NOT_STARTED
