"""Values as TOML texts: a writer, and strategies for documents and for how they are written."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\r")


def toml_value(value: Any) -> str:
    """Return a value on one line."""
    match value:
        case str():
            return _quoted(value)
        case bool():
            return str(value).lower()
        case list():
            return f"[{', '.join(map(toml_value, value))}]"
        case dict():
            return f"{{{', '.join(f'{_quoted(k)} = {toml_value(v)}' for k, v in value.items())}}}"
        case datetime():
            return value.isoformat()
        case _:
            return repr(value)


def toml_document(document: dict[str, Any]) -> str:
    return "".join(f"{_quoted(key)} = {toml_value(value)}\n" for key, value in document.items())


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


SCALARS = st.one_of(
    st.text(CHARACTERS, max_size=8),
    st.integers(-(2**70), 2**70),
    st.booleans(),
    st.floats(allow_nan=False),
    st.just(datetime(2026, 11, 22, 3, tzinfo=UTC)),
)
KEYS = st.sampled_from(["a", "b-c", "1", "d.e", 'q"q', "", "é", "tab\t", "\\"])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


@st.composite
def written(draw: st.DrawFn, value: Any) -> str:
    """Return a value written in one of the many ways that TOML has."""
    gap = draw(st.sampled_from(["", " ", "\t", "\n", " # ] } \" ' comment\n"]))
    match value:
        case str() if draw(st.booleans()):
            return draw(_other_quotes(value))
        case list() if value:
            comma = f"{gap},{gap}"
            end = draw(st.sampled_from(["", ","]))
            return f"[{gap}{comma.join(draw(written(item)) for item in value)}{end}{gap}]"
        case dict() if value:
            pairs = [f"{_key(key, draw)} = {draw(written(item))}" for key, item in value.items()]
            return f"{{ {', '.join(pairs)} }}"
        case _:
            return toml_value(value)


def _key(key: str, draw: st.DrawFn) -> str:
    plain = key.isascii() and key.replace("-", "").isalnum()
    literal = key.isprintable() and "'" not in key
    ways = [_quoted(key), *([key] if plain else []), *([f"'{key}'"] if literal else [])]
    return draw(st.sampled_from(ways))


@st.composite
def _other_quotes(draw: st.DrawFn, text: str) -> str:
    ways = [_quoted(text), f'"""{_quoted(text)[1:-1]}"""', f'"""\n{_quoted(text)[1:-1]}"""']
    if text.isprintable() and "'" not in text:
        ways += [f"'{text}'", f"'''{text}'''", f"'''\n{text}'''"]
    return draw(st.sampled_from(ways))


@st.composite
def documents(draw: st.DrawFn) -> str:
    """Return the text of a document with tables, arrays of tables and dotted keys."""
    pieces = []
    names = draw(st.lists(KEYS, unique=True, max_size=4))
    for key in names:
        value = draw(VALUES)
        pieces.append(f"{_key(key, draw)}\t=  {draw(written(value))} # {draw(_COMMENTS)}\n")
    for number in range(draw(st.integers(0, 3))):
        kind = draw(st.sampled_from(["[t{0}]", " [ t{0} . 'x.y' ]", "[[l]]", "[t{0}.u.v]"]))
        pieces.append(kind.format(number) + "\n\n")
        value = draw(VALUES)
        pieces.append(f"  dotted . {_key('d.e', draw)}.z = {draw(written(value))}\n")
    return "".join(pieces)


_COMMENTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=5)
