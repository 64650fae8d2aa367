"""The newest events, as their contract judges them: each once, and of many an even share."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa

from dqm_assets.pipeline.newest_batch import newest_batch
from dqm_assets.store import Store

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
MOST = 20_000
#: The same, without sampling first.
WHOLE = f"""
    SELECT event_id, source, sensor, ts, value, status FROM raw.stream_events
    QUALIFY row_number() OVER (PARTITION BY event_id ORDER BY record_offset, topic, partition) = 1
    ORDER BY hash(event_id), event_id LIMIT {MOST}
"""


def arrive(store: Store, events: int, times: int) -> None:
    """Events that were sent several times each, in all partitions; the value tells of which record it is."""
    amount = events * times
    order = np.random.default_rng(3).permutation(amount)
    moments = pa.array([AT - timedelta(seconds=30)] * amount, pa.timestamp("us", "UTC"))
    rows = pa.table(
        {
            "topic": ["t"] * amount,
            "partition": order % 4,
            "record_offset": order // 4,
            "event_id": [f"event-{number % events}" for number in range(amount)],
            "source": ["s"] * amount,
            "sensor": ["one"] * amount,
            "ts": moments,
            "value": order.astype(float),
            "status": ["ok"] * amount,
            "produced_at": moments,
            "late": [False] * amount,
            "simulated": [True] * amount,
            "stored_at": moments,
        }
    )
    health = pa.table({"topic": ["t"], "ts": pa.array([AT], pa.timestamp("us", "UTC"))})
    with store.transaction() as tx:
        tx.append("raw.stream_events", rows)
        tx.append("monitoring.stream_health", health)


def newest(store: Store, snapshot: int | None = None) -> pa.Table:
    batch = newest_batch(store, "stream_events", snapshot)
    assert batch is not None
    return batch.rows


def test_of_many_events_an_even_share_is_taken_each_once(store: Store) -> None:
    arrive(store, events=90_000, times=2)

    rows, snapshot = newest(store), store.version()
    assert rows.num_rows == len(set(rows["event_id"].to_pylist())) == MOST
    assert rows.equals(store.query(WHOLE))
    arrive(store, events=100, times=1)
    assert newest(store, snapshot).equals(rows)


def test_of_few_events_that_were_sent_often_each_is_taken(store: Store) -> None:
    arrive(store, events=300, times=400)

    rows = newest(store)
    assert rows.num_rows == len(set(rows["event_id"].to_pylist())) == 300
    assert rows.equals(store.query(WHOLE))


def test_without_events_there_are_no_rows(store: Store) -> None:
    arrive(store, events=0, times=0)

    assert newest(store).num_rows == 0
