"""Backtests for whoever asks: a few at a time, and for those who may only look, so many a minute."""

import asyncio
import math
import time
from collections import OrderedDict, deque
from collections.abc import Callable

from dash_app.services.backtest import Backtest, Choice, backtest
from dash_app.services.metric_series import SeriesAddress
from dash_app.services.reads import Reads
from dqm_assets.accounts.user import User
from dqm_assets.errors import DqmError

#: Replays that run at the same time, whoever asked: each has one of the threads that pages read with.
AT_ONCE = 2
#: Replays that a viewer may ask for in so many seconds.
MOST_OF_A_VIEWER, SPAN_SECONDS = 30, 60.0
_VIEWERS_KEPT = 1_000


class BusyError(DqmError):
    """Too many replays were asked for; ``wait`` is in seconds."""

    def __init__(self, wait: float) -> None:
        super().__init__(
            f"A viewer may replay {MOST_OF_A_VIEWER} times a minute: try again in {math.ceil(wait)} s."
        )
        self.wait = wait


class Replays:
    """Replays stored series."""

    def __init__(self, reads: Reads, clock: Callable[[], float] = time.monotonic) -> None:
        """Read through ``reads``; ``clock`` gives seconds."""
        self._reads = reads
        self._clock = clock
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._asked: OrderedDict[str, deque[float]] = OrderedDict()

    async def __call__(self, user: User, address: SeriesAddress, choices: tuple[Choice, ...]) -> Backtest:
        """Replay a series with each setting.

        Raises:
            BusyError: the user is a viewer who asked too often.
            StoreError: the store cannot be reached.
        """
        if not user.may("operator"):
            self._count(user.name)
        async with self._turn:
            return await self._reads(backtest, address, choices)

    def _count(self, name: str) -> None:
        now = self._clock()
        times = self._asked.setdefault(name, deque())
        self._asked.move_to_end(name)
        if len(self._asked) > _VIEWERS_KEPT:
            self._asked.popitem(last=False)
        while times and times[0] <= now - SPAN_SECONDS:
            times.popleft()
        if len(times) >= MOST_OF_A_VIEWER:
            raise BusyError(times[0] + SPAN_SECONDS - now)
        times.append(now)
