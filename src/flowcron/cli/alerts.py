"""flowcron alerts: who is told, what was said, and saying less of a job for a while."""

from __future__ import annotations

from flowcron.cli.group import Group

command = Group(
    "alerts",
    sentence="Test, mute and inspect alerts.",
    modules={
        "list": "flowcron.cli.alertslist",
        "test": "flowcron.cli.alertstest",
        "outbox": "flowcron.cli.alertsoutbox",
        "retry": "flowcron.cli.alertsretry",
        "mute": "flowcron.cli.alertsmute",
        "unmute": "flowcron.cli.alertsunmute",
        "ack": "flowcron.cli.alertsack",
    },
    examples=(
        "flowcron alerts test ops",
        "flowcron alerts mute backup --for 2h",
        "flowcron alerts outbox",
        "flowcron alerts ack daily-kpis",
    ),
)
