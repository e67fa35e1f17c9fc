"""What a process gets beside its words and its environment: a user, limits, an input."""

from __future__ import annotations

import base64
import grp
import json
import os
import pwd
import resource
import signal
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from asking import InProcess
from flowcron.supervisor.account import Account
from flowcron.supervisor.core import Supervisor
from flowcron.supervisor.protocol import Message

needs_root = [
    pytest.mark.root,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root may start a job as another user"),
]
NOBODY = pwd.getpwnam("nobody")
ADDED = {"PWD", "OLDPWD", "SHLVL", "_", "FLOWCRON_TOKEN"}  # by the shell, and ours
# A user may not be able to reach this interpreter, so the shell tells.
TELL = "env; echo; cat /proc/self/status; ps -o sid= -p $$; echo $$"
# What glibc keeps to itself, and ignores in what it spawns.
INTERNAL = 1 << 31 | 1 << 32


def text_of(message: Message) -> str:
    return base64.b64decode(message["output"]).decode()


@dataclass(frozen=True)
class Told:
    """What a process says of itself; users and groups are real, effective, saved, filesystem."""

    uids: list[int]
    gids: list[int]
    groups: list[int]
    capabilities: int
    blocked: int
    ignored: int
    leads_session: bool
    environment: dict[str, str]


def told(supervisor: InProcess, **fields: Any) -> Told:
    environment, rest = text_of(supervisor.outcome(TELL, **fields)).split("\n\n", 1)
    *lines, session, pid = rest.splitlines()
    status = dict(line.split(":", 1) for line in lines)
    return Told(
        uids=[int(word) for word in status["Uid"].split()],
        gids=[int(word) for word in status["Gid"].split()],
        groups=[int(word) for word in status["Groups"].split()],
        capabilities=int(status["CapEff"], 16) | int(status["CapPrm"], 16),
        blocked=int(status["SigBlk"], 16),
        ignored=int(status["SigIgn"], 16) & ~INTERNAL,
        leads_session=session.strip() == pid,
        environment=dict(line.split("=", 1) for line in environment.splitlines()),
    )


