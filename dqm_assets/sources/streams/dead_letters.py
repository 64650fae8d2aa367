"""Dead letters: what could not become an event, and giving it another try."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from dqm_assets.sources.streams.classify import RECORDS, Classifier
from dqm_assets.store import Store

LETTERS = "raw.dead_letters"

_LISTED = """
    SELECT topic, partition, record_offset, code, reason, raw, produced_at, simulated, dead_at, replayed_at
    FROM raw.dead_letters
    WHERE ($topic IS NULL OR topic = $topic) AND ($code IS NULL OR code = $code)
        AND ($replayed OR replayed_at IS NULL)
    ORDER BY dead_at DESC, topic, partition, record_offset DESC LIMIT $limit
"""
_WAITING = """
    SELECT topic, partition, record_offset, produced_at, simulated, raw FROM raw.dead_letters
    WHERE replayed_at IS NULL AND ($topic IS NULL OR topic = $topic) AND ($code IS NULL OR code = $code)
    ORDER BY topic, partition, record_offset
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
    with Classifier() as classifier, store.transaction(LETTERS) as tx:
        # Read under the lock: two replays at once would double the events.
        waiting = tx.query(_WAITING, {"topic": topic, "code": code}).cast(RECORDS_AS_STORED)
        events, _ = classifier.split(waiting)
        stamped = pa.repeat(now, len(events))
        tx.append("raw.stream_events", events.append_column("stored_at", stamped))
        keys = events.select(["topic", "partition", "record_offset"])
        tx.upsert(LETTERS, keys.append_column("replayed_at", stamped))
    return Replayed(waiting.num_rows, events.num_rows)


RECORDS_AS_STORED = pa.schema(
    [
        RECORDS.field(name)
        for name in ("topic", "partition", "record_offset", "produced_at", "simulated", "raw")
    ]
)
