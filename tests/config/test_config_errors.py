from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowcron.config.config import Config
from flowcron.config.load import load
from flowcron.config.notyet import NOT_YET
from flowcron.config.render import render
from flowcron.errors import ConfigError, Problem


def problems_of(folder: Path, text: str | bytes) -> tuple[Problem, ...]:
    path = folder / "schedules.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigError) as caught:
        load(path)
    return caught.value.problems


def marked(problem: Problem) -> str:
    """Return what the caret is under."""
    return problem.source[problem.column - 1 : problem.column - 1 + problem.width]


def test_ten_different_mistakes_are_shown_all_at_once_each_with_its_caret(tmp_path: Path) -> None:
    text = """\
[defaults]
timezone = "Europe/Pariss"
retry = { times = 3, delay = "10x" }
[jobs.backup]
cron = "0 25 * * *"
comand = "true"
[jobs.sync]
cron = "@daily"
every = "5m"
command = "true"
enabled = "yes"
[jobs.2fast]
command = "unclosed
[jobs.last]
success_codes = [256]
wrapped = true
[jobs.sync]
command = "again"
[shceduler]
on_stop = "never"
"""

    problems = problems_of(tmp_path, text)

    assert [(each.code, each.line, marked(each)) for each in problems] == [
        ("timezone", 2, '"Europe/Pariss"'),
        ("duration", 3, '"10x"'),
        ("cron", 5, "25"),
        ("unknown-key", 6, "comand"),
        ("conflict", 9, "every"),
        ("type", 11, '"yes"'),
        ("name", 12, "2fast"),
        ("syntax", 13, '"unclosed'),
        ("value", 15, "256"),
        ("not-available", 16, "wrapped"),
        ("syntax", 17, "[jobs.sync"),
        ("unknown-key", 19, "shceduler"),
    ]
    assert all("^" in render(problem) for problem in problems)


JOB = '[jobs.a]\ncommand = "x"\n'


@pytest.mark.parametrize(
    ("text", "code", "mark", "says"),
    [
        (JOB + "timeout = 5", "duration", "5", 'write a unit: "5s"'),
        (JOB + "timeout = -3", "duration", "-3", 'write it without -: "3s"'),
        (JOB + 'timeout = "0s"', "duration", '"0s"', 'write at least "1s"'),
        (JOB + 'timeout = "1M"', "duration", '"1M"', "lower case"),
        (JOB + "timeout = true", "type", "true", '"timeout" must be a duration in quotes'),
        (JOB + 'every = "1500ms"', "duration", '"1500ms"', "whole seconds"),
        (JOB + 'every = "400d"', "duration", '"400d"', "outside"),
        (JOB + 'log_limit = "10mb"', "size", '"10mb"', 'write "10MB"'),
        (JOB + "log_limit = 10", "size", "10", "no unit"),
        (JOB + 'cron = "0 0 31 2 *"', "cron", "31", "never comes"),
        (JOB + 'cron = "0 0 * * * *"', "cron", "", "every"),
        (JOB + "cron = '''0 99 * * *'''", "cron", "99", "hour"),
        (JOB + 'cron = "0\\t99 * * *"', "cron", '"0\\t99 * * *"', "hour"),
        (JOB + 'cron = ["@daily", "0 x * * *"]', "cron", "x", "hour"),
        (JOB + "cron = []", "value", "[]", "must not be empty"),
        (JOB + "success_codes = []", "value", "[]", "write at least one value in the list"),
        (JOB + 'enabled = "yes"', "type", '"yes"', "write true, without quotes"),
        (JOB + "enabled = 0", "type", "0", "write false, without quotes"),
        (JOB + 'enabled = "x"', "type", '"x"', "write true or false, without quotes"),
        (JOB + 'env = "x"', "type", '"x"', 'write { NAME = "value" }'),
        (JOB + "cron = 5", "type", "5", "a string or a list of strings"),
        (JOB + 'timezone = "PST"', "timezone", '"PST"', "America/Los_Angeles"),
        (JOB + "env = { PORT = 80 }", "type", "80", 'write it in quotes: "80"'),
        (JOB + "env = { 'A=B' = '' }", "name", "'A=B'", 'write a name without "="'),
        (JOB + 'tags = "db"', "type", '"db"', 'write ["db"]'),
        (JOB + "priority = 1000001", "value", "1000001", "at most 1e+06"),
        (JOB + "retry = -1", "value", "-1", "at least 0"),
        (JOB + "retry = {}", "missing", "{}", '"retry" needs "times"'),
        (JOB + "retry = { times = 1, backoff = nan }", "value", "nan", "backoff"),
        (JOB + "retry = { times = 1, tiems = 2 }", "unknown-key", "tiems", 'mean "times"?'),
        (JOB + 'overlap = "skipp"', "value", '"skipp"', 'write "skip"'),
        (
            JOB + 'overlap = "wait"',
            "value",
            '"wait"',
            'write "skip", "queue", "replace" or "allow"',
        ),
        (JOB + "expect = {}", "missing", "{}", '"expect" does not say what'),
        (JOB + 'expect = { stdout_match = "a(b" }', "pattern", "(", "not a pattern: missing )"),
        (JOB + 'expect = { stdout_not_match = "*" }', "pattern", "*", "nothing to repeat"),
        (JOB + 'schedule = "@daily"', "unknown-key", "schedule", 'mean "cron"?'),
        (JOB + "a = 1\n", "unknown-key", "a", "unknown key"),
        ('[jobs.a]\ncommand = ""', "text", '""', "write at least one character"),
        ("[jobs.a]\ncommand = []", "value", "[]", "must not be empty"),
        ('[jobs.a]\ncommand = ["", "x"]', "command", '["", "x"]', "write the program first"),
        ('[jobs.a]\ncommand = "a\\u0000"', "text", '"a\\u0000"', "not"),
        ("[jobs.a]", "missing", "a", "has no command"),
        ("[jobs]\na = 5", "type", "5", '"a" must be a table, not an integer'),
        ("jobs = 5", "type", "5", '"jobs" must be a table'),
        ('[backup]\ncommand = "x"', "unknown-key", "backup", "[jobs.backup]"),
        ('[defaults]\ncommand = "x"', "unknown-key", "command", "[defaults]"),
        ('[scheduler]\nreload = "on"', "value", '"on"', '"auto" or "manual"'),
        ('include = ["none.toml"]', "include", '"none.toml"', "no file"),
        ("[pools]\ndb = 0", "value", "0", "at least 1"),
        ("[otel]", "not-available", "otel", "not available"),
        ('x = "\\ud800"', "syntax", "", ""),
        ("[jobs.a]\ncommand = x", "syntax", "x", "quotes"),
        ("[jobs.a", "syntax", "", "not closed"),
        ("[jobs.a]\ncommand", "syntax", "", "key = value"),
        ('[jobs.a]\nshell = ["x"\ncommand = "x"', "syntax", '["x"', "never closed"),
        ("x = " + "9" * 5_000, "syntax", "", "too many digits"),
        ("x = " + "[" * 5_000, "syntax", "", "nested too deeply"),
        (b'a = "\xff"', "encoding", "\ufffd", "0xff is not UTF-8"),
    ],
)
def test_each_mistake_has_its_code_its_caret_and_its_help(
    tmp_path: Path, text: str | bytes, code: str, mark: str, says: str
) -> None:
    (problem,) = problems_of(tmp_path, text)

    assert problem.code == code
    assert says in f"{problem.message} {problem.help}"
    assert marked(problem) == mark or (not mark and problem.width <= 8)