class TestUser:
    pytestmark = needs_root

    @pytest.mark.parametrize("user", ["nobody", NOBODY.pw_uid, str(NOBODY.pw_uid)])
    def test_a_job_is_its_user_with_exactly_its_groups(
        self, supervisor: InProcess, user: str | int
    ) -> None:
        found = told(supervisor, user=user)

        assert found.uids == [NOBODY.pw_uid] * 4
        assert found.gids == [NOBODY.pw_gid] * 4
        assert found.groups == sorted(os.getgrouplist("nobody", NOBODY.pw_gid))
        assert found.capabilities == 0

    def test_whoever_became_a_user_cannot_become_root_again(self) -> None:
        pid = os.fork()
        if not pid:
            os._exit(try_to_return())

        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 3

    def test_a_user_has_its_supplementary_groups(self, supervisor: InProcess) -> None:
        name, group = next(
            (name, group) for group in grp.getgrall() for name in group.gr_mem if known(name)
        )

        assert group.gr_gid in told(supervisor, user=name).groups

    def test_a_group_takes_the_place_of_the_user_s_own(self, supervisor: InProcess) -> None:
        found = told(supervisor, user="nobody", group="daemon")

        daemon = grp.getgrnam("daemon").gr_gid
        assert found.gids == [daemon] * 4
        assert found.groups == sorted(os.getgrouplist("nobody", daemon))

    def test_a_group_alone_is_that_group_and_no_other(self, supervisor: InProcess) -> None:
        found = told(supervisor, group="daemon")

        daemon = grp.getgrnam("daemon").gr_gid
        assert found.uids == [0] * 4
        assert (found.gids, found.groups) == ([daemon] * 4, [daemon])

    def test_a_user_finds_its_own_home_and_name_in_its_environment(
        self, supervisor: InProcess
    ) -> None:
        supervisor.core.inherit({"HOME": "/root", "USER": "root", "SHELL": "/bin/zsh", "A": "b"})

        found = told(supervisor, user="nobody", env={"LOGNAME": "someone"}).environment

        assert found["HOME"] == NOBODY.pw_dir
        assert (found["USER"], found["LOGNAME"], found["A"]) == ("nobody", "someone", "b")
        assert found["SHELL"] == "/bin/sh"

    def test_a_number_without_an_account_needs_a_group(self, supervisor: InProcess) -> None:
        supervisor.spawn("true", user=54321)
        failed = supervisor.wait_for("spawn_failed")

        found = told(supervisor, run=2, user=54321, group=54322)

        assert failed["text"].startswith("user: number 54321 has no account")
        assert (found.uids, found.groups) == ([54321] * 4, [54322])

    @pytest.mark.parametrize(
        ("fields", "what", "text"),
        [
            ({"user": "no-such"}, "user", 'user: there is no user "no-such"'),
            ({"group": "no-such"}, "group", 'group: there is no group "no-such"'),
            ({"user": "a\0b"}, "user", 'user: there is no user "a\0b"'),
        ],
    )
    def test_who_does_not_exist_is_told(
        self, supervisor: InProcess, fields: dict[str, Any], what: str, text: str
    ) -> None:
        supervisor.spawn("true", **fields)

        failed = supervisor.wait_for("spawn_failed")

        assert (failed["what"], failed["error"], failed["text"]) == (what, "ENOENT", text)

    def test_a_folder_is_entered_as_the_user(self, supervisor: InProcess, tmp_path: Path) -> None:
        private = tmp_path / "private"
        private.mkdir(mode=0o700)
        supervisor.spawn("true", user="nobody", cwd=str(private))

        failed = supervisor.wait_for("spawn_failed")

        assert (failed["what"], failed["error"]) == ("cwd", "EACCES")
        assert str(private) in failed["text"]

    def test_a_job_can_use_what_it_is_given_as_another_user(self, supervisor: InProcess) -> None:
        script = "cat /dev/stdin; echo out > /dev/stdout; echo err > /dev/stderr"

        exited = supervisor.outcome(script, user="nobody", stdin="in\n")

        assert sorted(text_of(exited).split()) == ["err", "in", "out"]

    def test_cron_s_environment_is_that_of_the_user(self, supervisor: InProcess) -> None:
        supervisor.core.inherit({"FLOWCRON_DB": "/db", "SECRET": "x"})

        found = told(supervisor, user="nobody", inherit_env=False).environment

        assert {name: found[name] for name in found if name not in ADDED} == {
            "HOME": NOBODY.pw_dir,
            "LOGNAME": "nobody",
            "USER": "nobody",
            "SHELL": "/bin/sh",
            "PATH": "/usr/bin:/bin",
            "FLOWCRON_DB": "/db",
        }

    @pytest.mark.parametrize(
        ("field", "value", "text"),
        [
            ("user", "daemon", "cannot become daemon (flowcron does not run as root)"),
            ("group", "daemon", "cannot become daemon (flowcron does not run as root)"),
            ("nice", -5, "nice: cannot be -5"),
            ("open_files", 5000, "open_files: 5000 is more than the 100 that flowcron itself"),
            ("memory", 1 << 40, "memory: 1099511627776 is more than the 1000000000 that"),
        ],
    )
    def test_what_only_root_may_do_is_told_to_others(
        self, field: str, value: object, text: str
    ) -> None:
        failed = as_nobody({field: value})

        assert failed["ev"] == "spawn_failed"
        assert (failed["what"], failed["error"]) in {(field, "EPERM"), (field, "EACCES")}
        assert text in failed["text"]

    def test_whoever_is_no_root_may_name_themselves_and_stays_in_their_groups(self) -> None:
        assert as_nobody({"user": "nobody"})["status"] == 0


def try_to_return() -> int:
    """Become a user and try to be root again; return 3 if that is refused in each way."""
    Account("nobody", None).become()
    refused = 0
    for become in (os.setuid, os.seteuid, os.setgid):
        try:
            become(0)
        except PermissionError:
            refused += 1
    return refused


