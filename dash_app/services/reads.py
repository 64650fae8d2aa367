"""Reads off the event loop, each done once for all viewers, and again when its tables change."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from dash_app.services.live import LiveHub
from dash_app.services.watched_store import WatchedStore
from dqm_assets.store import Store

Asked = ParamSpec("Asked")
Answer = TypeVar("Answer")

#: Answers kept at a time; the least recently asked for goes first.
KEPT_ANSWERS = 512
#: Seconds after which an answer is old whatever the store says: some ask for "the last 24 hours".
OLDEST_ANSWER = 30.0

_NOTHING: frozenset[str] = frozenset()


@dataclass(slots=True, eq=False)
class _Kept:
    """An answer, the version it was begun at, the tables it was read from (``None``: perhaps any)."""

    answer: asyncio.Future[Any]
    version: int
    begun: float
    tables: frozenset[str] | None = None


class Reads:
    """Runs read functions in worker threads and keeps their answers until what they read changes."""

    def __init__(self, store: Store, hub: LiveHub) -> None:
        """Read from ``store``; ``hub`` says which of its tables changed when."""
        self.store = store
        self.hub = hub
        self._swept: int | None = None
        self._answers: OrderedDict[Hashable, _Kept] = OrderedDict()

    async def __call__(
        self, read: Callable[Concatenate[Store, Asked], Answer], *args: Asked.args, **options: Asked.kwargs
    ) -> Answer:
        """Answer ``read(store, *args, **options)`` as of the store's present version.

        Arguments must be hashable. Whoever asks the same while the answer is being made waits for it.

        Raises:
            StoreError: the store cannot be reached.
        """

        def watched() -> tuple[Answer, frozenset[str] | None]:
            store = WatchedStore(self.store)
            return read(cast("Store", store), *args, **options), store.tables

        return await self._answer((read, args, *sorted(options.items())), watched)

    async def build(
        self, make: Callable[Asked, Answer], *args: Asked.args, **options: Asked.kwargs
    ) -> Answer:
        """Answer ``make(*args, **options)``, which depends on its arguments alone: a figure."""
        key = (make, args, *sorted(options.items()))
        return await self._answer(key, lambda: (make(*args, **options), _NOTHING))

    async def look(self, make: Callable[Asked, Answer], *args: Asked.args, **options: Asked.kwargs) -> Answer:
        """Answer ``make(*args, **options)``, which looks at files: again with every change of the store."""
        key = (make, args, *sorted(options.items()))
        return await self._answer(key, lambda: (make(*args, **options), None))

    async def _answer(self, key: Hashable, make: Callable[[], tuple[Any, frozenset[str] | None]]) -> Any:
        version = await self.hub.current()
        self._sweep(version)
        kept = self._answers.get(key)
        if kept is None:
            kept = self._begin(key, version, make)
        self._answers.move_to_end(key)
        try:
            return await asyncio.shield(kept.answer)
        except BaseException:
            if self._answers.get(key) is kept and kept.answer.done():
                del self._answers[key]
            raise

    def _begin(
        self, key: Hashable, version: int, make: Callable[[], tuple[Any, frozenset[str] | None]]
    ) -> _Kept:
        async def made() -> Any:
            answer, kept.tables = await asyncio.to_thread(make)
            return answer

        kept = _Kept(asyncio.ensure_future(made()), version, time.monotonic())
        self._answers[key] = kept
        if len(self._answers) > KEPT_ANSWERS:
            self._answers.popitem(last=False)
        return kept

    def _sweep(self, version: int) -> None:
        """Forget what has changed since it was read, and what is old."""
        oldest = time.monotonic() - OLDEST_ANSWER
        changed = version != self._swept
        self._swept = version
        for key, kept in list(self._answers.items()):
            if kept.begun < oldest or (changed and self.hub.changed_since(kept.version, kept.tables)):
                del self._answers[key]
