from __future__ import annotations

from typing import Any

import tomli
from hypothesis import given, settings

from flowcron.config.positions import Lines, index, lines_of_jobs
from toml_texts import documents


@given(text=documents())
@settings(deadline=None, max_examples=300)
def test_every_value_stands_where_it_is_said_to_stand(text: str) -> None:
    table = tomli.loads(text)

    places = index(text)

    for path, value in all_of(table):
        place = places[path]
        key = text[slice(*place.key)]
        if place.value is not None:
            again = tomli.loads(f"x = {text[slice(*place.value)]}")["x"]
            assert repr(again) == repr(value), path
        if isinstance(path[-1], str):
            assert list(tomli.loads(f"{key} = 0")) == [path[-1]]


def all_of(value: Any, path: tuple[str | int, ...] = ()) -> Any:
    """Yield path and value of everything in a document."""
    if path:
        yield path, value
    items = value.items() if isinstance(value, dict) else ()
    for key, item in enumerate(value) if isinstance(value, list) else items:
        yield from all_of(item, (*path, key))


def test_a_table_stands_at_its_own_header_and_not_at_that_of_a_part_of_it() -> None:
    text = "[a.b]\nx = 1\n\n[a]\ny = 2\n"

    places = index(text)

    assert Lines(text).line_and_column(places["a",].key[0]) == (4, 2)


def test_the_last_table_of_an_array_is_the_one_that_is_gone_on_with() -> None:
    text = "[[a]]\nx = 1\n[[a]]\n[a.b]\nx = 2\n"

    places = index(text)

    assert text[slice(*places["a", 1, "b", "x"].key)] == "x"
    assert places["a", 1, "b", "x"].key[0] == text.rindex("x")


def test_nesting_as_deep_as_tomli_reads_is_no_trouble() -> None:
    text = "x = " + "[" * 390 + "]" * 390

    places = index(text)

    assert len(places) == 390


def test_a_long_text_with_many_escapes_is_no_trouble() -> None:
    text = 'x = """' + '\\n""a' * 100_000 + '"""\ny = 1'

    places = index(text)

    assert text[slice(*places["y",].key)] == "y"


def test_the_line_of_a_job_is_that_of_its_header() -> None:
    text = '\n[jobs.a]\nx = 1\n[ jobs . "b" ]\nx = 1\n'

    assert lines_of_jobs(text, ("a", "b")) == {"a": 2, "b": 4}


def test_a_header_in_a_text_of_several_lines_is_not_the_job() -> None:
    text = 'x = """\n[jobs.a]\n"""\n[jobs]\na.b = 1'

    assert lines_of_jobs(text, ("a",)) == {"a": 5}