def known(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def as_nobody(fields: dict[str, object]) -> Message:
    """Return the last that a supervisor says of a spawn when it is not root, and has limits."""
    script = """
import json, os, resource, sys
from flowcron.supervisor.core import Supervisor
from flowcron.supervisor.poll import make_poller
poller = make_poller()  # what it imports may be out of reach later
resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100))
resource.setrlimit(resource.RLIMIT_DATA, (1_000_000_000, 1_000_000_000))
os.setgroups([GID, 12345]); os.setgid(GID); os.setuid(UID)
heard = []
core = Supervisor("/", emit=heard.append, environment={}, poller=poller)
core.handle({"op": "spawn", "run": 1, "attempt": 1, "token": "t", "argv": ["/bin/true"],
    "env": {}, "cwd": None, "timeout": None, "kill_after": 1.0, "log": "nowhere/1.1",
    "log_limit": 1000} | json.loads(sys.argv[1]))
while not heard or heard[-1]["ev"] == "started":
    core.step(1.0)
print(json.dumps(heard[-1]))
"""
    script = script.replace("GID", str(NOBODY.pw_gid)).replace("UID", str(NOBODY.pw_uid))
    done = subprocess.run(
        [sys.executable, "-c", script, json.dumps(fields)],
        env={"PYTHONPATH": os.pathsep.join(sys.path)},
        cwd="/",
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    said: Message = json.loads(done.stdout)
    return said


def test_a_job_without_a_user_stays_who_flowcron_is(supervisor: InProcess) -> None:
    plain, forked = told(supervisor), told(supervisor, run=2, umask=0o22)

    assert replace(plain, environment={}) == replace(forked, environment={})
    assert forked.uids[:3] == list(os.getresuid())
    assert forked.leads_session
    assert forked.blocked == 0


def test_the_default_signals_and_a_session_are_there_on_both_ways(supervisor: InProcess) -> None:
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    exited = supervisor.outcome("kill -TERM $$", nice=0)
    signal.signal(signal.SIGTERM, before)

    assert os.WTERMSIG(exited["status"]) == signal.SIGTERM


def test_files_are_made_with_the_umask(supervisor: InProcess, tmp_path: Path) -> None:
    supervisor.outcome("touch made", umask=0o137, cwd=str(tmp_path))

    assert (tmp_path / "made").stat().st_mode & 0o777 == 0o640


def test_a_job_is_as_nice_as_it_is_told(supervisor: InProcess) -> None:
    assert text_of(supervisor.outcome("nice", nice=7)) == "7\n"


def test_a_process_has_its_limits(supervisor: InProcess) -> None:
    script = "import resource as r; print(*map(r.getrlimit, (r.RLIMIT_DATA, r.RLIMIT_CPU, 7)))"

    supervisor.spawn(sys.executable, "-c", script, memory=200_000_000, cpu_time=1.5, open_files=50)

    expected = "(200000000, 200000000) (2, 7) (50, 50)\n"
    assert text_of(supervisor.wait_for("exited")) == expected


def test_a_memory_hog_fails_alone(supervisor: InProcess) -> None:
    hog = "x = bytearray(1 << 30); print(len(x))"
    supervisor.spawn(sys.executable, "-c", hog, memory=100_000_000)

    exited = supervisor.wait_for("exited")

    assert os.WEXITSTATUS(exited["status"]) == 1
    assert exited["last"] == "MemoryError"


def test_what_is_only_reserved_is_not_memory(supervisor: InProcess) -> None:
    reserve = "import mmap; mmap.mmap(-1, 1 << 33, flags=0x4022, prot=0); print('reserved')"
    supervisor.spawn(sys.executable, "-c", reserve, memory=100_000_000)

    assert text_of(supervisor.wait_for("exited")) == "reserved\n"


def test_too_little_memory_to_start_is_a_failure_of_that_run(supervisor: InProcess) -> None:
    supervisor.shell("exit 0", memory=4096)

    supervisor.until(lambda: [m for m in supervisor.heard if m["ev"] in {"exited", "spawn_failed"}])

    assert supervisor.heard[-1].get("status") != 0
    supervisor.shell("exit 0", run=2)
    assert supervisor.wait_for("exited", run=2)["status"] == 0


def test_too_much_cpu_time_is_a_signal(supervisor: InProcess) -> None:
    exited = supervisor.outcome("while :; do :; done", cpu_time=0.2)

    assert os.WTERMSIG(exited["status"]) == signal.SIGXCPU


def test_the_limit_of_descriptors_is_the_original_one_on_both_ways(tmp_path: Path) -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    heard: list[dict[str, object]] = []
    core = Supervisor(str(tmp_path), emit=heard.append, environment={}, limit=(123, hard))
    asked = InProcess.__new__(InProcess)  # its own would have no limit
    asked.core, asked.heard = core, heard

    exited = asked.outcome("ulimit -n", umask=0o22)

    assert text_of(exited) == "123\n"
    core.shut()


@pytest.mark.parametrize("way", [{}, {"umask": 0o22}])
@pytest.mark.parametrize("size", [0, 5, 5_000_000])
def test_a_text_is_read_from_standard_input_to_its_end(
    supervisor: InProcess, way: dict[str, Any], size: int
) -> None:
    exited = supervisor.outcome("wc -c", stdin="x" * size, **way)

    assert text_of(exited) == f"{size}\n"


def test_an_input_nobody_reads_holds_nothing_up(supervisor: InProcess) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))

    exited = supervisor.outcome("exit 4", stdin="x" * 1_000_000)
    supervisor.ack()

    assert os.WEXITSTATUS(exited["status"]) == 4
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_an_input_that_is_no_text_is_told(supervisor: InProcess) -> None:
    supervisor.shell("cat", stdin="\ud800")

    failed = supervisor.wait_for("spawn_failed")

    assert (failed["what"], failed["error"]) == ("stdin", "EINVAL")


