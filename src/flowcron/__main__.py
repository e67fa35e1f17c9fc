"""Run flowcron as ``python -m flowcron``."""

from flowcron.cli.main import main

if __name__ == "__main__":
    main()
