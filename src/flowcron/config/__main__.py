"""Load a configuration for another process: `python -m flowcron.config PATH`; see aside.py."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from flowcron.config.aside import told
from flowcron.config.load import load
from flowcron.errors import ConfigError

signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # whoever asked has died: end without a word
try:
    sys.stdout.write(told(load(Path(sys.argv[1]))))
except ConfigError as error:
    sys.stdout.write(told(error))
