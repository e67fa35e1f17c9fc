"""The last lines of what a run wrote."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from flowcron.cli.runlog import Chunk
from flowcron.supervisor.output_read import Gap, Piece


def last_lines(
    chunks: Sequence[Chunk], count: int | None, *, streams: frozenset[int]
) -> list[Chunk]:
    """Return the end of an output: what belongs to the last `count` lines of these streams.

    What is missing between them stays mentioned.
    """
    wanted = [chunk for chunk in chunks if _is_of(chunk, streams)]
    if count is None:
        return wanted
    kept: list[Chunk] = []
    left = count
    for chunk in reversed(wanted):
        if isinstance(chunk.piece, Gap):
            kept.append(chunk)
            continue
        content = chunk.piece.content
        end, left = _end_of(content, left, is_last=not _has_text(kept))
        if end:
            piece = Piece(chunk.piece.at, chunk.piece.stream, end)
            position = chunk.position + len(content) - len(end)
            kept.append(replace(chunk, piece=piece, position=position))
        if not left and len(end) < len(content):
            break
    while kept and isinstance(kept[-1].piece, Gap):
        kept.pop()
    return kept[::-1]


def _has_text(chunks: Sequence[Chunk]) -> bool:
    return any(isinstance(chunk.piece, Piece) for chunk in chunks)


def _end_of(content: bytes, count: int, *, is_last: bool) -> tuple[bytes, int]:
    """Return the end with at most `count` lines, and how many lines are still wanted.

    A line is wanted until the line break before it is seen, which may be in an earlier piece.
    """
    if not count and is_last:
        return b"", 0
    end = len(content) - 1 if is_last and content.endswith(b"\n") else len(content)
    while (found := content.rfind(b"\n", 0, end)) >= 0:
        count -= 1
        if count <= 0:
            return content[found + 1 :], 0
        end = found
    return content, count


def _is_of(chunk: Chunk, streams: frozenset[int]) -> bool:
    return isinstance(chunk.piece, Gap) or chunk.piece.stream in streams
