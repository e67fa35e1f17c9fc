"""What one part of a configuration says of another: jobs after jobs, pools, defaults; any files."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowcron.config.load import load
from flowcron.errors import ConfigError, Problem


def problems_of(folder: Path, text: str, **included: str) -> list[Problem]:
    """Return what is wrong with a file, and with others that are named by their stems."""
    (folder / "schedules.d").mkdir(exist_ok=True)
    for name, other in included.items():
        (folder / "schedules.d" / f"{name}.toml").write_text(other, encoding="utf-8")
    path = folder / "schedules.toml"
    path.write_text(text, encoding="utf-8")
    try:
        load(path)
    except ConfigError as error:
        return list(error.problems)
    return []


def marked(problem: Problem) -> str:
    return problem.source[problem.column - 1 : problem.column - 1 + problem.width]


def job(name: str, lines: str = "") -> str:
    return f'[jobs.{name}]\ncommand = "true"\n{lines}\n'


@pytest.mark.parametrize(
    ("lines", "code", "mark", "says"),
    [
        ('after = "bakup"', "unknown-job", '"bakup"', 'did you mean "backup"?'),
        ('after = ["backup", "x"]', "unknown-job", '"x"', "name a job of this configuration"),
        ('after = "a"', "cycle", '"a"', "cannot run after itself"),
        ('after = ["backup", "a"]', "cycle", '"a"', "cannot run after itself"),
        ('pool = "dbs"', "unknown-pool", '"dbs"', 'did you mean "db"?'),
        ('pool = "zzz"', "unknown-pool", '"zzz"', "define it: [pools] with zzz = 1"),
        ("max_running = 2", "conflict", "max_running", 'overlap = "allow"'),
        ('overlap = "queue"\nmax_running = 2', "conflict", "max_running", 'overlap = "allow"'),
        ('when = "failure"', "conflict", "when", 'it goes with after = "backup"'),
        ('cron = "@daily"\nwhen = "failure"', "conflict", "when", "says nothing here"),
        ('after = "backup"\nmissed = "once"', "conflict", "missed", "says nothing here"),
        ('after = "backup"\nmissed_within = "1d"', "conflict", "missed_within", "leave it out"),
        ('after = "backup"\njitter = "5m"', "conflict", "jitter", "decide when"),
        ('after = "backup"\ncron = "@daily"', "conflict", "after", "one kind of schedule"),
        ('after = "backup"\nwhen = "never"', "value", '"never"', '"success", "failure"'),
        ("expect = { fresh = true }", "conflict", "fresh", 'it goes with file = "…"'),
        ('expect = { min_size = "1B" }', "conflict", "min_size", "says nothing here"),
        ("keep = {}", "missing", "{}", "{ runs = 500 }"),
        (
            "retry = { times = 1, exit_codes = [5, 7], stop_exit_codes = [2, 7] }",
            "conflict",
            "7",
            "exit code 7 cannot both be retried and not be",
        ),
    ],
)
def test_what_does_not_go_together_is_told_with_its_place(
    tmp_path: Path, lines: str, code: str, mark: str, says: str
) -> None:
    (problem,) = problems_of(tmp_path, f"[pools]\ndb = 2\n{job('backup')}{job('a', lines)}")

    assert problem.code == code
    assert says in f"{problem.message} {problem.help}"
    assert marked(problem) == mark


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("[defaults]\nexpect = { fresh = true }", "fresh"),
        ("[defaults]\nkeep = {}", "{}"),
        ("[history]\nkeep = {}", "{}"),
        ('[defaults]\npool = "none"', '"none"'),
    ],
)
def test_the_same_holds_in_other_tables(tmp_path: Path, text: str, mark: str) -> None:
    assert [marked(problem) for problem in problems_of(tmp_path, text)] == [mark]


@pytest.mark.parametrize(
    "text",
    [
        '[defaults]\noverlap = "allow"\n' + job("a", "max_running = 2"),
        "[defaults]\nmax_running = 2\n" + job("a", 'overlap = "allow"') + job("b"),
        '[defaults]\nmissed = "all"\njitter = "1m"\n' + job("a") + job("b", 'after = "a"'),
        job("a") + job("b", 'after = ["a", "a"]\nwhen = "always"'),
    ],
)
def test_what_goes_together_also_by_the_defaults_is_fine(tmp_path: Path, text: str) -> None:
    assert problems_of(tmp_path, text) == []


def test_jobs_and_pools_are_known_across_all_files(tmp_path: Path) -> None:
    main = "[defaults]\npool = 'db'\n" + job("extract") + job("report", 'after = "load"')
    one = job("transform", 'after = "extract"')
    two = "[pools]\ndb = 1\n" + job("load", 'after = "transform"\npool = "db"')

    assert problems_of(tmp_path, main, one=one, two=two) == []


def test_a_circle_over_several_files_is_told_once_at_its_first_job(tmp_path: Path) -> None:
    main = job("a", 'after = "c"') + job("d", 'after = "a"')
    one, two = job("b", 'after = "a"'), job("c", 'after = ["b"]')

    (problem,) = problems_of(tmp_path, main, one=one, two=two)

    assert problem.message == "these jobs wait for each other: a → b → c → a"
    assert (Path(problem.file).name, problem.line, marked(problem)) == ("schedules.toml", 3, '"c"')


def test_a_mistake_in_an_included_file_is_told_there(tmp_path: Path) -> None:
    other = job("b", 'after = "nowhere"\npool = "none"')

    problems = problems_of(tmp_path, job("a"), other=other)

    assert [(Path(each.file).name, each.code, each.line) for each in problems] == [
        ("other.toml", "unknown-job", 3),
        ("other.toml", "unknown-pool", 4),
    ]


def test_a_job_after_jobs_that_never_meet_is_told(tmp_path: Path) -> None:
    apart = job("a") + job("b") + job("c", 'after = ["a", "b"]')
    met = job("a") + job("b", 'after = "a"') + job("c", 'after = ["a", "b"]')

    (problem,) = problems_of(tmp_path, apart)

    assert problem.code == "unrelated"
    assert "a and b never run in the same chain" in problem.message
    assert marked(problem) == '["a", "b"]'
    assert problems_of(tmp_path, met) == []


def test_an_unknown_job_is_no_stranger_too(tmp_path: Path) -> None:
    text = job("a") + job("c", 'after = ["a", "nowhere"]')

    assert [problem.code for problem in problems_of(tmp_path, text)] == ["unknown-job"]


def chain(count: int, *, first: str = "") -> str:
    return job("j0", first) + "".join(job(f"j{n}", f'after = "j{n - 1}"') for n in range(1, count))


def test_ten_thousand_jobs_in_a_chain_or_in_a_circle_load_in_seconds(tmp_path: Path) -> None:
    began = time.perf_counter()

    assert problems_of(tmp_path, chain(10_000)) == []
    (problem,) = problems_of(tmp_path, chain(10_000, first='after = "j9999"'))

    assert problem.code == "cycle"
    assert problem.message.endswith("j7 → … → j0")
    assert time.perf_counter() - began < 20  # 1.2 s where nothing else runs


def test_ten_thousand_unknown_jobs_are_told_in_seconds(tmp_path: Path) -> None:
    text = "".join(job(f"j{number}", f'after = "k{number}"') for number in range(10_000))
    began = time.perf_counter()

    assert len(problems_of(tmp_path, text)) == 10_000
    assert time.perf_counter() - began < 20  # 1.5 s where nothing else runs


WRONG = st.sampled_from(["5", "true", "[]", "[5]", "{}", '{ a = "a" }', "[[]]", '""', '["a", 5]'])
KEYS = st.sampled_from(
    ["after", "when", "pool", "max_running", "overlap", "expect", "keep", "retry", "missed"]
)


@given(lines=st.dictionaries(KEYS, WRONG), defaults=st.dictionaries(KEYS, WRONG), pools=WRONG)
@settings(deadline=None)
def test_broken_values_break_nothing_else(
    tmp_path_factory: pytest.TempPathFactory,
    lines: dict[str, str],
    defaults: dict[str, str],
    pools: str,
) -> None:
    written = "\n".join(f"{key} = {value}" for key, value in lines.items())
    above = "\n".join(f"{key} = {value}" for key, value in defaults.items())

    text = f"pools = {pools}\n[defaults]\n{above}\n{job('a')}{job('b', written)}"

    for problem in problems_of(tmp_path_factory.getbasetemp(), text):
        assert problem.message
        assert problem.line
