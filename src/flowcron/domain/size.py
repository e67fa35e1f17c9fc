"""Numbers of bytes as text: what people write in schedules.toml, and what screens show."""

from __future__ import annotations

import re

_UNITS = {
    "TiB": 1024**4,
    "TB": 1000**4,
    "GiB": 1024**3,
    "GB": 1000**3,
    "MiB": 1024**2,
    "MB": 1000**2,
    "KiB": 1024,
    "KB": 1000,
    "B": 1,
}
_LARGEST = 2**63 - 1
_SIZE = re.compile(r"([0-9]{1,30})(TiB|TB|GiB|GB|MiB|MB|KiB|KB|B)")
_EXAMPLES = 'write a number and a unit: "500B", "64KB", "10MB", "2GiB"'


class SizeError(ValueError):
    """A text that is no number of bytes; `hint` says what to write instead."""

    def __init__(self, message: str, *, hint: str = _EXAMPLES) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def parse_size(text: str) -> int:
    """Return the bytes written as "10MB" (1000 each step) or "10MiB" (1024 each step).

    Raise SizeError for anything else, and for more than a file can have.
    """
    match = _SIZE.fullmatch(text)
    if match is None:
        raise _not_a_size(text)
    size = int(match[1]) * _UNITS[match[2]]
    if size > _LARGEST:
        raise SizeError(f'"{text}" is too large', hint="write at most 8 EiB: 8388607TiB")
    return size


def format_size(size: int) -> str:
    """Return a number of bytes as schedules.toml has it, exactly: "10MB", "64KiB", "1537B"."""
    if size == 0:
        return "0B"
    return next(f"{size // unit}{name}" for name, unit in _UNITS.items() if size % unit == 0)


def human_size(size: int) -> str:
    """Return a number of bytes for a screen: "13 bytes", "3.1 KB", "41 MB"."""
    if size < _UNITS["KB"]:
        return "1 byte" if size == 1 else f"{size} bytes"
    name = next(n for n in ("TB", "GB", "MB", "KB") if size >= _UNITS[n])
    whole, tenth = divmod(size * 10 // _UNITS[name], 10)
    return f"{whole}.{tenth} {name}" if whole < 10 else f"{whole} {name}"  # noqa: PLR2004 one digit


def _not_a_size(text: str) -> SizeError:
    shown = text if len(text) <= 40 else text[:40] + "…"  # noqa: PLR2004 what fits a message
    if re.fullmatch(r"[0-9]+", text):
        return SizeError(f"{shown} has no unit", hint=f'write a unit: "{shown}B" or "{shown}KB"')
    for unit in _UNITS:
        if re.fullmatch(rf"[0-9]+ ?{unit}", text, re.IGNORECASE):
            number = re.match("[0-9]+", shown)
            right = f"{number[0] if number else 1}{unit}"
            return SizeError(f'"{shown}" is not a size', hint=f'write "{right}"')
    return SizeError(f'"{shown}" is not a size')
