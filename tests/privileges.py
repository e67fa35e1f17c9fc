"""What another user of the machine can do."""

from __future__ import annotations

import os
from collections.abc import Callable

NOBODY = 65534
DONE, REFUSED, FAILED = 0, 1, 2


def as_nobody(attempt: Callable[[], object]) -> int:
    """Return whether an attempt by a user without rights is DONE, or REFUSED by the system."""
    pid = os.fork()
    if pid == 0:
        code = FAILED
        try:
            os.setgroups([])
            os.setresgid(NOBODY, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, NOBODY)
            attempt()
            code = DONE
        except PermissionError:
            code = REFUSED
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
