"""What is read once for all viewers, and when it is read again."""

import asyncio
from collections.abc import Awaitable, Callable

import pyarrow as pa
import pytest

from dash_app.services import reads as reads_module
from dash_app.services.live import LiveHub
from dash_app.services.reads import Reads
from dqm_assets.errors import StoreError
from dqm_assets.store import Store


class Asked:
    """Read functions that count how often they run."""

    def __init__(self) -> None:
        self.times: dict[str, int] = {"runs": 0, "alerts": 0, "version": 0, "made": 0, "failed": 0}

    def runs(self, store: Store) -> int:
        self.times["runs"] += 1
        return store.rows("SELECT count(*) AS n FROM metrics.runs")[0]["n"]

    def alerts(self, store: Store) -> int:
        self.times["alerts"] += 1
        return store.rows('SELECT count(*) AS n FROM "monitoring"."alerts"')[0]["n"]

    def version(self, store: Store) -> int:
        self.times["version"] += 1
        return store.version()

    def made(self, number: int) -> int:
        self.times["made"] += 1
        return number + 1

    def failed(self, store: Store) -> int:
        self.times["failed"] += 1
        raise StoreError(f"{store} does not answer")


def with_reads(store: Store, body: Callable[[Reads, Asked], Awaitable[None]]) -> None:
    async def run() -> None:
        await body(Reads(store, LiveHub(store)), Asked())

    asyncio.run(run())


def add_run(store: Store, name: str) -> None:
    with store.transaction() as tx:
        tx.upsert("metrics.runs", pa.table({"dataset": ["d"], "run_id": [name]}))


def test_many_who_ask_at_once_are_answered_by_one_read(store: Store) -> None:
    async def body(reads: Reads, asked: Asked) -> None:
        assert await asyncio.gather(*(reads(asked.runs) for _ in range(20))) == [0] * 20
        assert asked.times["runs"] == 1

    with_reads(store, body)


def test_only_what_reads_a_changed_table_is_read_again(store: Store) -> None:
    async def body(reads: Reads, asked: Asked) -> None:
        for expected in (0, 1):
            assert await reads(asked.runs) == expected
            assert await reads(asked.alerts) == 0
            assert await reads(asked.version) == store.version()
            assert await reads.build(asked.made, 1) == 2
            assert await reads.look(asked.made, 2) == 3
            if not expected:
                add_run(store, "a")
        # `look` twice, `build` once: figures depend on their arguments alone.
        assert asked.times == {"runs": 2, "alerts": 1, "version": 2, "made": 3, "failed": 0}

    with_reads(store, body)


def test_a_failed_read_is_tried_again(store: Store) -> None:
    async def body(reads: Reads, asked: Asked) -> None:
        for _ in range(2):
            with pytest.raises(StoreError):
                await reads(asked.failed)
        assert asked.times["failed"] == 2

    with_reads(store, body)


def test_an_old_answer_is_given_anew_whatever_the_store_says(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def body(reads: Reads, asked: Asked) -> None:
        await reads(asked.runs)
        monkeypatch.setattr(reads_module, "OLDEST_ANSWER", 0.0)
        await reads(asked.runs)
        assert asked.times["runs"] == 2

    with_reads(store, body)
