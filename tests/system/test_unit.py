"""The unit of a service: what systemd reads of it, and what is in it for whom."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowcron.errors import RefusedError
from flowcron.system.unit import Hardening, Service, UnitError, _quoted, unit_text
from flowcron.system.unitfile import read_unit, remove_unit, unit_path, write_unit

STATE = Path("/var/lib/flowcron/history.db")


def make_service(**what_matters: Any) -> Service:
    """Return a service of the machine, with whatever else the test is about."""
    usual: dict[str, Any] = {
        "name": "flowcron",
        "program": (sys.executable, "-P", "-m", "flowcron"),
        "config": Path("/etc/flowcron/schedules.toml"),
        "history": STATE,
    }
    return Service(**(usual | what_matters))


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
@pytest.mark.parametrize(
    "service",
    [
        make_service(),
        make_service(hardening=Hardening.STRICT),
        make_service(credentials=("pg", "smtp.pass"), encrypted=frozenset({"pg"})),
        make_service(config=Path("/srv/50% \"a\" 'b' $HOME \\n/s.toml"), db=Path("/srv/a b.db")),
        make_service(user=True),
    ],
    ids=["default", "strict", "credentials", "odd path", "user"],
)
def test_systemd_finds_nothing_wrong_with_it(tmp_path: Path, service: Service) -> None:
    path = tmp_path / service.unit
    write_unit(path, unit_text(service))

    done = subprocess.run(
        [
            *("systemd-analyze", "verify", "--recursive-errors=yes", "--man=no"),
            *(["--user"] if service.user else []),
            str(path),
        ],
        env=os.environ | {"XDG_RUNTIME_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("hardening", Hardening)
@pytest.mark.parametrize("user", [False, True])
def test_what_keeps_running_jobs_alive_is_in_every_unit(
    hardening: Hardening, *, user: bool
) -> None:
    lines = unit_text(make_service(hardening=hardening, user=user)).splitlines()

    assert {"KillMode=process", "OOMPolicy=continue", "Restart=always", "Type=notify"} <= {*lines}
    assert {"WatchdogSec=60", "WatchdogSignal=SIGKILL", "StartLimitIntervalSec=0"} <= {*lines}
    assert lines.index("StartLimitIntervalSec=0") < lines.index("[Service]")
    breaks_running_jobs = ("PrivateTmp", "RuntimeDirectory", "DynamicUser", "Delegate")
    assert not [line for line in lines if line.startswith(breaks_running_jobs)]
    assert not [line for line, after in pairwise(lines) if not line + after]


def test_the_hardened_one_takes_more_from_jobs_than_the_plain_one() -> None:
    plain, strict = ({*unit_text(make_service(hardening=each)).splitlines()} for each in Hardening)

    assert "UMask=0022" in plain
    assert {"NoNewPrivileges=yes", "ProtectSystem=full", "UMask=0027"} <= strict - plain


def test_the_state_directory_is_systemds_only_where_the_history_is_there() -> None:
    def has_state_directory(**what_matters: Any) -> bool:
        return "StateDirectory=flowcron" in unit_text(make_service(**what_matters))

    assert has_state_directory()
    assert not has_state_directory(history=Path("/srv/etl/.flowcron/history.db"))
    assert not has_state_directory(db=STATE)
    assert not has_state_directory(user=True)


def test_a_history_that_was_named_is_named_to_every_command() -> None:
    lines = unit_text(make_service(db=Path("/data/h.db"))).splitlines()

    commands = [line for line in lines if line.startswith(("ExecStart=", "ExecReload="))]
    assert len(commands) == 2
    assert all(" -c /etc/flowcron/schedules.toml --db /data/h.db " in line for line in commands)


def test_credentials_are_loaded_by_name_and_encrypted_ones_decrypted() -> None:
    text = unit_text(make_service(credentials=("pg", "tls"), encrypted=frozenset({"tls"})))

    assert "\nLoadCredential=pg\nLoadCredentialEncrypted=tls\n" in text


@pytest.mark.parametrize("name", ["a/b", "", "a:b", "a b", "a\nExecStart=/bin/sh", "..", "%h"])
def test_a_credential_that_would_say_something_else_to_systemd_is_refused(name: str) -> None:
    with pytest.raises(UnitError):
        unit_text(make_service(credentials=(name,)))


@pytest.mark.parametrize("path", ["/srv/a\nExecStart=/bin/sh", "/srv/\udcff", "/srv/\x1b[31m"])
def test_a_path_that_no_unit_can_name_is_refused(path: str) -> None:
    with pytest.raises(UnitError):
        unit_text(make_service(config=Path(path)))


@given(st.text(st.characters(exclude_categories=["C"]), min_size=1))
def test_a_word_of_a_command_means_itself(word: str) -> None:
    assert _read_as_systemd_does(_quoted(word)) == word


def test_our_unit_says_what_it_was_made_for(tmp_path: Path) -> None:
    config = Path('/srv/x = y "%"/schedules.toml')
    path = tmp_path / "made" / "flowcron.service"

    write_unit(path, unit_text(make_service(config=config)))
    found = read_unit(path)

    assert found is not None
    assert (found.config, found.history) == (config, STATE)
    assert path.stat().st_mode & 0o777 == 0o644
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    remove_unit(path)
    assert read_unit(path) is None


@pytest.mark.parametrize("text", ["", "[Service]\nExecStart=/bin/true\n", "[X-Flowcron]\n"])
def test_somebody_elses_unit_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "flowcron.service"
    path.write_text(text)

    with pytest.raises(RefusedError, match="was not written by flowcron"):
        read_unit(path)


def test_a_unit_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "flowcron.service"
    path.mkdir()

    with pytest.raises(UnitError, match="cannot write"):
        write_unit(path, "x")

    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_a_users_units_are_in_their_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setenv("HOME", "/home/ada")
    assert str(unit_path("a.service", user=True)) == "/home/ada/.config/systemd/user/a.service"
    monkeypatch.setenv("XDG_CONFIG_HOME", "/conf")
    assert str(unit_path("a.service", user=True)) == "/conf/systemd/user/a.service"
    assert str(unit_path("a.service", user=False)) == "/etc/systemd/system/a.service"


def _read_as_systemd_does(word: str) -> str:
    """Return what systemd.service(5) makes of one word of a command line."""
    if word.startswith('"'):
        word = word[1:-1]
        assert not word.replace("\\\\", "").replace('\\"', "").count('"')
        word = word.replace("\\\\", "\0").replace('\\"', '"').replace("\0", "\\")
    else:
        assert not set(word) & set(" \t\"'\\")
    assert not word.replace("%%", "").count("%")
    assert not word.replace("$$", "").count("$")
    return word.replace("%%", "%").replace("$$", "$")
