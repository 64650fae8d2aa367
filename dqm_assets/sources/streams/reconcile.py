"""Reconciling the store with the broker: every offset once, and what is missing read again."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import structlog

from dqm_assets.sources.streams.classify import RECORDS, Classifier
from dqm_assets.sources.streams.client import kafka_client
from dqm_assets.sources.streams.consumer import SIMULATED_RECORD
from dqm_assets.sources.streams.sink import OFFSETS
from dqm_assets.sources.streams.window_keeper import WINDOWS
from dqm_assets.sources.streams.windows import WindowCounter
from dqm_assets.store import Store

_log = structlog.get_logger(__name__)
#: Missing offsets that are read again at a time, and seconds that the broker has for them.
_MOST_MISSING, _PATIENCE = 100_000, 60.0

#: A letter that became an event is one record; rows whose retention is over are gone from the start on.
_KEPT = """
    SELECT topic, partition, record_offset FROM raw.stream_events WHERE stored_at >= $since
    UNION ALL
    SELECT topic, partition, record_offset FROM raw.dead_letters
    WHERE replayed_at IS NULL AND dead_at >= $since
"""
_COUNTS = f"""
    SELECT o.topic, o.partition, o.next_offset, min(k.record_offset) AS first,
        count(k.record_offset) AS stored, count(DISTINCT k.record_offset) AS distinct_offsets,
        max(k.record_offset) AS last
    FROM monitoring.offsets AS o LEFT JOIN ({_KEPT}) AS k USING (topic, partition)
    WHERE o.next_offset > 0 GROUP BY ALL ORDER BY ALL
"""  # noqa: S608 - constants
_GAPS = f"""
    SELECT topic, partition, record_offset + 1 AS first, following - 1 AS last
    FROM (
        SELECT *, lead(record_offset) OVER (PARTITION BY topic, partition ORDER BY record_offset) AS following
        FROM ({_KEPT})
    )
    WHERE following - record_offset > 1 ORDER BY ALL
