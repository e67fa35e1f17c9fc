"""Another user of the machine is kept out, and no link that he laid is followed."""

from __future__ import annotations

import os
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from flowcron.supervisor.protocol import encode
from installed import Installed, installed_in
from privileges import DONE, NOBODY, REFUSED, as_nobody

pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user"),
]

JOB = '[jobs.a]\ncommand = "true"\n'
NAMES = ("scheduler.lock", "supervisor.lock", "supervisor.log", "logs")


@pytest.fixture
def public() -> Iterator[Path]:
    """Make a folder that everybody can reach."""
    folder = Path("/tmp") / f"flowcron-public-{os.getpid()}"
    folder.mkdir(mode=0o755)
    yield folder
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir() and not path.is_symlink():
            path.rmdir()
        else:
            path.unlink()
    folder.rmdir()


@pytest.fixture
def open_to_all(public: Path) -> Iterator[Installed]:
    """Run flowcron where the modes of its own files are all that keeps others out."""
    with installed_in(public) as flowcron:
        flowcron.configure(JOB)
        flowcron.start_and_wait()
        (public / ".flowcron").chmod(0o755)
        yield flowcron


@pytest.mark.parametrize("name", ["history.db", "history.db-wal", "poke.sock", "supervisor.sock"])
def test_only_the_owner_can_open_what_a_scheduler_reads_and_listens_at(
    open_to_all: Installed, name: str
) -> None:
    state = open_to_all.folder / ".flowcron"

    assert (state / name).stat().st_mode & 0o077 == 0
    assert as_nobody(lambda: list(state.iterdir())) == DONE
    assert as_nobody(lambda: _use(state / name)) == REFUSED


def test_another_user_cannot_ask_the_scheduler_for_anything(open_to_all: Installed) -> None:
    history = open_to_all.folder / ".flowcron" / "history.db"

    def ask() -> None:
        with suppress(sqlite3.OperationalError), closing(sqlite3.connect(history)) as connection:
            connection.execute(
                "INSERT INTO requests (kind, requested_by, requested_at) VALUES ('stop', 'me', 0)"
            )
            connection.commit()
            return
        raise PermissionError

    assert as_nobody(ask) == REFUSED
    assert open_to_all.rows("SELECT * FROM requests") == []
    assert open_to_all.run("run", "a").returncode == 0


def test_a_supervisor_does_not_speak_to_another_user_whatever_the_modes(
    open_to_all: Installed,
) -> None:
    path = open_to_all.folder / ".flowcron" / "supervisor.sock"
    path.chmod(0o666)

    def greet() -> None:
        with closing(socket.socket(socket.AF_UNIX)) as connection:
            connection.settimeout(10)
            connection.connect(str(path))
            with suppress(BrokenPipeError, ConnectionResetError):
                connection.sendall(encode({"op": "hello", "epoch": 99, "environment": {}}))
                if connection.recv(1000):
                    return
        raise PermissionError

    assert as_nobody(greet) == REFUSED
    assert open_to_all.run("run", "a").returncode == 0
    log = open_to_all.folder / ".flowcron" / "supervisor.log"
    assert "refused a connection of another user" in log.read_text()


@pytest.mark.parametrize("mode", [0o777, 0o770])
def test_a_state_directory_where_others_may_write_is_refused_and_nothing_is_made_there(
    public: Path, mode: int
) -> None:
    for command in ("start", "run a"):
        with installed_in(public) as flowcron:
            flowcron.configure(JOB)
            state, targets = _laid_links(public, owner=0, group=NOBODY, mode=mode)

            done = flowcron.run(*command.split(), "--db", str(state / "history.db"))

            assert "others may write there" in done.stderr
            assert not any(target.exists() for target in targets)


def test_nobody_else_s_state_directory_is_used(public: Path) -> None:
    with installed_in(public) as flowcron:
        flowcron.configure(JOB)
        state, targets = _laid_links(public, owner=NOBODY, group=NOBODY, mode=0o755)

        done = flowcron.run("start", "--db", str(state / "history.db"))

    assert "is not ours alone" in done.stderr
    assert not any(target.exists() for target in targets)


@pytest.mark.parametrize("name", ["scheduler.lock", "supervisor.lock", "supervisor.log"])
def test_a_link_in_the_state_directory_is_not_followed_when_a_file_is_made(
    flowcron: Installed, tmp_path: Path, name: str
) -> None:
    flowcron.configure(JOB)
    state = tmp_path / ".flowcron"
    state.mkdir(mode=0o700)
    (state / name).symlink_to(tmp_path / "target")

    done = flowcron.run("start")

    assert done.returncode != 0
    assert "error:" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "target").exists()


def _use(path: Path) -> None:
    if path.suffix != ".sock":
        path.open("rb").close()
        return
    kind = socket.SOCK_DGRAM if path.name == "poke.sock" else socket.SOCK_STREAM
    with closing(socket.socket(socket.AF_UNIX, kind)) as connection:
        connection.connect(str(path))


def _laid_links(public: Path, *, owner: int, group: int, mode: int) -> tuple[Path, list[Path]]:
    state = public / "state"
    state.mkdir(exist_ok=True)
    targets = [public / f"target-{name}" for name in NAMES]
    for name, target in zip(NAMES, targets, strict=True):
        if not (state / name).is_symlink():
            (state / name).symlink_to(target)
    os.chown(state, owner, group)
    state.chmod(mode)
    return state, targets
