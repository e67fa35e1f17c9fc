"""Names that are nearly right: what "did you mean" suggests."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

_LONGEST = 80


def near(word: str, known: Iterable[str]) -> str | None:
    """Return the known name that is nearest to `word`, or None when none is near."""
    if len(word) > _LONGEST:
        return None
    by_lower = {name.lower(): name for name in known}
    found = get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[found[0]] if found else None


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """Return 'did you mean "x"?' or None."""
    found = near(word, known)
    return f'did you mean "{found}"?' if found else None
