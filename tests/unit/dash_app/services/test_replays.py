"""Who may replay how often."""

import asyncio

import pytest

from dash_app.services import replays
from dash_app.services.metric_series import SeriesAddress
from dash_app.services.replays import BusyError, Replays
from dqm_assets.accounts.user import Role, User

SERIES = SeriesAddress("d", "mean", "value", "")


class NoReads:
    """Answers nothing, at once, and counts."""

    def __init__(self) -> None:
        self.running = self.most = self.done = 0

    async def __call__(self, *_: object) -> None:
        self.running += 1
        self.most = max(self.most, self.running)
        await asyncio.sleep(0)
        self.running -= 1
        self.done += 1


def ask(role: Role, times: int, clock: list[float], reads: NoReads) -> Replays:
    found = Replays(reads, lambda: clock[0])  # ty: ignore[invalid-argument-type]

    async def run() -> None:
        await asyncio.gather(*(found(User("ana", role, "local"), SERIES, ()) for _ in range(times)))

    asyncio.run(run())
    return found


def test_a_viewer_may_ask_so_many_times_a_minute() -> None:
    clock, reads = [0.0], NoReads()
    with pytest.raises(BusyError, match="try again in 60 s"):
        ask("viewer", replays.MOST_OF_A_VIEWER + 1, clock, reads)


def test_the_minute_goes_by() -> None:
    clock, reads = [0.0], NoReads()
    found = ask("viewer", replays.MOST_OF_A_VIEWER, clock, reads)
    clock[0] = replays.SPAN_SECONDS
    asyncio.run(found(User("ana", "viewer", "local"), SERIES, ()))
    assert reads.done == replays.MOST_OF_A_VIEWER + 1


def test_an_operator_may_ask_on_and_few_run_at_once() -> None:
    reads = NoReads()
    ask("operator", 2 * replays.MOST_OF_A_VIEWER, [0.0], reads)
    assert (reads.done, reads.most) == (2 * replays.MOST_OF_A_VIEWER, replays.AT_ONCE)
