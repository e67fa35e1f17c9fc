from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowcron.domain.env_file import EnvFileError, parse_env_file

NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,10}", fullmatch=True)
TEXTS = st.text(st.characters(exclude_characters="\0\r", codec="utf-8"), max_size=40)


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        ("", {}),
        ("A=1\nB=two words\n", {"A": "1", "B": "two words"}),
        ("export A=1", {"A": "1"}),
        ("# a comment\n\n  ; another\nA=1\r\n", {"A": "1"}),
        ("A = 1 \t", {"A": "1"}),
        ("A=", {"A": ""}),
        ("A=''", {"A": ""}),
        ("A=x#y # z", {"A": "x#y # z"}),
        ("A='x' # a comment", {"A": "x"}),
        ("A=$HOME\nB=\"$HOME\"\nC='$HOME'", {"A": "$HOME", "B": "$HOME", "C": "$HOME"}),
        (r'A="\"\\\n\t\$\`\d"', {"A": '"\\\n\t$`\\d'}),
        (r"A='\n'", {"A": r"\n"}),
        (r"A=C:\new", {"A": r"C:\new"}),
        ("A='one\ntwo'\nB=2", {"A": "one\ntwo", "B": "2"}),
        ('A="one \\\ntwo"', {"A": "one two"}),
        ("A=it's", {"A": "it's"}),
        ("A=1\nA=2", {"A": "2"}),
        ("A=a=b", {"A": "a=b"}),
        ("export=1", {"export": "1"}),
    ],
)
def test_the_usual_forms_are_read(text: str, variables: dict[str, str]) -> None:
    assert parse_env_file(text) == variables


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("A=1\nB", 2, "this is no variable"),
        ("A=1\n\n2B=3", 3, "this is no variable"),
        ("A-B=1", 1, "this is no variable"),
        ("A=1\nB='x\ny\n", 2, "the quotes of B are never closed"),
        ('A="x\\"', 1, "the quotes of A are never closed"),
        ("A='x\ny'z", 2, "something follows the quotes of A"),
        ("A=1\nB=\0", 2, "NUL"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_line(text: str, line: int, says: str) -> None:
    with pytest.raises(EnvFileError) as caught:
        parse_env_file(text)

    assert caught.value.line == line
    assert says in caught.value.message
    assert caught.value.hint


@given(st.dictionaries(NAMES, TEXTS))
def test_what_is_written_in_double_quotes_is_read_back(variables: dict[str, str]) -> None:
    escaped = {
        name: value.replace("\\", "\\\\").replace('"', '\\"') for name, value in variables.items()
    }
    text = "".join(f'{name}="{value}"\n' for name, value in escaped.items())

    assert parse_env_file(text) == variables


@given(NAMES, TEXTS.filter(lambda text: "'" not in text))
def test_what_is_written_in_single_quotes_is_read_back(name: str, value: str) -> None:
    assert parse_env_file(f"export {name}='{value}'") == {name: value}


@given(st.text())
def test_any_text_gives_variables_or_the_line_that_is_wrong(text: str) -> None:
    try:
        wrong_line, names = 1, [*parse_env_file(text)]
    except EnvFileError as error:
        wrong_line, names = error.line, []

    assert 1 <= wrong_line <= text.count("\n") + 1
    assert all(name.isidentifier() for name in names)