"""  # noqa: S608 - constants


@dataclass(frozen=True)
class PartitionCount:
    """What the store holds of a partition, and what the broker says; -1 where it does not answer.

    Attributes:
        first, next_offset: the first offset in the store, and the first that is not read yet.
        missing: offsets in between that the store does not hold. Markers of transactions and records that a
            compacted topic has dropped are such; `backfill` tells them from losses.
        repeated: records that are there more than once.
        low, high: the first offset at the broker, and the one behind its last.
    """

    topic: str
    partition: int
    first: int
    next_offset: int
    missing: int
    repeated: int
    low: int = -1
    high: int = -1


@dataclass(frozen=True)
class Gap:
    """Offsets that the store does not hold, both ends included."""

    topic: str
    partition: int
    first: int
    last: int


@dataclass(frozen=True)
class Backfilled:
    """What reading gaps again gave: records that were missing, and offsets at which there is none."""

    gaps: int
    recovered: int
    empty: int


def reconcile(store: Store, bootstrap: str | None, days: float = 1.0) -> tuple[PartitionCount, ...]:
    """Count each partition, of what was stored in the last days, against its offsets and the broker.

    Args:
        store: The open store.
        bootstrap: Addresses of brokers; without, only the store is looked at.
        days: How far to look back.
    """
    rows = store.rows(_COUNTS, {"since": datetime.now(UTC) - timedelta(days=days)})
    watermarks = _watermarks(bootstrap, [(row["topic"], row["partition"]) for row in rows])
    return tuple(
        PartitionCount(
            row["topic"],
            row["partition"],
            row["first"],
            row["next_offset"],
            row["next_offset"] - row["first"] - row["distinct_offsets"],
            row["stored"] - row["distinct_offsets"],
            *watermarks.get((row["topic"], row["partition"]), (-1, -1)),
        )
        for row in rows
        if row["first"] is not None
    )


def gaps(store: Store, days: float = 1.0) -> tuple[Gap, ...]:
    """Offsets between stored ones that the store does not hold."""
    rows = store.rows(_GAPS, {"since": datetime.now(UTC) - timedelta(days=days)})
    return tuple(Gap(**row) for row in rows)


def backfill(store: Store, bootstrap: str, days: float = 1.0) -> Backfilled:
    """Read gaps again from the broker; what is there becomes rows, once, and is counted in its window.

    Raises:
        SourceError: the client is not installed.
        StoreError: the rows cannot be written; nothing was.
    """
    found = gaps(store, days)
    records = list(_records(bootstrap, found))
    written = 0
    width = timedelta(seconds=store.settings.stream_window_seconds)
    with Classifier() as classifier, WindowCounter(width) as counter:
        events, letters = classifier.split(pa.Table.from_pylist(records, schema=RECORDS))
        with store.transaction(OFFSETS, "raw.dead_letters") as tx:
            # Under the lock, so that two backfills cannot both find the same gap.
            still = tx.query(_GAPS, {"since": datetime.now(UTC) - timedelta(days=days)}).to_pylist()
            events, letters = _within(events, still), _within(letters, still)
            now = pa.scalar(datetime.now(UTC), pa.timestamp("us", "UTC"))
            tx.append("raw.stream_events", events.append_column("stored_at", pa.repeat(now, len(events))))
            tx.append("raw.dead_letters", letters.append_column("dead_at", pa.repeat(now, len(letters))))
            if events.num_rows + letters.num_rows:
                tx.append(WINDOWS, counter.count(events, letters))
            written = events.num_rows + letters.num_rows
    offsets = sum(gap.last - gap.first + 1 for gap in found)
    return Backfilled(len(found), written, offsets - written)


def _within(rows: pa.Table, found: Sequence[dict[str, Any]]) -> pa.Table:
    missing = [(gap["topic"], gap["partition"], gap["first"], gap["last"]) for gap in found]
    places = zip(
        rows["topic"].to_pylist(),
        rows["partition"].to_pylist(),
        rows["record_offset"].to_pylist(),
        strict=True,
    )
    wanted = [
        any(topic == t and partition == p and first <= offset <= last for t, p, first, last in missing)
        for topic, partition, offset in places
    ]
    return rows.filter(pa.array(wanted, pa.bool_()))


def _watermarks(
    bootstrap: str | None, partitions: Sequence[tuple[str, int]]
) -> dict[tuple[str, int], tuple[int, int]]:
    if bootstrap is None or not partitions:
        return {}
    kafka = kafka_client()
    found: dict[tuple[str, int], tuple[int, int]] = {}
    consumer = kafka.Consumer({"bootstrap.servers": bootstrap, "group.id": "dqm-reconcile", "log_level": 2})
    try:
        for topic, partition in partitions:
            try:
                place = kafka.TopicPartition(topic, partition)
                found[topic, partition] = consumer.get_watermark_offsets(place, timeout=5)
            except kafka.KafkaException as error:
                _log.info("watermark_unknown", topic=topic, partition=partition, error=str(error))
    finally:
        consumer.close()
    return found


def _records(bootstrap: str, found: Sequence[Gap]) -> Iterator[dict[str, Any]]:
    kafka = kafka_client()
    consumer = kafka.Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "dqm-backfill",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "isolation.level": "read_committed",
            "auto.offset.reset": "earliest",
            "log_level": 2,
        }
    )
    left = _MOST_MISSING
    deadline = time.monotonic() + _PATIENCE
    try:
        for gap in found:
            consumer.assign([kafka.TopicPartition(gap.topic, gap.partition, gap.first)])
            while left > 0 and time.monotonic() < deadline:
                message = consumer.poll(1.0)
                if message is None:
                    continue
                if message.error() is not None or message.offset() > gap.last:
                    break
                left -= 1
                yield {
                    "topic": gap.topic,
                    "partition": gap.partition,
                    "record_offset": message.offset(),
                    "produced_at": datetime.fromtimestamp(message.timestamp()[1] / 1000, UTC),
                    "simulated": SIMULATED_RECORD in (message.headers() or ()),
                    "raw": message.value(),
                }
    finally:
        consumer.close()
