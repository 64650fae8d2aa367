"""What the processes of these tests do; each function is run in a process of its own."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing import get_context
from typing import Any

import pyarrow as pa

from dqm_assets.settings import Settings
from dqm_assets.store import open_store

#: Rows of one keyed upsert.
ROWS = 100


@dataclass(frozen=True)
class Readings:
    """What one reader saw: how often it read, half-written batches, versions that went back."""

    reads: int
    torn: int
    backwards: int


def in_processes(jobs: Sequence[tuple[Callable[..., Any], tuple[Any, ...]]]) -> list[Any]:
    """Run each function in a process of its own, all at once; the first error is raised here."""
    with ProcessPoolExecutor(len(jobs), mp_context=get_context("spawn")) as pool:
        return [future.result(timeout=240) for future in [pool.submit(job, *args) for job, args in jobs]]


def metric_rows(dataset: str, batch: str, value: float, rows: int = ROWS) -> pa.Table:
    """Rows of one batch of metrics, each with a key of its own."""
    return pa.table(
        {
            "dataset": [dataset] * rows,
            "column_name": [f"c{number}" for number in range(rows)],
            "segment": [""] * rows,
            "metric": ["mean"] * rows,
            "batch": [batch] * rows,
            "ts": pa.array([datetime.now(UTC)] * rows, pa.timestamp("us", "UTC")),
            "value": [value] * rows,
        }
    )


def event_row(alert: str, event: str) -> pa.Table:
    """One row of the append-only history."""
    return pa.table({"alert_id": [alert], "event_id": [event], "event": ["updated"]})


def write_for(settings: Settings, writer: str, seconds: float) -> int:
    """Write batches of its own and batches that every writer writes, each with one event; say how many."""
    batches = 0
    with open_store(settings) as store:
        end = time.time() + seconds
        while time.time() < end:
            with store.transaction() as tx:
                tx.upsert("metrics.metrics", metric_rows(writer, f"b{batches}", batches))
                tx.upsert("metrics.metrics", metric_rows("shared", f"b{batches % 10}", batches))
                tx.append("monitoring.alert_events", event_row(writer, f"e{batches}"))
            batches += 1
    return batches


def read_for(settings: Settings, seconds: float) -> Readings:
    """Poll the version and look for batches of which only a part is there."""
    reads = torn = backwards = version = 0
    with open_store(settings) as store:
        end = time.time() + seconds
        while time.time() < end:
            now = store.version()
            backwards += now < version
            version = now
            torn += store.rows(
                "SELECT count(*) AS n FROM (SELECT dataset, batch, count(*) AS n FROM metrics.metrics "
                "GROUP BY ALL HAVING n <> ?)",
                [ROWS],
            )[0]["n"]
            reads += 1
            time.sleep(0.05)
    return Readings(reads, torn, backwards)


def upsert_same_keys(settings: Settings, writer: int, times: int) -> None:
    """Upsert the same keys as everybody else."""
    with open_store(settings) as store:
        for number in range(times):
            with store.transaction() as tx:
                tx.upsert("metrics.metrics", metric_rows("race", "b", writer * 1000 + number))


def increment(settings: Settings, times: int) -> None:
    """Read a value, add one, write it: wrong unless the table is locked from the read on."""
    with open_store(settings) as store:
        for _ in range(times):
            with store.transaction("monitoring.offsets") as tx:
                found = tx.query("SELECT next_offset FROM monitoring.offsets").to_pylist()
                offset = found[0]["next_offset"] + 1 if found else 1
                row = {"topic": ["t"], "partition": [0], "next_offset": [offset]}
                tx.upsert("monitoring.offsets", pa.table(row))


def replace_batches(settings: Settings, batches: Sequence[str]) -> None:
    """Load each batch twice."""
    with open_store(settings) as store:
        for batch in [*batches, *batches]:
            with store.transaction() as tx:
                tx.replace("raw.readings", pa.table({"value": list(range(50))}), batch=batch)


def grow(settings: Settings, columns: Sequence[str]) -> None:
    """Let a table grow column by column."""
    with open_store(settings) as store:
        for column in columns:
            store.ensure_table("raw.readings", pa.schema([(column, pa.int64())]))


def open_and_count(settings: Settings) -> int:
    """Open the store, say how many migrations it has recorded."""
    with open_store(settings) as store:
        return store.rows("SELECT count(*) AS n FROM monitoring.migrations")[0]["n"]
