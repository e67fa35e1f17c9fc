"""The end of an output as it is told: few lines, few bytes, and nothing in them that acts."""

from __future__ import annotations

from flowcron.domain.text import visible

LINES = 20
MOST = 4096  # bytes as UTF-8
READ = 2 * MOST  # bytes of the raw end, so that a character cut at its beginning is never shown


def last_lines(raw: bytes, *, lines: int = LINES, most: int = MOST) -> str:
    """Return the last lines of an output, at most so many, and at most so many bytes of them."""
    whole = visible(raw.replace(b"\r\n", b"\n").rstrip(b"\n")).split("\n")[-lines:]
    kept: list[str] = []
    room = most
    for line in reversed(whole):
        size = len(line.encode()) + 1
        if size > room:
            if not kept:
                kept.append(_end_of(line, room))
            break
        kept.append(line)
        room -= size
    return "\n".join(reversed(kept))


def _end_of(line: str, room: int) -> str:
    """Return the end of a line that is too long."""
    mark = "…"
    end = line.encode()[-(room - len(mark.encode())) :].decode("utf-8", "ignore")
    return f"{mark}{end}"
