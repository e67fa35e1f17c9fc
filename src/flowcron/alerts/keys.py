"""The secrets that a delivery needs: looked up when they are needed, and never said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import overload
from urllib.parse import urlsplit

from flowcron.alerts.failure import DeliveryError, masked
from flowcron.config.secrets import LONGEST, is_reference, read_secret
from flowcron.system.programs import Programs

_PATIENCE = 10.0  # seconds for the program of a "command:" reference


class Keys:
    """Looks secrets up, and remembers them, so that nothing that is said has one in it."""

    def __init__(self, environ: Mapping[str, str], programs: Programs) -> None:
        self._environ = environ
        self._ask = partial(programs.ask, patience=_PATIENCE, limit=LONGEST)
        self._found: set[str] = set()

    def value(self, text: str) -> str:
        """Return what a reference stands for, or the text that is none; raises SecretError."""
        if not is_reference(text):
            return text
        secret = read_secret(text, environ=self._environ, ask=self._ask)
        self.hide((secret,))
        return secret

    def url(self, text: str) -> str:
        """Return a URL of which nobody hears more than the host; raises FlowcronError."""
        url = self.value(text).strip()
        try:
            parts = urlsplit(url)
        except ValueError:
            hint = "write https://host/path, or a URL of Apprise"
            raise DeliveryError("this is not a URL", hint=hint) from None
        path = parts.path.strip("/")
        self.hide((url, path, parts.query, parts.username or "", parts.password or ""))
        return url

    def hide(self, secrets: Iterable[str]) -> None:
        """Remember what is not to be said."""
        self._found.update(secrets)

    @overload
    def safe(self, text: str) -> str: ...

    @overload
    def safe(self, text: str | None) -> str | None: ...

    def safe(self, text: str | None) -> str | None:
        """Return a text in which no secret is left."""
        return None if text is None else masked(text, tuple(self._found))
