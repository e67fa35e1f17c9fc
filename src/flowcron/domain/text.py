"""Text from outside that can be kept: whatever its bytes were."""

from __future__ import annotations


def storable(text: str) -> str:
    r"""Return a text without the halves of characters that bytes which are no UTF-8 become.

    They cannot be encoded, so neither SQLite nor a file takes them; they are written as \udcNN.
    """
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
