"""Keeping secrets out of everything that is written down: each becomes •••, wherever it is cut."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

MASK = "•••".encode()

_LINE = 4  # characters that a line of a longer secret has at least to be a secret itself


class Mask:
    """Texts that are never written down, and each line of those of several lines.

    Raises UnicodeEncodeError for a text that no process can have been given.
    """

    __slots__ = ("_secrets",)

    def __init__(self, texts: Iterable[str]) -> None:
        secrets: set[bytes] = set()
        for text in texts:
            lines = [line for line in text.splitlines() if len(line) >= _LINE]
            secrets.update(os.fsencode(secret) for secret in (text, *lines))
        self._secrets = tuple(secrets - {b""})

    def hide(self, text: str) -> str:
        """Return a whole text without its secrets; of one that cannot be encoded, nothing."""
        veil = Veil(self)
        try:
            content = veil.feed(os.fsencode(text)) + veil.end()
        except UnicodeEncodeError:
            return MASK.decode()
        return os.fsdecode(content)

    def occurrences(self, content: bytes) -> list[tuple[int, int]]:
        """Return where secrets begin and end, also those that overlap, in order."""
        found = []
        for secret in self._secrets:
            start = content.find(secret)
            while start >= 0:
                found.append((start, start + len(secret)))
                start = content.find(secret, start + 1)
        if len(found) > 1:
            found.sort()
        return found

    def beginning(self, content: bytes) -> int:
        """Return where the longest end of `content` begins that a secret may begin with."""
        earliest = len(content)
        for secret in self._secrets:
            start = content.find(secret[:1], max(0, len(content) - len(secret) + 1), earliest)
            while start >= 0 and not secret.startswith(content[start:]):
                start = content.find(secret[:1], start + 1, earliest)
            if start >= 0:
                earliest = start
        return earliest

    def may_end(self, content: bytes) -> bool:
        """Return whether more may make of `content` what a secret ends with."""
        return any(secret.find(content, 1, len(secret) - 1) >= 0 for secret in self._secrets)

    def ending(self, content: bytes) -> int:
        """Return how much of the beginning of `content` is what a secret ends with."""
        longest = 0
        for secret in self._secrets:
            for length in range(min(len(content), len(secret) - 1), longest, -1):
                if secret.endswith(content[:length]):
                    longest = length
                    break
        return longest


class Veil:
    """One stream that a mask is over: `feed` gives what may be written down by now.

    What may be the beginning of a secret is held back until more comes. Of what is held, the first
    `_covered` bytes belong to a secret that is written as a mask already and may yet grow: where
    secrets overlap, nothing of any of them is left. With `resumed` the stream may begin in the
    middle of a secret, and does not show the end of one.
    """

    __slots__ = ("_covered", "_held", "_mask", "_resumed")

    def __init__(self, mask: Mask, *, resumed: bool = False) -> None:
        self._mask = mask
        self._held = b""
        self._covered = 0
        self._resumed = resumed

    def feed(self, piece: bytes) -> bytes:
        """Take what came and return what may be written."""
        content = self._held + piece if self._held else piece
        if self._resumed:
            if self._mask.may_end(content):
                self._held = content
                return b""
            return self._resume(content)
        return self._show(content, self._mask.beginning(content))

    def end(self) -> bytes:
        """Return what was held back, once no more can come."""
        begun = self._resume(self._held) if self._resumed else b""
        return begun + self._show(self._held, len(self._held))

    def _resume(self, content: bytes) -> bytes:
        self._resumed = False
        self._covered = covered = self._mask.ending(content)
        shown = self._show(content, self._mask.beginning(content))
        return MASK + shown if covered else shown

    def _show(self, content: bytes, held: int) -> bytes:
        """Return the bytes before `held` without secrets, and hold the rest."""
        place = self._covered
        shown: list[bytes] = []
        for start, end in self._mask.occurrences(content):
            if start >= place:
                if start >= held:
                    break
                shown += content[place:start], MASK
            place = max(place, end)
        if place < held:
            shown.append(content[place:held])
        self._held = content[held:]
        self._covered = max(0, place - held)
        return b"".join(shown) if shown else b""
