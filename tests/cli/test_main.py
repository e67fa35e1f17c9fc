"""The frame of the command line: options, help, errors and exit codes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest

from fakes import make_job
from flowcron import __version__
from flowcron.cli.commands import ALIASES, COMMANDS, flowcron
from flowcron.supervisor.segment import RECORD
from rows import ago
from terminal import Cli

MODULE = (sys.executable, "-m", "flowcron")


def test_the_version_is_said_before_anything_is_loaded() -> None:
    said = _python(
        "import sys; sys.argv[1:] = ['--version']; main(); print('click' in sys.modules)"
    )

    assert said.split() == ["flowcron", __version__, "False"]


@pytest.mark.parametrize("arguments", [("-V",), ("-q", "--version"), ("history", "-V")])
def test_the_version_can_be_asked_for_anywhere(cli: Cli, arguments: tuple[str, ...]) -> None:
    assert cli.piped(*arguments).out == f"flowcron {__version__}\n"


def test_reading_a_history_loads_nothing_slow() -> None:
    slow = ("rich", "pydantic", "apscheduler", "croniter", "cron_descriptor", "asyncio", "json")

    said = _python(f"run(['history']); print([name for name in {slow} if name in sys.modules])")

    assert said == "[]\n"


def test_help_shows_every_command_in_its_group(cli: Cli) -> None:
    said = cli.piped("--help").out

    groups = ["Start here", "See", "Do", "Keep"]
    assert [line for line in said.splitlines() if line in groups] == groups
    for name, entry in COMMANDS.items():
        assert f"  {name:<11}  {entry.sentence}\n" in said
    assert not [alias for alias in ALIASES if f"  {alias}  " in said]
    assert cli.piped("-h").out == said


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_sentence_and_examples_of_itself(cli: Cli, name: str) -> None:
    loaded = flowcron.get_command(click.Context(flowcron), name)

    said = cli.piped(name, "-h")

    assert loaded is not None
    assert loaded.name == name
    assert said.code == 0
    assert said.out.startswith(f"Usage: flowcron {name} ")
    assert f" {name}" in said.out.partition("Examples:")[2]


@pytest.mark.parametrize(("alias", "name"), ALIASES.items())
def test_known_habits_work(cli: Cli, alias: str, name: str) -> None:
    assert cli.piped(alias, "--help").out == cli.piped(name, "--help").out


def test_without_a_command_it_says_how_to_begin(cli: Cli) -> None:
    said = cli.piped()

    assert said.code == 0
    assert said.out == cli.piped("--help").out
    assert said.err == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("histroy",), "there is no command 'histroy'; did you mean 'history'?"),
        (("xyzzy",), "there is no command 'xyzzy'\n"),
        (("history", "--sinec", "1d"), "--since"),
        (("--fromat", "json", "history"), "--format"),
        (("history", "-n", "many"), "'many' is not a valid integer"),
        (("history", "--format", "yaml"), "'yaml' is not one of"),
    ],
)
def test_a_mistake_on_the_command_line_exits_with_2(
    cli: Cli, arguments: tuple[str, ...], message: str
) -> None:
    said = cli.piped(*arguments)

    assert said.code == 2
    assert said.err.startswith("error: ")
    assert message in said.err
    assert said.out == ""


def test_global_options_stand_on_either_side_and_the_later_wins(cli: Cli) -> None:
    story = cli.story()
    story.configured(make_job("backup"))
    story.run("backup", ago(hours=1))

    before = cli.piped("--format", "csv", "--utc", "history")
    after = cli.piped("history", "--format", "csv", "--utc")
    both = cli.piped("--format", "json", "history", "--format", "csv", "--utc")
    cli.environment.setenv("FLOWCRON_FORMAT", "csv")
    environment = cli.piped("history", "--utc")
    cli.environment.setenv("FLOWCRON_HISTORY_FORMAT", "jsonl")

    assert before.out == after.out == both.out == environment.out
    assert "17:48:19+00:00" in before.out
    assert cli.piped("history").out.startswith("{")


def test_db_names_the_history(cli: Cli, tmp_path: Path) -> None:
    story = cli.story()
    story.configured(make_job("backup"))
    story.run("backup", ago(hours=1))

    assert cli.piped("--db", str(tmp_path / "other.db"), "history").out == ""
    assert not (tmp_path / "other.db").exists()
    cli.environment.delenv("FLOWCRON_DB")
    assert cli.piped("history", "--db", str(cli.history)).out != ""


def test_a_file_that_is_no_history_is_refused_and_left_alone(cli: Cli, tmp_path: Path) -> None:
    text = tmp_path / "text.db"
    text.write_text("this is no database" * 100, encoding="utf-8")

    said = cli.piped("--db", str(text), "history")

    assert said.code == 1
    assert f"{text} is not a flowcron history" in said.err
    assert text.read_text(encoding="utf-8").startswith("this is")


def test_no_configuration_anywhere_says_how_to_begin(cli: Cli) -> None:
    said = cli.piped("list")

    assert said.code == 3
    assert "there is no schedules.toml" in said.err
    assert "flowcron init" in said.err


def test_every_problem_of_the_configuration_is_shown(cli: Cli) -> None:
    (cli.folder / "schedules.toml").write_text(
        '[jobs.a]\nevery = "10x"\ncommand = "true"\n[jobs.b]\ncron = "61 * * * *"\ncommand = "x"\n',
        encoding="utf-8",
    )

    said = cli.piped("list")

    assert said.code == 3
    assert "error[duration]" in said.err
    assert said.err.count("^\n") == 2
    assert said.out == ""


def test_a_mistake_of_ours_is_one_line_and_a_report(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setitem(COMMANDS, "history", COMMANDS["history"]._replace(module="json"))

    said = cli.piped("history", "--all")
    loud = cli.piped("-vv", "history")

    (first, second) = said.err.splitlines()
    assert said.code == 1
    assert first.startswith("error: flowcron stopped on a mistake of its own: AttributeError")
    report = Path(second.removeprefix("→ please report it with "))
    assert "arguments: ['history', '--all']" in report.read_text(encoding="utf-8")
    assert "Traceback" in report.read_text(encoding="utf-8")
    assert report.stat().st_mode & 0o777 == 0o600
    assert "Traceback" not in said.err
    assert "Traceback" in loud.err


def test_a_reader_that_goes_away_is_no_error(cli: Cli) -> None:
    story = cli.story()
    story.configured(make_job("backup"))
    for hour in range(300, 0, -1):
        story.run("backup", ago(hours=hour))

    with subprocess.Popen(
        [*MODULE, "history", "--all", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read()
        code = process.wait(timeout=30)

    assert said == b""
    assert code == 141


def test_ctrl_c_exits_with_130(cli: Cli) -> None:
    story = cli.story()
    story.configured(make_job("backup"))
    story.running("backup", ago(minutes=1))
    story.output(1, b"begun\n", _one_piece(6))

    with subprocess.Popen(
        [*MODULE, "logs", "-f"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"begun\n"
        process.send_signal(2)
        _, said = process.communicate(timeout=30)

    assert process.returncode == 130
    assert b"Traceback" not in said


def _one_piece(length: int) -> bytes:
    return RECORD.pack(ago(minutes=1), length)


def _python(text: str) -> str:
    code = f"import sys; from flowcron.cli.main import main, run; {text}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout
