"""References to secrets: what they name, and reading it when it is needed; never stored."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from pathlib import Path

from flowcron.config.paths import in_folder
from flowcron.config.small_files import NoSmallFileError, read_small
from flowcron.domain.ports import Ask, Reply
from flowcron.errors import FlowcronError

LONGEST = 100_000  # bytes; Linux takes no variable of more than 128 KiB
CREDENTIALS = "CREDENTIALS_DIRECTORY"  # systemd sets it for a unit that loads some
_FILE = "file:"
_KINDS = ("env:", _FILE, "credential:", "command:")
_LONGEST_LINE = 200


class SecretError(FlowcronError):
    """A secret cannot be had; names the reference and never what it stands for."""


def is_reference(text: str) -> bool:
    """Return whether a text names a secret, and is none itself."""
    return text.startswith(_KINDS)


def settled(reference: str, folder: Path) -> str:
    """Return a reference that means the same wherever it is read: with the whole path of a file."""
    if not reference.startswith(_FILE):
        return reference
    return f"{_FILE}{in_folder(reference.removeprefix(_FILE), folder)}"


def file_of(reference: str, folder: Path) -> Path | None:
    """Return the file that a reference in a configuration of `folder` names, if it names one."""
    if not reference.startswith(_FILE):
        return None
    return in_folder(reference.removeprefix(_FILE), folder)


def read_secret(reference: str, *, environ: Mapping[str, str], ask: Ask) -> str:
    """Return what a reference stands for; raises SecretError.

    `environ` is the environment that "env:" and "credential:" look into, `ask` starts the program
    of a "command:". It may take as long as a disk or that program does.
    """
    kind, _, name = reference.partition(":")
    match kind:
        case "env":
            value = _variable(name, environ)
        case "file":
            value = _without_newline(_file(reference, name, private=True))
        case "credential":
            value = _without_newline(_credential(reference, name, environ))
        case "command":
            value = _without_newline(_command(reference, name, ask))
        case _:
            hint = "write env:, file:, credential: or command:"
            raise SecretError(f"{reference} is no reference to a secret", hint=hint)
    return _checked(reference, value)


def _variable(name: str, environ: Mapping[str, str]) -> bytes:
    if name not in environ:
        hint = f"set {name} in the environment of the scheduler"
        raise SecretError(f"env:{name} is not set", hint=hint)
    return os.fsencode(environ[name])


def _file(reference: str, path: str, *, private: bool) -> bytes:
    try:
        return read_small(path, private=private)
    except FileNotFoundError:
        hint = f"create it for its owner alone: install -m 600 /dev/null {shlex.quote(path)}"
        raise SecretError(f"{reference} does not exist", hint=hint) from None
    except NoSmallFileError as error:
        hint = f"it must be a file that its owner alone can read: chmod 600 {shlex.quote(path)}"
        raise SecretError(f"{reference} {error}", hint=hint) from None
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        hint = "let the scheduler's user, and nobody else, read it"
        raise SecretError(f"{reference} cannot be read: {why}", hint=hint) from None


def _credential(reference: str, name: str, environ: Mapping[str, str]) -> bytes:
    """Return a credential; who can read it is systemd's care."""
    hint = f"add LoadCredential={name}:/path to the scheduler's unit"
    if "/" in name or name in {".", ".."}:
        raise SecretError(f"{reference} is not the name of a credential", hint=hint)
    if not environ.get(CREDENTIALS):
        message = f"{reference} cannot be read: ${CREDENTIALS} is not set"
        raise SecretError(message, hint=hint)
    path = os.path.join(environ[CREDENTIALS], name)  # noqa: PTH118 a name, and no path of ours
    try:
        return _file(reference, path, private=False)
    except SecretError as error:
        raise SecretError(error.message, hint=hint) from None


def _command(reference: str, text: str, ask: Ask) -> bytes:
    hint = "try it in a shell, as the scheduler's user"
    try:
        words = shlex.split(text)
        if not words:
            raise SecretError(f"{reference} names no program", hint='write "command:pass show x"')
        reply = ask(words)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise SecretError(f"{reference} cannot be started: {why}", hint=hint) from None
    if len(reply.stdout) > LONGEST:
        return reply.stdout
    if reply.status is None:
        raise SecretError(f"{reference} did not end in time", hint=hint)
    if reply.status:
        raise SecretError(f"{reference} {_ended(reply.status)}{_last_line(reply)}", hint=hint)
    return reply.stdout


def _ended(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    return f"was killed by signal {-code}" if code < 0 else f"ended with {code}"


def _last_line(reply: Reply) -> str:
    lines = [line for line in reply.stderr.splitlines() if line.strip()]
    if not lines:
        return ""
    text = lines[-1].decode("utf-8", "backslashreplace").strip()[:_LONGEST_LINE]
    return f": {''.join(char if char.isprintable() else '·' for char in text)}"


def _without_newline(content: bytes) -> bytes:
    return content.removesuffix(b"\n")


def _checked(reference: str, value: bytes) -> str:
    """Return a value that an environment can hold and that is worth hiding."""
    if not value:
        hint = "a secret without a value is surely a mistake; write it there"
        raise SecretError(f"{reference} is empty", hint=hint)
    if len(value) > LONGEST:
        hint = "let the job read it from a file instead"
        raise SecretError(f"{reference} has more than {LONGEST:,} bytes", hint=hint)
    try:
        text = value.decode()
    except UnicodeDecodeError:
        hint = "write it as text, for instance as base64"
        raise SecretError(f"{reference} is not UTF-8", hint=hint) from None
    if "\0" in text:
        hint = "no variable can hold it; write it as text, for instance as base64"
        raise SecretError(f"{reference} has a NUL byte in it", hint=hint)
    return text
