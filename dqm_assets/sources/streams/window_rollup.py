"""Rolling up old windows: those of an hour become one of each topic and source, the sum of their states."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pyarrow as pa

from dqm_assets.sources.streams.window_judge import DATASET, ROLLED_UP, WindowSum, window_sum
from dqm_assets.sources.streams.window_keeper import WINDOWS
from dqm_assets.store import Store

#: What is counted and judged up to a time may still get records of a partition that is a bit behind.
_MARGIN = timedelta(hours=1)
#: A partition that nobody has read for so long is not waited for: brokers keep records for a week by default.
_FORGOTTEN_AFTER = timedelta(days=8)
#: Hours that are rolled up in one go.
_AT_ONCE = 72

#: Up to when everything is counted, partitions included whose consumer is away, and judged.
_SETTLED = """
    SELECT least(
        (SELECT min(coalesce(windowed_until, TIMESTAMPTZ '1970-01-01 00:00:00+00')) FROM monitoring.offsets
            WHERE greatest(updated_at, windowed_at) >= $since),
        (SELECT coalesce(max(ts), TIMESTAMPTZ '1970-01-01 00:00:00+00') FROM metrics.metrics
            WHERE dataset = $dataset AND metric = 'event_rate')
    ) AS at
"""
_FINE = "window_seconds < 3600 AND window_start >= ? AND window_start < ?"
_HOURS = """
    SELECT DISTINCT time_bucket(INTERVAL 1 HOUR, window_start, TIMESTAMPTZ '1970-01-01 00:00:00+00') AS hour
    FROM metrics.stream_windows WHERE window_seconds < 3600 AND window_start < ? ORDER BY hour LIMIT ?
"""
_PARTS = f"""
    SELECT topic, source, events, dead_letters, error_events, late, duplicates, state, simulated, stored_at
    FROM metrics.stream_windows WHERE {_FINE} ORDER BY topic, source, window_start, stored_at
"""  # noqa: S608 - constants of this module


def roll_up(store: Store, older_than: datetime) -> int:
    """Make one window of an hour of the shorter ones, hour by hour, each in one transaction.

    Hours wait until each partition is counted and judged an hour past them, for up to eight days also one
    whose consumer is away. What was judged stays as it is in ``metrics.metrics``. Records that are counted
    for such an hour later are rows of their own, which are added the next time and never judged.

    Args:
        store: The open store.
        older_than: Hours that end before it, at least `KEPT_FINE` ago: the judge relies on it.

    Returns:
        How many rows became fewer.

    Raises:
        StoreError: the store cannot be read or written; hours that were done stay done.
    """
    asked = {"since": datetime.now(UTC) - _FORGOTTEN_AFTER, "dataset": DATASET}
    settled = store.rows(_SETTLED, asked)[0]["at"].astimezone(UTC)
    end = min(older_than, settled - _MARGIN).replace(minute=0, second=0, microsecond=0)
    hours = [row["hour"].astimezone(UTC) for row in store.rows(_HOURS, [end, _AT_ONCE])]
    return sum(_roll_up_hour(store, hour) for hour in hours)


def _roll_up_hour(store: Store, hour: datetime) -> int:
    span = [hour, hour + ROLLED_UP]
    with store.transaction(WINDOWS) as tx:
        parts = tx.query(_PARTS, span).to_pylist()
        rows = _rolled(parts, hour)
        tx.delete(WINDOWS, _FINE, span)
        tx.append(WINDOWS, rows)
    return len(parts) - rows.num_rows


def _rolled(parts: Iterable[dict], hour: datetime) -> pa.Table:
    sums: dict[tuple[str, str], WindowSum] = {}
    marks: dict[tuple[str, str], tuple[bool, datetime]] = {}
    for part in parts:
        key, one = (part["topic"], part["source"]), window_sum(part)
        sums[key] = sums[key].plus(one) if key in sums else one
        simulated, stored = marks.get(key, (False, part["stored_at"]))
        marks[key] = (simulated or bool(part["simulated"]), max(stored, part["stored_at"]))
    times = pa.timestamp("us", "UTC")
    each = list(sums.values())
    return pa.table(
        {
            "topic": pa.array([topic for topic, _ in sums], pa.string()),
            "source": pa.array([source for _, source in sums], pa.string()),
            "window_start": pa.array([hour] * len(each), times),
            "window_seconds": pa.array([ROLLED_UP.total_seconds()] * len(each), pa.float64()),
            **{
                name: pa.array([getattr(one, name) for one in each], pa.int64())
                for name in ("events", "dead_letters", "error_events", "late", "duplicates")
            },
            "state": pa.array([one.values.to_bytes() if one.values else b"" for one in each], pa.binary()),
            "simulated": pa.array([simulated for simulated, _ in marks.values()], pa.bool_()),
            "stored_at": pa.array([stored for _, stored in marks.values()], times),
        }
    )
