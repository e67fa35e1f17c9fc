from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from flowcron.config.paths import (
    Scope,
    config_places,
    default_history,
    find_config,
    find_history,
    scope_of,
)
from flowcron.errors import ConfigError


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in an empty folder, with an empty home and nothing said by the environment."""
    home, folder = tmp_path / "home", tmp_path / "folder"
    home.mkdir()
    folder.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(folder)
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "STATE_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("FLOWCRON_CONFIG", "FLOWCRON_DB"):
        monkeypatch.delenv(name, raising=False)
    return home


def written(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_the_first_place_with_a_configuration_wins(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    users = written(home / ".config/flowcron/schedules.toml")
    from_user = find_config()
    folders = written(Path.cwd() / "schedules.toml")
    from_folder = find_config()
    monkeypatch.setenv("FLOWCRON_CONFIG", "other.toml")
    from_environment = find_config()
    from_option = find_config(Path("~/mine.toml"))

    assert from_user == users
    assert from_folder == folders
    assert from_environment == Path.cwd() / "other.toml"
    assert from_option == home / "mine.toml"


def test_an_empty_variable_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    folders = written(Path.cwd() / "schedules.toml")
    monkeypatch.setenv("FLOWCRON_CONFIG", "")

    assert find_config() == folders


def test_folders_above_are_never_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    written(Path.cwd() / "schedules.toml")
    below = Path.cwd() / "below"
    below.mkdir()
    monkeypatch.chdir(below)

    assert find_config(scope=Scope.FOLDER) is None


def test_a_scope_leaves_only_its_own_place(home: Path) -> None:
    written(Path.cwd() / "schedules.toml")

    assert find_config(scope=Scope.USER) is None
    assert tuple(config_places(scope=Scope.SYSTEM)) == (Path("/etc/flowcron/schedules.toml"),)
    assert tuple(config_places(scope=Scope.USER)) == (home / ".config/flowcron/schedules.toml",)


def test_the_users_folders_follow_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "c"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "s"))

    (config,) = config_places(scope=Scope.USER)

    assert config == tmp_path / "c/flowcron/schedules.toml"
    assert default_history(config) == tmp_path / "s/flowcron/history.db"


def test_a_folder_that_is_gone_is_no_trouble(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()

    assert find_config(scope=Scope.FOLDER) is None


def test_the_history_is_where_the_configuration_is_at_home(home: Path) -> None:
    users = home / ".local/state/flowcron/history.db"

    assert default_history(None) == users
    assert default_history(home / ".config/flowcron/schedules.toml") == users
    assert default_history(Path("/etc/flowcron/x.toml")) == Path("/var/lib/flowcron/history.db")
    assert default_history(Path("x.toml")) == Path.cwd() / ".flowcron/history.db"
    assert scope_of(home / "schedules.toml") is Scope.FOLDER


def test_option_then_environment_then_file_then_systemd_then_place_says_where_the_history_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = written(Path.cwd() / "schedules.toml")
    from_place = find_history(config=config)
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/a:/var/lib/b")
    from_systemd = find_history(config=config)
    written(config, '[history]\npath = "runs.db"')
    from_file = find_history(config=config)
    monkeypatch.setenv("FLOWCRON_DB", "env.db")
    from_environment = find_history(config=config)
    from_option = find_history(Path("o.db"), config=config)

    here = Path.cwd()
    assert from_place == here / ".flowcron/history.db"
    assert from_systemd == Path("/var/lib/a/history.db")
    assert from_file == here / "runs.db"
    assert from_environment == here / "env.db"
    assert from_option == here / "o.db"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[history]\npath = "runs.db"', "{folder}/runs.db"),
        ('history = { path = "/x/runs.db" }', "/x/runs.db"),
        ('history.path = "~/runs.db"', "{home}/runs.db"),
        ("[jobs.history]\npath = 5", None),
        ("# no history", None),
        ("[history]\nkeep = '90d'", None),
        # broken elsewhere
        (
            '[jobs.a]\ncommand = "x\n[ history ] # here\nkeep = \n path = "r.db"\n[b',
            "{folder}/r.db",
        ),
        ('history.path = "r.db"\nx = \n[jobs.a]', "{folder}/r.db"),
        ('x = \n[jobs.a]\nhistory.path = "r.db"', None),
        ('x = \n\r\n[history]\r\npath = "r.db"\r\n', "{folder}/r.db"),
    ],
)
def test_the_path_of_the_history_is_read_even_from_a_broken_file(
    home: Path, text: str, expected: str | None
) -> None:
    config = Path.cwd() / "schedules.toml"
    config.write_bytes(b"\xef\xbb\xbf" + text.encode())

    history = find_history(config=config)

    if expected is None:
        assert history == default_history(config)
    else:
        assert str(history) == expected.format(folder=Path.cwd(), home=home)


@pytest.mark.parametrize(
    "text", ["[history]\npath = 5", "history = 5", "[history]\npath = x", '[history]\npath = ""']
)
def test_a_broken_path_of_the_history_is_an_error_and_no_other_history(text: str) -> None:
    config = written(Path.cwd() / "schedules.toml", text)

    with pytest.raises(ConfigError) as caught:
        find_history(config=config)

    assert "--db PATH" in str(caught.value.hint)


def test_a_configuration_that_cannot_be_read_is_an_error_unless_the_history_is_named() -> None:
    with pytest.raises(ConfigError):
        find_history(config=Path("/missing.toml"))

    assert find_history(Path("/x.db"), config=Path("/missing.toml")) == Path("/x.db")


def test_finding_files_needs_neither_pydantic_nor_a_toml_parser() -> None:
    code = (
        "import sys; from flowcron.config.paths import find_config, find_history;"
        "find_history(config=find_config());"
        "print({'pydantic', 'tomli'} & set(sys.modules))"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "set()"
