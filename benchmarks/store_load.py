"""The load of the store benchmark: what each process does, for our store and for one DuckDB file."""

import random
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import duckdb
import numpy as np
import pyarrow as pa

from dqm_assets.settings import Settings
from dqm_assets.store import Store, open_store

#: Every so-many-th upsert writes the keys of the one before it again.
REPEAT_EVERY = 5
_PAUSE_SECONDS = 0.05
_KEY = ("dataset", "column_name", "segment", "metric", "batch")
_READ = (
    "SELECT batch, ts, value FROM metrics.metrics WHERE dataset = ? AND column_name = 'c3' AND metric = 'm7' "
    "ORDER BY ts DESC LIMIT 100"
)


@dataclass(frozen=True)
class Load:
    """Size of the load."""

    upserts: int = 200
    rows: int = 500
    bulk_loads: int = 5
    bulk_rows: int = 1_000_000


@dataclass
class Times:
    """Milliseconds of each action of one process, and how often it had to try again."""

    milliseconds: list[float] = field(default_factory=list)
    retries: int = 0

    @contextmanager
    def measured(self) -> Generator[None]:
        """Time one action."""
        start = time.perf_counter()
        yield
        self.milliseconds.append((time.perf_counter() - start) * 1000)


class LakeTarget:
    """Our store."""

    def __init__(self, settings: Settings) -> None:
        self.store: Store = open_store(settings)

    @property
    def retries(self) -> int:
        """Commits that were run again."""
        return self.store.retries

    def upsert(self, rows: pa.Table) -> None:
        """Write keyed rows."""
        with self.store.transaction() as tx:
            tx.upsert("metrics.metrics", rows)

    def load(self, rows: pa.Table) -> None:
        """Write many rows without a key."""
        with self.store.transaction() as tx:
            tx.append("raw.load", rows)

    def read(self, dataset: str) -> int:
        """Read the latest values of one series."""
        return self.store.query(_READ, [dataset]).num_rows


class FileTarget:
    """One DuckDB file that is opened for each action and tried again while somebody else has it."""

    def __init__(self, settings: Settings) -> None:
        self._path = settings.home / "peer.duckdb"
        self.retries = 0

    def upsert(self, rows: pa.Table) -> None:
        """Write keyed rows: the file has a primary key."""
        with self._opened(read_only=False) as connection:
            connection.register("incoming", rows)
            connection.execute("INSERT OR REPLACE INTO metrics.metrics SELECT * FROM incoming")

    def load(self, rows: pa.Table) -> None:
        """Write many rows without a key."""
        with self._opened(read_only=False) as connection:
            connection.register("incoming", rows)
            connection.execute("INSERT INTO raw.load SELECT * FROM incoming")

    def read(self, dataset: str) -> int:
        """Read the latest values of one series."""
        with self._opened(read_only=True) as connection:
            return connection.execute(_READ, [dataset]).to_arrow_table().num_rows

    @contextmanager
    def _opened(self, *, read_only: bool) -> Generator[duckdb.DuckDBPyConnection]:
        while True:
            try:
                connection = duckdb.connect(str(self._path), read_only=read_only)
                break
            except duckdb.IOException:
                self.retries += 1
                time.sleep(random.uniform(0.002, 0.02))
        try:
            connection.execute("SET enable_progress_bar = false")
            yield connection
        finally:
            connection.close()


Target = type[LakeTarget] | type[FileTarget]


def prepare(target: Target, settings: Settings) -> None:
    """Make the tables."""
    if target is LakeTarget:
        with open_store(settings) as store, store.connection() as connection:
            connection.execute("CREATE TABLE raw.load (id BIGINT, value DOUBLE)")
        return
    settings.home.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(settings.home / "peer.duckdb")) as connection:
        connection.execute(
            "CREATE SCHEMA metrics; CREATE SCHEMA raw; CREATE TABLE raw.load (id BIGINT, value DOUBLE); "
            "CREATE TABLE metrics.metrics (dataset VARCHAR, column_name VARCHAR, segment VARCHAR, "
            f"metric VARCHAR, batch VARCHAR, ts TIMESTAMPTZ, value DOUBLE, PRIMARY KEY ({', '.join(_KEY)}))"
        )


def written(target: Target, settings: Settings) -> tuple[int, int, int]:
    """Count keyed rows, their distinct keys, and loaded rows."""
    keys = f"count(DISTINCT ({', '.join(_KEY)}))"
    sql = f"SELECT count(*), {keys}, (SELECT count(*) FROM raw.load) FROM metrics.metrics"
    if target is LakeTarget:
        with open_store(settings) as store, store.connection() as connection:
            return connection.execute(sql).fetchall()[0]
    with duckdb.connect(str(settings.home / "peer.duckdb"), read_only=True) as connection:
        return connection.execute(sql).fetchall()[0]


def expected(load: Load, writers: int) -> tuple[int, int, int]:
    """What `written` must find."""
    batches = len({_batch(number) for number in range(load.upserts)})
    return writers * batches * load.rows, writers * batches * load.rows, load.bulk_loads * load.bulk_rows


def write(target: LakeTarget | FileTarget, writer: int, load: Load) -> Times:
    """Upsert one batch after the other."""
    times = Times()
    for number in range(load.upserts):
        rows = _metric_rows(writer, number, load.rows)
        with times.measured():
            target.upsert(rows)
    return times


def write_bulk(target: LakeTarget | FileTarget, load: Load) -> Times:
    """Load many rows, several times."""
    times, random_numbers = Times(), np.random.default_rng(7)
    rows = pa.table({"id": np.arange(load.bulk_rows), "value": random_numbers.normal(size=load.bulk_rows)})
    for _ in range(load.bulk_loads):
        with times.measured():
            target.load(rows)
    return times


def read(target: LakeTarget | FileTarget, writers: int, done: Callable[[], bool]) -> Times:
    """Read one series every 50 ms until the writers are done."""
    times, number = Times(), 0
    while not done():
        with times.measured():
            target.read(f"w{number % writers}")
        number += 1
        time.sleep(_PAUSE_SECONDS)
    return times


def write_in_threads(target: LakeTarget | FileTarget, writers: int, load: Load) -> Times:
    """Be several writers in one process."""
    found: list[Times] = []
    threads = [
        threading.Thread(target=lambda writer=writer: found.append(write(target, writer, load)))
        for writer in range(writers)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Times([value for times in found for value in times.milliseconds])


def _batch(number: int) -> str:
    return f"b{number - 1 if number % REPEAT_EVERY == REPEAT_EVERY - 1 else number}"


def _metric_rows(writer: int, number: int, rows: int) -> pa.Table:
    return pa.table(
        {
            "dataset": [f"w{writer}"] * rows,
            "column_name": [f"c{row % 10}" for row in range(rows)],
            "segment": [""] * rows,
            "metric": [f"m{row // 10}" for row in range(rows)],
            "batch": [_batch(number)] * rows,
            "ts": pa.array([datetime.now(UTC)] * rows, pa.timestamp("us", "UTC")),
            "value": [float(number)] * rows,
        }
    )
