"""flowcron: cron with retries, timeouts, alerts and a history you can ask."""

__version__ = "0.1.0"
