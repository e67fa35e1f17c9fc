"""The supervisor that a scheduler works with now, and the next one when it dies."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import Any

from flowcron.app.aside import aside
from flowcron.app.errands import Wakes
from flowcron.app.preparing import Preparing
from flowcron.app.state import Holding
from flowcron.engine.recovery import Supervision
from flowcron.errors import FlowcronError
from flowcron.history import record, schedulers
from flowcron.history.database import transaction
from flowcron.supervisor.client import Client, connect_or_start
from flowcron.system import clock
from flowcron.system.notify import without_manager
from flowcron.system.programs import Programs

Message = dict[str, Any]

_PATIENCE = 30.0  # seconds; ten thousand attempts are listed in less than one


class Supervised:
    """A launcher that stays the same while supervisors come and go.

    What a message needs is read with `programs`, aside.
    """

    def __init__(
        self,
        holding: Holding,
        programs: Programs,
        *,
        wakes: Wakes,
        on_message: Callable[[list[Message]], None],
        on_close: Callable[[], None],
    ) -> None:
        self._holding = holding
        self._on_message = on_message
        self._on_close = on_close
        self._client: Client | None = None
        self._supervisor_id = 0
        self._preparing = Preparing(
            programs, send=self._send, say=on_message, write_down=self._sends, wakes=wakes
        )

    async def connect(self) -> Supervision:
        """Find the supervisor or start one, and learn everything that it knows."""
        self._preparing.forget()
        loop = asyncio.get_running_loop()
        greeting = await aside(
            connect_or_start,
            str(self._holding.state),
            epoch=self._holding.epoch,
            environment=self._environment(),
            history=self._holding.identity,
        )
        known: dict[tuple[int, int], Message] = {}
        listed: asyncio.Future[None] = loop.create_future()

        def take(messages: list[Message]) -> None:
            """Collect the list; what comes after it is news."""
            for place, message in enumerate(messages):
                if message["ev"] == "listed":
                    listed.set_result(None)
                    self._take = self._on_message
                    if news := messages[place + 1 :]:
                        self._on_message(news)
                    return
                known[message["run"], message["attempt"]] = message

        self._take = take
        self._client = Client(loop, greeting, on_message=self._hear, on_close=self._closed)
        self._listed = listed
        self._client.send({"op": "list"})
        try:
            await asyncio.wait_for(listed, _PATIENCE)
        except (TimeoutError, ConnectionResetError) as error:
            raise FlowcronError(
                "the supervisor of the running jobs does not say what it knows",
                hint=f"look at {self._holding.state / 'supervisor.log'}; is its process stopped?",
            ) from error
        return Supervision(self._seen(greeting.hello), self._holding.boot, known)

    def send(self, *messages: Message) -> None:
        """Hand messages to the supervisor; without one they are dropped, and recovery knows."""
        self._preparing.hand_on(*messages)

    def close(self) -> None:
        """Leave the supervisor to itself."""
        self._preparing.forget()
        if self._client is not None:
            self._client.close()

    def _send(self, *messages: Message) -> None:
        if self._client is not None:
            self._client.send(*messages)

    def _hear(self, messages: list[Message]) -> None:
        self._take(messages)

    def _closed(self) -> None:
        if not self._listed.done():
            self._listed.set_exception(ConnectionResetError("the supervisor died while it listed"))
            return
        self._on_close()

    def _seen(self, hello: Message) -> int:
        history = self._holding.history
        with transaction(history):
            self._supervisor_id = schedulers.supervisor_seen(
                history,
                hello["instance"],
                boot=self._holding.boot,
                pid=hello["pid"],
                at=clock.now(),
            )
        return self._supervisor_id

    def _sends(self, run: int, attempt: int) -> None:
        history = self._holding.history
        with transaction(history):
            record.attempt_moved(history, run, attempt, supervisor_id=self._supervisor_id)

    def _environment(self) -> dict[str, str]:
        """Return what every job inherits, and where it finds this history."""
        return without_manager(os.environ) | {
            "FLOWCRON_DB": str(self._holding.path),
            "FLOWCRON_CONFIG": str(self._holding.config),
        }
