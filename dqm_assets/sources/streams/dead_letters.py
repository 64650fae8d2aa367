"""Dead letters: what could not become an event, and giving it another try."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dqm_assets.sources.streams.classify import RECORDS, Classifier
from dqm_assets.sources.streams.sink import OFFSETS
from dqm_assets.sources.streams.window_keeper import WINDOWS
from dqm_assets.sources.streams.windows import WindowCounter
from dqm_assets.store import Store, Transaction

LETTERS = "raw.dead_letters"

_LISTED = """
    SELECT topic, partition, record_offset, code, reason, raw, produced_at, simulated, dead_at, replayed_at
    FROM raw.dead_letters
    WHERE ($topic IS NULL OR topic = $topic) AND ($code IS NULL OR code = $code)
        AND ($replayed OR replayed_at IS NULL)
    ORDER BY dead_at DESC, topic, partition, record_offset DESC LIMIT $limit
"""
#: A letter that its window has not counted yet waits for that: it would be counted as what it is by then.
_WAITING = """
    SELECT topic, partition, record_offset, produced_at, simulated, raw FROM raw.dead_letters
    WHERE replayed_at IS NULL AND ($topic IS NULL OR topic = $topic) AND ($code IS NULL OR code = $code)
        AND (topic, partition, record_offset) NOT IN (
            SELECT (d.topic, d.partition, d.record_offset) FROM raw.dead_letters AS d
            JOIN monitoring.offsets AS o ON (o.topic = d.topic AND o.partition = d.partition)
            WHERE d.record_offset >= o.windowed_offset
        )
    ORDER BY topic, partition, record_offset
"""
#: Windows that count a letter; those of before there were windows, or of another length, are left alone.
_WINDOWS = """
    SELECT DISTINCT topic, window_start FROM metrics.stream_windows
    WHERE window_seconds = $width AND window_start BETWEEN $first AND $last
"""


@dataclass(frozen=True)
class Replayed:
    """What another try gave."""

    tried: int
    mended: int


def dead_letters(
    store: Store,
    *,
    topic: str | None = None,
    code: str | None = None,
    replayed: bool = False,
    limit: int = 50,
) -> list[dict[str, Any]]:
    """The newest dead letters; ``replayed`` shows those too that became events later."""
    return store.rows(_LISTED, {"topic": topic, "code": code, "replayed": replayed, "limit": limit})


def replay(store: Store, *, topic: str | None = None, code: str | None = None) -> Replayed:
    """Classify dead letters anew, by today's rules; those that are events now become rows, once.

    Raises:
        StoreError: the store cannot be written; nothing was.
    """
    now = pa.scalar(datetime.now(UTC), pa.timestamp("us", "UTC"))
    width = timedelta(seconds=store.settings.stream_window_seconds)
    with (
        Classifier() as classifier,
        WindowCounter(width) as counter,
        store.transaction(LETTERS, OFFSETS) as tx,
    ):
        # Read under the lock: two replays at once would double the events.
        waiting = tx.query(_WAITING, {"topic": topic, "code": code}).cast(RECORDS_AS_STORED)
        events, _ = classifier.split(waiting)
        stamped = pa.repeat(now, len(events))
        tx.append("raw.stream_events", events.append_column("stored_at", stamped))
        keys = events.select(["topic", "partition", "record_offset"])
        tx.upsert(LETTERS, keys.append_column("replayed_at", stamped))
        if events.num_rows:
            mended = waiting.join(keys, keys.column_names, join_type="left semi")
            tx.append(WINDOWS, _recounted(tx, counter, events, mended))
    return Replayed(waiting.num_rows, events.num_rows)


def _recounted(tx: Transaction, counter: WindowCounter, events: pa.Table, letters: pa.Table) -> pa.Table:
    """What turns counted letters into counted events: rows that add one and take away the other."""
    more, less = counter.count(events, letters.slice(0, 0)), counter.count(events.slice(0, 0), letters)
    taken = less.set_column(
        less.column_names.index("dead_letters"), "dead_letters", pc.negate(less["dead_letters"])
    )
    rows = pa.concat_tables([more, taken])
    starts = rows["window_start"].to_pylist()
    asked = {"width": counter.width.total_seconds(), "first": min(starts), "last": max(starts)}
    known = {(row["topic"], row["window_start"]) for row in tx.query(_WINDOWS, asked).to_pylist()}
    places = zip(rows["topic"].to_pylist(), starts, strict=True)
    return rows.filter(pa.array([place in known for place in places], pa.bool_()))


RECORDS_AS_STORED = pa.schema(
    [
        RECORDS.field(name)
        for name in ("topic", "partition", "record_offset", "produced_at", "simulated", "raw")
    ]
)
