"""``python -m flowcron.supervisor``: how a scheduler starts its supervisor."""

from __future__ import annotations

import sys

from flowcron.supervisor.main import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