def test_a_mistake_inside_quotes_is_marked_at_its_column(tmp_path: Path) -> None:
    (problem,) = problems_of(tmp_path, JOB + 'cron = "0 25 * * *"')

    assert (problem.line, problem.column, problem.width) == (3, 11, 2)


def test_a_mistake_in_the_defaults_is_said_once(tmp_path: Path) -> None:
    text = '[defaults]\ntimeout = "x"\n' + "".join(
        f'[jobs.j{n}]\ncommand = "x"\n' for n in range(9)
    )

    assert [problem.line for problem in problems_of(tmp_path, text)] == [2]


def test_a_broken_line_does_not_make_its_job_incomplete(tmp_path: Path) -> None:
    problems = problems_of(tmp_path, '[jobs.a]\ncommand = "x\n[jobs.b]\nenabled = 1')

    assert [problem.code for problem in problems] == ["syntax", "type"]


def test_a_job_defined_twice_names_both_places(tmp_path: Path) -> None:
    (tmp_path / "schedules.d").mkdir()
    (tmp_path / "schedules.d" / "x.toml").write_text("\n" + JOB)

    (problem,) = problems_of(tmp_path, JOB)

    assert (problem.file, problem.line) == (str(tmp_path / "schedules.d" / "x.toml"), 2)
    assert problem.help == f"the other one is at {tmp_path / 'schedules.toml'}:1"


def test_mistakes_of_every_file_are_shown_the_main_file_first(tmp_path: Path) -> None:
    (tmp_path / "schedules.d").mkdir()
    (tmp_path / "schedules.d" / "1.toml").write_text('[defaults]\n[jobs.b]\ncommand = "x"\nx = 1')
    (tmp_path / "schedules.d" / "2.toml").mkdir()
    (tmp_path / "schedules.d" / "3.toml").write_bytes(b"\xff\xfe")

    problems = problems_of(tmp_path, JOB + "y = 1")

    assert [(Path(each.file).name, each.code) for each in problems] == [
        ("schedules.toml", "unknown-key"),
        ("1.toml", "include"),
        ("1.toml", "unknown-key"),
        ("2.toml", "file"),
        ("3.toml", "encoding"),
    ]