def test_cron_s_environment_holds_nothing_that_flowcron_inherited(supervisor: InProcess) -> None:
    supervisor.core.inherit({"FLOWCRON_CONFIG": "/c", "PATH": "/elsewhere", "SECRET": "x"})
    me = pwd.getpwuid(os.geteuid())

    exited = supervisor.outcome("env", inherit_env=False, env={"A": "b", "HOME": "/h"})

    found = dict(line.split("=", 1) for line in text_of(exited).splitlines())
    assert {name: found[name] for name in found if name not in ADDED} == {
        "A": "b",
        "HOME": "/h",
        "LOGNAME": me.pw_name,
        "USER": me.pw_name,
        "SHELL": "/bin/sh",
        "PATH": "/usr/bin:/bin",
        "FLOWCRON_CONFIG": "/c",
    }


@pytest.mark.parametrize(
    ("argv", "program", "error", "words"),
    [
        (["./program"], None, "ENOENT", "No such file"),
        (["./program"], ("#!/bin/sh\n", 0o644), "EACCES", "Permission denied"),
        (["./program"], ("no program", 0o755), "ENOEXEC", "neither a program nor does it begin"),
        (["./program"], ("#!/no/interpreter\n", 0o755), "ENOENT", "first line (#!)"),
        (["no-such"], None, "ENOENT", "not found on PATH"),
        ([], None, "EINVAL", "cannot run []"),
        (["true", "\0"], None, "EINVAL", "null"),
    ],
)
def test_why_a_program_cannot_be_run_is_told_on_both_ways(
    supervisor: InProcess,
    tmp_path: Path,
    argv: list[str],
    program: tuple[str, int] | None,
    error: str,
    words: str,
) -> None:
    if program is not None:
        (tmp_path / "program").write_text(program[0])
        (tmp_path / "program").chmod(program[1])
    failures = []
    for run, way in enumerate([{}, {"umask": 0o22}]):
        supervisor.spawn(*argv, run=run, cwd=str(tmp_path), **way)
        failures.append(supervisor.wait_for("spawn_failed", run=run))

    plain, forked = [(m["what"], m["error"], m["text"]) for m in failures]
    assert plain == forked
    assert forked[:2] == ("exec", error)
    assert words in forked[2]


def test_a_missing_folder_is_told_on_both_ways(supervisor: InProcess) -> None:
    supervisor.shell("exit 0", cwd="/no/such/folder", umask=0o22)

    failed = supervisor.wait_for("spawn_failed")

    assert (failed["what"], failed["error"]) == ("cwd", "ENOENT")
    assert Path.cwd() != Path("/no/such/folder")
