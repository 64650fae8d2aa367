"""Reads off the event loop, each done once per store version whatever the number of viewers."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Concatenate, ParamSpec, TypeVar

from dash_app.services.live import LiveHub
from dqm_assets.store import Store

Asked = ParamSpec("Asked")
Answer = TypeVar("Answer")

#: Answers kept at a time; the least recently asked for goes first.
KEPT_ANSWERS = 512


class Reads:
    """Runs read functions in worker threads and keeps their answers until the store changes."""

    def __init__(self, store: Store, hub: LiveHub) -> None:
        """Read from ``store``; ``hub`` says which version an answer belongs to."""
        self.store = store
        self.hub = hub
        self._version: int | None = None
        self._answers: OrderedDict[Hashable, asyncio.Future[Any]] = OrderedDict()

    async def __call__(
        self, read: Callable[Concatenate[Store, Asked], Answer], *args: Asked.args, **options: Asked.kwargs
    ) -> Answer:
        """Answer ``read(store, *args, **options)`` as of the store's present version.

        Arguments must be hashable. Whoever asks the same while the answer is being made waits for it.

        Raises:
            StoreError: the store cannot be reached.
        """
        return await self.build(read, self.store, *args, **options)

    async def build(
        self, make: Callable[Asked, Answer], *args: Asked.args, **options: Asked.kwargs
    ) -> Answer:
        """Answer ``make(*args, **options)``, remembered like a read; for figures made from answers."""
        version = await self.hub.current()
        if version != self._version:
            self._version = version
            self._answers.clear()
        key = (make, args, tuple(sorted(options.items())))
        answer = self._answers.get(key)
        if answer is None:
            answer = asyncio.ensure_future(asyncio.to_thread(make, *args, **options))
            self._answers[key] = answer
            if len(self._answers) > KEPT_ANSWERS:
                self._answers.popitem(last=False)
        self._answers.move_to_end(key)
        try:
            return await asyncio.shield(answer)
        except BaseException:
            if self._answers.get(key) is answer and answer.done():
                del self._answers[key]
            raise
