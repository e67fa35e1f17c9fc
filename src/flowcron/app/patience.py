"""Trouble that passes: how long to wait before the next try, and what to say about it, once."""

from __future__ import annotations

from flowcron.system import clock

_FIRST, _LONGEST = 0.5, 30.0  # seconds before another try
_WORTH_TELLING = 5.0  # seconds of trouble


class Patience:
    """Waits twice as long each time; forgets that when things go well."""

    def __init__(self) -> None:
        self._wait = _FIRST
        self._why = ""
        self._since = 0.0

    def wait(self) -> float:
        """Return how many seconds to wait now."""
        wait, self._wait = self._wait, min(self._wait * 2, _LONGEST)
        return wait

    def hurry(self) -> None:
        """Wait for a moment only, the next time."""
        self._wait = _FIRST

    def is_news(self, why: str) -> bool:
        """Take notice of trouble; return whether it is another one than before."""
        if not self._why:
            self._since = clock.monotonic()
        before, self._why = self._why, why
        return why != before

    def over(self) -> str:
        """Take notice that all is well; return what is worth telling about the trouble, or ""."""
        why, self._why = self._why, ""
        self._wait = _FIRST
        lasted = clock.monotonic() - self._since
        return f"going on after {lasted:.0f} s: {why}" if why and lasted >= _WORTH_TELLING else ""
