"""Secrets in a stream that is cut anywhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowcron.supervisor.mask import MASK, Mask, Veil

SECRETS = st.lists(st.text(alphabet="abc", min_size=1, max_size=6), min_size=1, max_size=4)
WRITTEN = st.text(alphabet="abcd\n", max_size=60)
CUTS = st.lists(st.integers(1, 60), max_size=12)


def cut(content: bytes, places: list[int]) -> list[bytes]:
    ends = [*sorted({place for place in places if place < len(content)}), len(content)]
    begins = [0, *ends[:-1]]
    return [content[begin:end] for begin, end in zip(begins, ends, strict=True)]


def shown(texts: list[str], pieces: list[bytes], *, resumed: bool = False) -> bytes:
    veil = Veil(Mask(texts), resumed=resumed)
    return b"".join([veil.feed(piece) for piece in pieces]) + veil.end()


def covered(texts: list[str], content: bytes) -> set[int]:
    """Return the places that belong to a secret, found in the plainest way."""
    places: set[int] = set()
    for text in texts:
        secret = text.encode()
        for start in range(len(content)):
            if content.startswith(secret, start):
                places.update(range(start, start + len(secret)))
    return places


@given(texts=SECRETS, written=WRITTEN, places=CUTS)
def test_what_is_shown_is_what_was_written_without_the_secrets_wherever_it_is_cut(
    texts: list[str], written: str, places: list[int]
) -> None:
    content = written.encode()

    found = shown(texts, cut(content, places))

    hidden = covered(texts, content)
    assert found.replace(MASK, b"") == bytes(
        byte for place, byte in enumerate(content) if place not in hidden
    )
    assert found == shown(texts, [content])
    assert not any(text.encode() in part for text in texts for part in found.split(MASK))


@given(texts=SECRETS, written=WRITTEN)
def test_only_what_may_begin_a_secret_is_held_back(texts: list[str], written: str) -> None:
    content = written.encode()
    veil = Veil(Mask(texts))

    now = veil.feed(content)

    ends = [content[place:] for place in range(len(content))]
    held = max(
        (len(end) for end in ends if any(is_begun(text.encode(), end) for text in texts)), default=0
    )
    settled = len(content) - held
    hidden = covered(texts, content)
    assert now.replace(MASK, b"") == bytes(
        byte for place, byte in enumerate(content[:settled]) if place not in hidden
    )


def is_begun(secret: bytes, end: bytes) -> bool:
    return len(end) < len(secret) and secret.startswith(end)


@given(secret=st.text(alphabet="abc", min_size=2, max_size=8), after=WRITTEN, places=CUTS)
def test_the_end_of_a_secret_whose_beginning_was_lost_is_not_shown(
    secret: str, after: str, places: list[int]
) -> None:
    for lost in range(1, len(secret)):
        rest = secret[lost:]
        found = shown([secret], cut((rest + "-" + after).encode(), places), resumed=True)

        assert found.startswith(MASK + b"-")


def test_the_longest_of_nested_secrets_is_hidden() -> None:
    assert shown(["pass", "password1"], [b"a passwo", b"rd1 b pass c passwore"]) == (
        "a ••• b ••• c •••wore".encode()
    )


def test_secrets_that_overlap_leave_nothing_readable() -> None:
    assert shown(["abcd", "cdef"], [b"[abcdef]"]) == "[•••]".encode()
    assert shown(["abcd", "cdef"], [b"[abcd", b"ef]"]) == "[•••]".encode()
    assert shown(["aa"], [b"[aaa]"]) == "[•••]".encode()


def test_secrets_side_by_side_are_each_hidden() -> None:
    assert shown(["abcd"], [b"abcdabcd"]) == "••••••".encode()


def test_a_secret_of_several_lines_is_hidden_whole_and_line_by_line() -> None:
    key = "BEGIN KEY\nshort\nabc\nEND KEY\n"

    assert shown([key], [key.encode()]) == MASK
    assert shown([key], [b"> short\n> abc\n> END KEY\r\n"]) == "> •••\n> abc\n> •••\r\n".encode()


def test_a_secret_beyond_ascii_is_hidden_wherever_its_bytes_are_cut() -> None:
    content = "x schlüssel€ y".encode()

    for place in range(1, len(content)):
        assert shown(["schlüssel€"], cut(content, [place])) == "x ••• y".encode()


def test_nothing_is_hidden_for_an_empty_secret() -> None:
    assert shown([""], [b"a", b"b"]) == b"ab"


def test_a_text_is_hidden_in_one_piece() -> None:
    assert Mask(["geheim"]).hide("das ist geheim, sehr gehei") == "das ist •••, sehr gehei"


def test_a_text_that_cannot_be_encoded_is_not_shown() -> None:
    assert Mask(["geheim"]).hide("\ud800geheim") == "•••"


def test_a_secret_that_no_process_can_have_is_refused() -> None:
    with pytest.raises(UnicodeEncodeError):
        Mask(["\ud800"])
