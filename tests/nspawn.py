"""A machine with a real systemd to itself: this one's files, below a layer that is thrown away.

It boots without network and without an image in about a second. Whatever is started in it ends
with it.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import flowcron
from fakes import poll

STATE = "/var/lib/flowcron"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
SOURCES = Path(flowcron.__file__).parent.parent
USER = "tester"

_PROGRAMS = ("systemd-nspawn", "unshare", "nsenter", "systemctl", "journalctl")
_BOOT = 30.0  # s
_BOOTING = 'echo $$ > "$1/cgroup.procs" && mount --bind / "$2" && shift 2 && exec "$@"'
_POWER_OFF = 4  # after SIGRTMIN, as systemd(1) says

NEEDS_SYSTEMD = [
    pytest.mark.systemd,
    pytest.mark.skipif(
        os.geteuid() != 0 or not all(map(shutil.which, _PROGRAMS)),
        reason="needs root and systemd-nspawn",
    ),
]


class Machine:
    """A booted machine; `folder` keeps what lies in its /var/lib/flowcron."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state = folder / "state"
        self._log = folder / "boot.log"
        self._cgroup = _cgroups() / f"flowcron-tests-{os.getpid()}-{folder.name}"
        self._pid = 0
        self._nspawn: subprocess.Popen[bytes] | None = None

    def boot(self) -> None:
        """Boot, or raise AssertionError with what it said."""
        root = self.folder / "root"
        for place in (root, self.state, self._cgroup):
            place.mkdir(parents=True, exist_ok=True)
        binds = [f"--bind-ro={place}" for place in _elsewhere()]
        nspawn = (
            *("systemd-nspawn", "-q", "-D", str(root), "--volatile=overlay", "--machine=flowcron"),
            *("--register=no", "--keep-unit", "--private-network", *binds),
            *(f"--bind={self.state}:{STATE}", "-b", "systemd.unit=basic.target"),
            *("systemd.mask=apt-daily.timer", "systemd.mask=fstrim.timer"),
        )
        with self._log.open("wb") as log:
            self._nspawn = subprocess.Popen(
                [
                    *("unshare", "-m", "--propagation", "private"),
                    *("sh", "-c", _BOOTING, "sh", str(self._cgroup), str(root), *nspawn),
                ],
                env=os.environ | {"SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        poll(self._has_init, seconds=_BOOT)
        poll(self._is_up, seconds=_BOOT)
        for manager in ("system", "user"):  # so that services find this checkout
            self.write(
                f"/etc/systemd/{manager}/service.d/sources.conf",
                f'[Service]\nEnvironment="PYTHONPATH={SOURCES}"\n',
            )

    def run(
        self, *argv: str, user: str | None = None, **environ: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a program in it, as root or a user who has a manager."""
        environment = {"PATH": PATH, "PYTHONPATH": str(SOURCES), "LANG": "C.UTF-8"} | environ
        if user is not None:
            uid = self.out("id", "-u", user)
            environment |= {"XDG_RUNTIME_DIR": f"/run/user/{uid}", "HOME": f"/home/{user}"}
            argv = ("runuser", "-u", user, "--", *argv)
        return subprocess.run(
            ["nsenter", "-t", str(self._pid), "-m", "-u", "-i", "-n", "-p", "-C", "--", *argv],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def out(self, *argv: str, **options: str) -> str:
        """Return what a program prints that must succeed."""
        done = self.run(*argv, **options)
        assert done.returncode == 0, (argv, done.stdout, done.stderr)
        return done.stdout.strip()

    def flowcron(self, *words: str, **options: str) -> subprocess.CompletedProcess[str]:
        """Run this checkout's flowcron in it."""
        return self.run(sys.executable, "-P", "-m", "flowcron", *words, **options)

    def write(self, path: str, text: str) -> None:
        """Write a file in it."""
        script = 'mkdir -p "$(dirname "$1")" && printf %s "$2" > "$1"'
        self.out("sh", "-c", script, "sh", path, text)

    def property(self, unit: str, name: str, **options: str) -> str:
        """Return what systemd knows of a unit."""
        scope = ("--user",) if "user" in options else ()
        return self.out("systemctl", *scope, "show", unit, "--value", "-p", name, **options)

    def power_off(self) -> None:
        """Shut it down in an orderly way, and wait until it is off."""
        if self._nspawn is None:
            return
        if self._nspawn.poll() is None and self._pid:
            os.kill(self._pid, signal.SIGRTMIN + _POWER_OFF)
        try:
            self._nspawn.wait(_BOOT)
        finally:
            self._end()

    def _end(self) -> None:
        """End what is left of it, which is nothing after an orderly shutdown."""
        (self._cgroup / "cgroup.kill").write_text("1")
        if self._nspawn is not None:
            self._nspawn.wait()
            self._nspawn = None
        poll(lambda: "populated 0" in (self._cgroup / "cgroup.events").read_text())
        for folder, _, _ in os.walk(self._cgroup, topdown=False):
            Path(folder).rmdir()

    def said(self) -> str:
        """Return what it said while it booted."""
        return self._log.read_text(errors="replace")

    def _has_init(self) -> bool:
        assert self._nspawn is not None
        assert self._nspawn.poll() is None, self.said()
        for child in _children(self._nspawn.pid):
            if Path(f"/proc/{child}/comm").read_text().strip() == "systemd":
                self._pid = child
        return self._pid != 0

    def _is_up(self) -> bool:
        assert self._nspawn is not None
        assert self._nspawn.poll() is None, self.said()
        return self.run("systemctl", "is-system-running").stdout.strip() in {"running", "degraded"}


@contextmanager
def machine_in(folder: Path) -> Iterator[Machine]:
    """Boot a machine and power it off; skip the test where none can be booted."""
    machine = Machine(folder)
    try:
        try:
            machine.boot()
        except (AssertionError, OSError) as error:
            pytest.skip(f"systemd-nspawn cannot boot here: {error} {machine.said()[-500:]}")
        if machine.run("test", "-x", sys.executable).returncode:
            pytest.skip(f"{sys.executable} cannot be seen in it: systemd has a /tmp of its own")
        yield machine
    finally:
        machine.power_off()


def _cgroups() -> Path:
    """Return where the unified hierarchy of this machine is."""
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        if " - cgroup2 " in line:
            return Path(line.split()[4])
    pytest.skip("there is no cgroup2 on this machine")


def _children(pid: int) -> list[int]:
    try:
        return [*map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]
    except FileNotFoundError:
        return []


def _elsewhere() -> list[Path]:
    """Return what flowcron needs and is not on the root's own filesystem."""
    root = Path("/").stat().st_dev
    needed = {SOURCES, Path(sys.prefix), Path(sys.base_prefix), Path(sys.executable).resolve()}
    return [path for path in sorted(needed) if path.stat().st_dev != root]
