"""Messages on the wire."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowcron.supervisor.protocol import Lines, encode

VALUES = st.one_of(st.none(), st.integers(), st.text(), st.lists(st.text()))
MESSAGES = st.lists(st.dictionaries(st.text(), VALUES), max_size=8)


@settings(deadline=None)
@given(messages=MESSAGES, size=st.integers(1, 40))
def test_messages_arrive_whole_however_the_stream_is_cut(
    messages: list[dict[str, object]], size: int
) -> None:
    stream = b"".join(map(encode, messages))
    lines = Lines()

    heard = []
    for place in range(0, len(stream), size):
        heard += lines.feed(stream[place : place + size])

    assert heard == messages


def test_bytes_that_are_no_text_survive_the_wire() -> None:
    name = b"\xff\xfe".decode(errors="surrogateescape")

    assert Lines().feed(encode({"cwd": name})) == [{"cwd": name}]


@pytest.mark.parametrize("garbage", [b"nonsense\n", b"\xff\n", b"{\n"])
def test_what_is_no_message_is_a_value_error(garbage: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 the caller closes the connection, whatever it says
        Lines().feed(garbage)
