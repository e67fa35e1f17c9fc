"""Loading the configuration again while the scheduler runs: nothing due waits for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from flowcron.app.aside import aside
from flowcron.app.configuration import Watch, differences
from flowcron.app.notifying import Notifying
from flowcron.config.config import Config
from flowcron.domain.duration import human_duration
from flowcron.engine.engine import Engine
from flowcron.engine.report import Kind
from flowcron.errors import ConfigError, FlowcronError
from flowcron.history.requests import Answer
from flowcron.system import clock

_REJECTED = "the configuration was changed and cannot be used; it stays as it was: flowcron check"


class Reloading:
    """One reload at a time; whoever asks while one is under way gets the next.

    `use` makes a configuration the current one, `say` reports. One that `is_old` is not what the
    files say, because they have mistakes.
    """

    def __init__(
        self,
        config: Config,
        *,
        use: Callable[[Config], None],
        say: Callable[[Kind, str], None],
        is_old: bool = False,
        notifying: Notifying,
    ) -> None:
        self._config = config
        self._watch = Watch(config, is_old=is_old)
        self._use = use
        self._say = say
        self._notifying = notifying
        self._is_loading = False
        self._again = False
        self._answering: frozenset[int] = frozenset()
        self._last = ""
        self._loaded_at = 0.0

    def is_due(self) -> bool:
        """Return whether the files say something else than what is loaded."""
        return not self._is_loading and self._watch.has_changed()

    def begin(self, asked: frozenset[int]) -> bool:
        """Take notice that somebody wants a reload; return whether `work` has to be started.

        `asked` are the requests that wait for an answer. Those that came after a load had begun
        are not answered by it: it may have read the files before they were written.
        """
        if self._is_loading:
            self._again = self._again or not asked or bool(asked - self._answering)
            return False
        self._is_loading, self._answering = True, asked
        return True

    async def work(self, engine: Callable[[], Engine]) -> None:
        """Load until nobody wants it again; a configuration that cannot be used changes nothing."""
        try:
            while self._is_loading:
                self._again = False
                self._notifying.reloading()
                answer = await self._load()
                self._notifying.ready()
                if answer.error is not None:
                    engine().tell(_REJECTED)
                engine().answer_reload(self._answering, answer)
                self._is_loading = self._again
                self._answering = frozenset(engine().wishes.reload)
        finally:
            self._is_loading = False

    async def _load(self) -> Answer:
        try:
            config = await aside(self._watch.load)
        except ConfigError as error:
            for one in error.problems:
                self._say(Kind.WARNING, f"{one.file}:{one.line}:{one.column}: {one.message}")
            self._say(Kind.WARNING, "the configuration stays as it was")
            problems = [problem._asdict() for problem in error.problems]
            return Answer({"problems": problems}, error.message, error.exit_code)
        except (FlowcronError, OSError) as error:
            self._say(Kind.WARNING, f"{error} · the configuration stays as it was")
            return Answer({}, str(error), FlowcronError.exit_code)
        if config.digest == self._config.digest and self._last:
            return Answer({"changes": self._since_last(), "jobs": len(config.jobs)})
        self._use(config)
        self._last = str(differences(self._config, config))
        self._config, self._loaded_at = config, clock.monotonic()
        self._say(Kind.NOTICE, f"configuration loaded: {self._last}")
        return Answer({"changes": self._last, "jobs": len(config.jobs)})

    def _since_last(self) -> str:
        ago = human_duration(timedelta(seconds=round(clock.monotonic() - self._loaded_at)))
        return f"no change since the last load {ago} ago, which was: {self._last}"
