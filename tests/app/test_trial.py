"""flowcron alerts test, through the process that really sends."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

from installed import Installed


class Hook(BaseHTTPRequestHandler):
    """A webhook that takes everything, or says what the test makes it say."""

    status = 200
    heard: list[bytes]

    def do_POST(self) -> None:
        self.heard.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def webhook(status: int = 200) -> Iterator[tuple[int, list[bytes]]]:
    """Give the port of a server that answers with a status, and what it hears."""
    heard: list[bytes] = []
    kind = type("OneHook", (Hook,), {"status": status, "heard": heard})
    with HTTPServer(("127.0.0.1", 0), kind) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server.server_port, heard
        finally:
            server.shutdown()
            thread.join()


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def test_each_way_of_a_channel_gets_a_message(flowcron: Installed) -> None:
    got = flowcron.folder / "event.json"
    with webhook() as (port, heard):
        flowcron.configure(
            f'[alerts.ops]\nto = "json://127.0.0.1:{port}/hook"\ncommand = "cat > {got}"\n'
        )

        done = flowcron.run("alerts", "test", "ops", "--format", "table")

    assert done.returncode == 0, done.stdout + done.stderr
    assert [line.split()[1] for line in done.stdout.splitlines()] == ["✓", "✓"]
    assert len(heard) == 1
    assert "test" in got.read_text()


def test_what_is_wrong_is_said_of_each_way_without_a_secret(flowcron: Installed) -> None:
    (flowcron.folder / "pass").write_text("hunter2-hunter2")
    (flowcron.folder / "pass").chmod(0o600)
    with webhook(500) as (port, _):
        flowcron.configure(f"""\
[smtp]
host = "127.0.0.1"
port = {free_port()}
username = "flowcron"
password = "file:pass"
[alerts.ops]
email = "ops@example.com"
to = ["json://me:hunter3-hunter3@127.0.0.1:{port}/", "env:NO_SUCH_URL", "slak://hunter4-hunter4/b"]
command = "echo no pager >&2; exit 3"
""")

        done = flowcron.run("alerts", "test", "ops", "--json")
        shown = flowcron.run("alerts", "test", "ops", "--format", "table")

    ways = {way["target"]: way for way in json.loads(done.stdout)["ways"]}
    assert (done.returncode, shown.returncode) == (1, 1)
    assert [way["ok"] for way in ways.values()] == [False] * 5
    assert "refused the connection" in ways["email"]["error"]
    assert "NO_SUCH_URL" in ways["to/2"]["error"]
    assert all(way["error"] and way["took"] >= 0 for way in ways.values())
    assert "(mode 600, 15 bytes)" in shown.stdout
    assert "hunter" not in done.stdout + done.stderr + shown.stdout + shown.stderr


def test_a_test_leaves_nothing_in_the_outbox(flowcron: Installed) -> None:
    flowcron.configure('[alerts.ops]\ncommand = ["true"]\n')

    assert flowcron.run("alerts", "test", "ops").returncode == 0

    assert flowcron.rows("SELECT 1 FROM outbox") == []
