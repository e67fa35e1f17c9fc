"""References to secrets: what is at the other end, and what is wrong there."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowcron.config.load import load
from flowcron.config.secrets import LONGEST, SecretError, read_secret
from flowcron.domain.ports import Reply
from flowcron.errors import ConfigError

NOBODY: Mapping[str, str] = {}


def answers(reply: Reply) -> Callable[[Sequence[str]], Reply]:
    """Return what starts a program that says the same whatever it is."""
    return lambda _: reply


def cannot(argv: Sequence[str]) -> Reply:
    raise FileNotFoundError(2, "No such file or directory", argv[0])


def read(
    reference: str,
    environ: Mapping[str, str] = NOBODY,
    ask: Callable[[Sequence[str]], Reply] = cannot,
) -> str:
    return read_secret(reference, environ=environ, ask=ask)


def private_file(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    path.chmod(0o600)
    return path


def refusal(reference: str, environ: Mapping[str, str] = NOBODY) -> str:
    with pytest.raises(SecretError) as caught:
        read(reference, environ)
    assert reference in caught.value.message
    return f"{caught.value.message} → {caught.value.hint}"


def test_each_kind_of_reference_is_read(tmp_path: Path) -> None:
    file = private_file(tmp_path / "pass", b"s3cret\n\n")
    directory = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    asked: list[list[str]] = []

    def ask(argv: Sequence[str]) -> Reply:
        asked.append(list(argv))
        return Reply(0, b"told\n", b"")

    assert read("env:TOKEN", {"TOKEN": "x\n"}) == "x\n"
    assert read(f"file:{file}") == "s3cret\n"
    assert read("credential:pass", directory) == "s3cret\n"
    assert read("command:pass show 'my shop'", ask=ask) == "told"
    assert asked == [["pass", "show", "my shop"]]


def test_a_credential_may_have_the_mode_that_systemd_gives_it(tmp_path: Path) -> None:
    private_file(tmp_path / "pg", b"x").chmod(0o440)

    assert read("credential:pg", {"CREDENTIALS_DIRECTORY": str(tmp_path)}) == "x"


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_file_that_others_can_read_is_no_secret(tmp_path: Path, mode: int) -> None:
    file = private_file(tmp_path / "pass", b"s3cret")
    file.chmod(mode)

    said = refusal(f"file:{file}")

    assert f"can be read by others than its owner (mode {mode:03o})" in said
    assert f"chmod 600 {file}" in said
    assert "s3cret" not in said


def test_what_is_not_there_is_named_with_what_to_do(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    directory = {"CREDENTIALS_DIRECTORY": str(tmp_path)}

    assert "set TOKEN in the environment of the scheduler" in refusal("env:TOKEN")
    assert "does not exist → create it" in refusal(f"file:{tmp_path / 'none'}")
    assert "is not a file" in refusal(f"file:{tmp_path}")
    assert "is not a file" in refusal(f"file:{tmp_path / 'pipe'}")
    assert "$CREDENTIALS_DIRECTORY is not set → add LoadCred" in refusal("credential:x")
    assert "does not exist → add LoadCredential=x:/path" in refusal("credential:x", directory)
    assert "is not the name of a credential" in refusal("credential:../x", directory)
    assert "cannot be started: No such file or directory" in refusal("command:none")
    assert "cannot be started: No closing quotation" in refusal("command:a 'b")
    assert "names no program" in refusal("command: ")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"s3cr\xff", "is not UTF-8"),
        (b"s3cr\0et", "has a NUL byte in it"),
        (b"s" * (LONGEST + 1), "has more than 100,000 bytes"),
    ],
)
def test_what_no_variable_can_hold_is_refused_and_never_shown(
    tmp_path: Path, content: bytes, says: str
) -> None:
    file = private_file(tmp_path / "pass", content)

    said = refusal(f"file:{file}")

    assert says in said
    assert "s3cr" not in said


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (Reply(3 << 8, b"s3cret", b"gpg: no\nlocked\x1b\n\n"), "ended with 3: locked·"),
        (Reply(9, b"s3cret", b""), "was killed by signal 9"),
        (Reply(None, b"s3cret", b"locked\n"), "did not end in time"),
        (Reply(0, b"\n", b""), "is empty"),
        (Reply(None, b"s" * (LONGEST + 1), b""), "has more than 100,000 bytes"),
    ],
)
def test_a_command_that_does_not_tell_is_an_error_with_its_last_words(
    reply: Reply, says: str
) -> None:
    with pytest.raises(SecretError) as caught:
        read("command:pass show x", ask=answers(reply))

    assert f"command:pass show x {says}" in caught.value.message
    assert "s3cret" not in f"{caught.value.message}{caught.value.hint}"


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=50))
@settings(deadline=None)
def test_any_text_comes_through_a_command_as_it_is(text: str) -> None:
    reply = Reply(0, text.encode() + b"\n", b"")

    assert read(f"command:{shlex.join([sys.executable, text])}", ask=answers(reply)) == text


JOB = '[jobs.a]\ncommand = "true"\n'


def test_a_configuration_with_a_secret_that_others_can_read_is_refused(tmp_path: Path) -> None:
    private_file(tmp_path / "pg.pass", b"x").chmod(0o640)
    config = tmp_path / "schedules.toml"
    config.write_text(f'{JOB}secrets = {{ A = "file:none", B = "file:pg.pass" }}\n')

    with pytest.raises(ConfigError) as caught:
        load(config)

    (problem,) = caught.value.problems
    assert (problem.code, problem.line) == ("secret", 3)
    assert "pg.pass" in problem.source[problem.column - 1 :]
    assert "can be read by others than its owner (mode 640)" in problem.message
    assert problem.help == f"chmod 600 {tmp_path / 'pg.pass'}"
