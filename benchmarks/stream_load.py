"""The load of the stream benchmark: what the producer and the consumer process do."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import confluent_kafka
import numpy as np
import pyarrow as pa

from dqm_assets.settings import Settings
from dqm_assets.simulate.stream import SensorStream
from dqm_assets.sources.streams.service import StreamPlan, StreamService
from dqm_assets.store import open_store

RATE = 10_000
_POOL, _BURST, _PATIENCE = 100_000, 50, 600.0


@dataclass(frozen=True)
class Sending:
    """What is sent where: so many events, so many a second (0: as fast as it goes), with so much poison."""

    bootstrap: str
    topic: str
    amount: int
    rate: int = 0
    poison: float = 0.0


def produce(sending: Sending, stop: Any = None) -> None:
    """Send events until there were so many, or it shall stop.

    Records carry no header, as those of real producers; each has its own time of sending.
    """
    producer = confluent_kafka.Producer(
        {
            "bootstrap.servers": sending.bootstrap,
            "linger.ms": 5,
            "compression.type": "lz4",
            "queue.buffering.max.messages": 500_000,
            "reconnect.backoff.max.ms": 1000,
            "log_level": 0,
        }
    )
    pool = list(islice(SensorStream(poison_share=sending.poison).events(), min(_POOL, sending.amount)))
    began = time.perf_counter()
    for number in range(sending.amount):
        if number % _BURST == 0:
            if stop is not None and stop.is_set():
                break
            producer.poll(0)
            if sending.rate:
                time.sleep(max(0.0, number / sending.rate - (time.perf_counter() - began)))
        while True:
            try:
                producer.produce(sending.topic, pool[number % len(pool)].value)
                break
            except BufferError:
                producer.poll(0.05)
    producer.flush(_PATIENCE if stop is None else 5)


def consume(home: Path, bootstrap: str, topic: str, log: Path, until: int) -> None:
    """Be the consumer service; what it does is written down, so that a SIGKILL loses a line at most."""
    with open_store(Settings(home=home), threads=1) as store, log.open("a", buffering=1) as lines:
        service = StreamService(store, StreamPlan(bootstrap, (topic,), width=timedelta(seconds=5)))
        (watch,) = service.watches
        claimed, take = watch.claimed, watch.take

        def tell_claimed(partitions: Sequence[int]) -> None:
            lines.write(json.dumps({"claimed": time.time()}) + "\n")
            claimed(partitions)

        def tell_taken(events: pa.Table, letters: pa.Table) -> None:
            now = time.time()
            ages = np.concatenate([_ages(events, now), _ages(letters, now)])
            values, counts = np.unique(ages, return_counts=True)
            line = {"ended": now, "cpu": time.process_time(), "ages": values.tolist(), "n": counts.tolist()}
            lines.write(json.dumps(line) + "\n")
            take(events, letters)

        watch.claimed, watch.take = tell_claimed, tell_taken
        service.run(lambda: service.totals.records >= until)


def _ages(records: pa.Table, now: float) -> np.ndarray:
    produced = records["produced_at"].cast(pa.int64()).to_numpy()
    return (now * 1e3 - produced).astype(np.int64)


@dataclass(frozen=True)
class Commit:
    """One commit: when it ended, CPU seconds of the process by then, ages of its records in ms."""

    ended: float
    cpu: float
    ages: np.ndarray
    counts: np.ndarray

    @property
    def records(self) -> int:
        """How many records it held."""
        return int(self.counts.sum())


@dataclass(frozen=True)
class Told:
    """What a consumer has written down."""

    claimed: float
    commits: tuple[Commit, ...]


def told(log: Path) -> Told:
    """Read what a consumer has written down so far."""
    claimed, commits = 0.0, []
    for line in log.read_text().splitlines(keepends=True) if log.exists() else ():
        if not line.endswith("\n"):
            continue
        row = json.loads(line)
        if "claimed" in row:
            claimed = row["claimed"]
        else:
            commits.append(Commit(row["ended"], row["cpu"], np.array(row["ages"]), np.array(row["n"])))
    return Told(claimed, tuple(commits))


def quantile(commits: Sequence[Commit], share: float) -> float:
    """A quantile of the ages of all their records, in ms."""
    ages = np.concatenate([commit.ages for commit in commits])
    counts = np.concatenate([commit.counts for commit in commits])
    order = np.argsort(ages)
    reached = np.cumsum(counts[order])
    return float(ages[order][np.searchsorted(reached, share * reached[-1])])
