"""Ping a URL, for another process: `python -P -m flowcron.alerts.ping`.

The URL, or a reference to one, is on stdin; the answer goes to stdout, see alerts/order.py.
"""

from __future__ import annotations

import os
import signal
import sys

from flowcron.alerts.keys import Keys
from flowcron.alerts.order import Answer, written_answer
from flowcron.alerts.web import request
from flowcron.errors import FlowcronError
from flowcron.system.processes import MachineProcesses
from flowcron.system.programs import Programs

LIFETIME = 20  # seconds; whoever asked has given up long before


def main() -> None:
    """Ping once."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(LIFETIME)
    keys = Keys(os.environ, Programs(MachineProcesses().status_of))
    answer = Answer()
    try:
        request(keys.url(sys.stdin.read()))
    except FlowcronError as error:
        answer = Answer(error=keys.safe(error.message), hint=keys.safe(error.hint))
    sys.stdout.write(written_answer(answer))


if __name__ == "__main__":
    main()
