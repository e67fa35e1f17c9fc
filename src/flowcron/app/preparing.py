"""Between the engine's `spawn` and the supervisor: what it names is read, aside and never here.

A message with `secrets` or `env_file` waits until they are read and goes on without them; what is
said about its attempt in the meantime waits behind it. All other messages go straight through.

An attempt that cannot be started is answered with `spawn_failed`, as by the supervisor, but `what`
is secret, env_file or cancel, and `error` null.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from flowcron.app.errands import Errands, Wakes
from flowcron.config.env_file import EnvironmentFileError, read_env_file
from flowcron.config.secrets import LONGEST, SecretError, read_secret
from flowcron.domain.ports import Ask
from flowcron.domain.text import storable
from flowcron.errors import FlowcronError
from flowcron.system import clock
from flowcron.system.programs import Programs

Message = dict[str, Any]

AT_ONCE = 4
PATIENCE = 30.0  # seconds for all that one attempt needs
COMMAND_PATIENCE = 10.0  # seconds for the program of one secret
_TOLD = "FLOWCRON_"  # what flowcron tells a process comes last, whatever else there is


class Preparing:
    """Hands messages on, completed; `say` gets what the supervisor would have said of the others.

    `write_down` is called with run and attempt before a spawn that had to wait is sent: until then
    it is known to have gone to no supervisor. All three are called in the owner's thread.
    """

    def __init__(
        self,
        programs: Programs,
        *,
        send: Callable[..., None],
        say: Callable[[list[Message]], None],
        write_down: Callable[[int, int], None],
        wakes: Wakes,
    ) -> None:
        self._ask = partial(programs.ask, patience=COMMAND_PATIENCE, limit=LONGEST)
        self._send = send
        self._say = say
        self._write_down = write_down
        self._errands = Errands(at_once=AT_ONCE, patience=PATIENCE, wakes=wakes)
        self._held: dict[tuple[int, int], list[Message]] = {}

    def hand_on(self, *messages: Message) -> None:
        """Send messages in order, those that need something read as soon as it is."""
        if not self._held and not any(map(_needs_reading, messages)):
            self._send(*messages)
            return
        ready = [message for message in messages if not self._holds(message)]
        if ready:
            self._send(*ready)

    def settle(self) -> None:
        """Hand on what is complete by now: for an owner whom nobody calls back."""
        self._errands.settle()

    def forget(self) -> None:
        """Hand on nothing more of what is held: whoever asked for it asks again, or does not."""
        self._held.clear()

    def _holds(self, message: Message) -> bool:
        """Keep a message that has to wait; return whether it does."""
        key = message.get("run", 0), message.get("attempt", 0)
        if _needs_reading(message):
            held = self._held[key] = [message]
            self._errands.begin(
                partial(prepared, message, environ=dict(os.environ), ask=self._ask),
                partial(self._over, key, held),
                late=FlowcronError(f"{_names(message)} could not be read within {PATIENCE:g} s"),
            )
            return True
        if key not in self._held:
            return False
        if message["op"] == "signal" and "why" in message and self._held[key][0]["op"] == "spawn":
            del self._held[key]
            self._failed(key, "cancel", "cancelled before it started")
        else:
            self._held[key].append(message)
        return True

    def _over(
        self, key: tuple[int, int], held: list[Message], outcome: Message | FlowcronError
    ) -> None:
        if self._held.get(key) is not held:  # it was cancelled, or its scheduler began anew
            return
        del self._held[key]
        message, *behind = held
        if not isinstance(outcome, FlowcronError):
            if message["op"] == "spawn":
                self._write_down(*key)
            self._send(outcome, *behind)
        elif message["op"] == "adopt":  # it runs, so what it writes must not be kept unmasked
            self._send(_without_references(message) | {"mask": None}, *behind)
        else:
            what = "env_file" if isinstance(outcome, EnvironmentFileError) else "secret"
            hint = f"; {outcome.hint}" if outcome.hint else ""
            self._failed(key, what, f"{outcome.message}{hint}")

    def _failed(self, key: tuple[int, int], what: str, text: str) -> None:
        run, attempt = key
        said = {"ev": "spawn_failed", "run": run, "attempt": attempt, "at": clock.now()}
        self._say([{**said, "what": what, "error": None, "text": storable(text)}])


def prepared(message: Message, *, environ: Mapping[str, str], ask: Ask) -> Message | FlowcronError:
    """Return the message as the supervisor takes it, or what is wrong with what it names.

    Later wins: the file, the job's own variables, secrets, and what flowcron tells.
    """
    try:
        in_file = read_env_file(message["env_file"]) if "env_file" in message else {}
        secrets = {
            name: _secret(name, reference, environ=environ, ask=ask)
            for name, reference in message.get("secrets", {}).items()
        }
    except FlowcronError as error:
        return error
    complete = _without_references(message)
    if "env" in complete:
        env = complete["env"]
        told = {name: value for name, value in env.items() if name.startswith(_TOLD)}
        complete["env"] = {**in_file, **env, **secrets, **told}
    if secrets:
        complete["mask"] = list(dict.fromkeys(secrets.values()))
    return complete


def _secret(name: str, reference: str, *, environ: Mapping[str, str], ask: Ask) -> str:
    try:
        return read_secret(reference, environ=environ, ask=ask)
    except SecretError as error:
        raise SecretError(f"secret {name}: {error.message}", hint=error.hint) from None


def _needs_reading(message: Message) -> bool:
    return "secrets" in message or "env_file" in message


def _without_references(message: Message) -> Message:
    return {key: message[key] for key in message if key not in {"secrets", "env_file"}}


def _names(message: Message) -> str:
    """Return what a message has to wait for, in words."""
    named = [f"secret {name}" for name in message.get("secrets", ())]
    if "env_file" in message:
        named.insert(0, f"env_file {message['env_file']}")
    return ", ".join(named)