EXAMPLES = {
    "job.python": '"a.b:c"',
    "job.params": "{ a = [1, { b = 2 }] }",
    "job.interpreter": '"/bin/python"',
    "job.wrapped": "true",
    "job.isolation": '"scope"',
    "job.executor": '"dask"',
    "file.dashboard": "{ port = 1 }",
    "file.otel": "{}",
    "file.dask": "{}",
}


@pytest.mark.parametrize("name", sorted(NOT_YET))
def test_a_key_that_does_nothing_yet_is_refused_and_not_ignored(tmp_path: Path, name: str) -> None:
    table, _, key = name.partition(".")
    header = {"job": "[jobs.a]", "file": ""}.get(table, f"[{table}]")
    header += "\ncommand = 'x'" if table == "job" and key != "python" else ""

    (problem,) = problems_of(tmp_path, f"{header}\n{key} = {EXAMPLES[name]}")

    assert problem.code == "not-available"
    assert problem.message == f'"{key}" is not available in this version'
    assert marked(problem) == key


def test_a_key_that_does_nothing_yet_is_checked_all_the_same(tmp_path: Path) -> None:
    problems = problems_of(tmp_path, JOB + 'interpreter = ""\nwrapped = 5')

    assert sorted(problem.code for problem in problems) == [
        "not-available",
        "not-available",
        "text",
        "type",
    ]


VALID = b"""\
include = ["more/*.toml"]
[defaults]
timezone = "Europe/Berlin"
retry = { times = 2, delay = "30s", on = ["failure"] }
[jobs.backup]  # nightly
cron = ["0 3 * * MON-FRI", '@daily']
command = \"\"\"
pg_dump shop\"\"\"
env = { A = "\\u00e9", "B" = 'x' }
success_codes = [0, 1,
  2]
[jobs."ping"]
every = "30s"
command = ["curl", "-f"]
[jobs.load]
after = ["backup", "backup"]
when = "always"
command = "x"
pool = "db"
nice = 5
secrets = { A = "env:A" }
expect = { file = "x-*", fresh = true }
keep = { runs = 5 }
overlap = "allow"
max_running = 2
[pools]
db = 2
[scheduler]
on_stop = "wait"
"""
PIECES = st.sampled_from(
    [b'"', b"'", b'"""', b"[", b"]", b"{", b"}", b"=", b"\n", b"#", b"[jobs.x]\n", b"\\", b"\x00",
     b"\xff", b"\r", b"0", b"-1", b"1e999", b"nan", b"9" * 4400, b"[" * 500, b"\xef\xbb\xbf", b".",
     b"true", b"2026-01-01", b"@every 1s", b"\xe2\x80\xae", b" = 1\n", b"{a=1}", b"[[jobs]]\n"]
)  # fmt: skip


@given(data=st.data())
@settings(deadline=None, max_examples=300)
def test_any_change_to_a_file_gives_a_configuration_or_a_configuration_error(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    content = VALID
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(content)))
        end = start + data.draw(st.integers(0, 12))
        content = content[:start] + data.draw(PIECES) + content[end:]

    check_loading(tmp_path_factory.getbasetemp() / "mutated.toml", content)


@given(content=st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
@settings(deadline=None, max_examples=300)
def test_any_bytes_give_a_configuration_or_a_configuration_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    check_loading(tmp_path_factory.getbasetemp() / "bytes.toml", content)


def check_loading(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    try:
        assert isinstance(load(path), Config)
    except ConfigError as error:
        for problem in error.problems:
            lines = content.decode("utf-8-sig", errors="replace").split("\n")
            assert problem.message
            assert problem.line <= len(lines)
            assert not problem.line or problem.column <= len(problem.source) + 1
            assert not re.search(r"[\x00-\x08\x0b-\x1f]", render(problem))


@pytest.mark.parametrize(
    "pattern",
    ["", "\\u0000", "a\\u0000*", "~\\u0000", "x" * 5_000, "[", "~nobody-here/*", "/", "."],
)
def test_no_include_is_too_strange(tmp_path: Path, pattern: str) -> None:
    content = f'include = ["{pattern}"]'.encode()

    check_loading(tmp_path / "schedules.toml", content)


def test_a_thousand_wrong_lines_are_said_in_seconds(tmp_path: Path) -> None:
    text = "".join(
        f'[jobs.j{n}]\ncomand = "x"\ntimezone = "Europe/Pariss"\ncron = "x"\n' for n in range(1_000)
    )

    assert len(problems_of(tmp_path, text)) == 3_000


def test_a_file_of_nothing_but_broken_lines_is_given_up_after_some(tmp_path: Path) -> None:
    problems = problems_of(tmp_path, 'a = "x\n' * 2_000)

    assert {problem.code for problem in problems} == {"syntax"}
    assert 1 < len(problems) <= 50


def test_a_text_that_ends_in_mid_escape_is_marked_where_it_ends(tmp_path: Path) -> None:
    (problem,) = problems_of(tmp_path, 'include = ["m\\')

    assert (problem.line, problem.column) == (1, len('include = ["m\\') + 1)
