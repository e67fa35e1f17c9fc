"""flowcron service: the scheduler as a service of systemd."""

from __future__ import annotations

from flowcron.cli.group import Group

command = Group(
    "service",
    sentence="Install flowcron as a systemd service, and look after it.",
    modules={
        "install": "flowcron.cli.serviceinstall",
        "uninstall": "flowcron.cli.serviceuninstall",
        "status": "flowcron.cli.servicestatus",
        "show": "flowcron.cli.serviceshow",
    },
    examples=(
        "sudo flowcron service install",
        "flowcron service install --user",
        "flowcron service status",
        "flowcron service uninstall",
    ),
)
