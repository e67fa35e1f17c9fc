"""Where everything that fails in a callback or a task of the scheduler ends up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

from flowcron.errors import FlowcronError
from flowcron.history.database import DatabaseTrouble

_PASSING = (DatabaseTrouble, OSError, FlowcronError)


class Guard:
    """Calls back and runs tasks; nothing fails unheard.

    Trouble with the history, and in tasks with the supervisor too, passes: `on_trouble` gets a
    sentence. Anything else is a mistake of flowcron's: `on_mistake` gets it.
    """

    def __init__(
        self, *, on_trouble: Callable[[str], None], on_mistake: Callable[[Exception], None]
    ) -> None:
        self._on_trouble = on_trouble
        self._on_mistake = on_mistake
        self._tasks: set[asyncio.Task[None]] = set()

    def call(self, callback: Callable[..., None], *arguments: Any) -> None:  # noqa: ANN401 any callback
        """Call back."""
        try:
            callback(*arguments)
        except DatabaseTrouble as error:
            self._on_trouble(f"the history cannot be written: {error}")
        except Exception as error:  # noqa: BLE001 it ends the process, with its traceback
            self._on_mistake(error)

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something that takes longer beside the loop."""
        task = asyncio.get_running_loop().create_task(self._run(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except _PASSING as error:
            self._on_trouble(str(error))
        except Exception as error:  # noqa: BLE001 it ends the process, with its traceback
            self._on_mistake(error)


class LoopWakes:
    """How a loop is woken by the threads of `app.errands`; what then fails is the guard's."""

    def __init__(self, loop: asyncio.AbstractEventLoop, guard: Guard) -> None:
        self._loop = loop
        self._guard = guard

    def soon(self, callback: Callable[[], None]) -> None:
        """Call back from the loop; nobody is called once it is closed."""
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._guard.call, callback)

    def later(self, seconds: float, callback: Callable[[], None]) -> None:
        """Call back from the loop after so many seconds."""
        self._loop.call_later(seconds, self._guard.call, callback)
