"""The newest batch of sources whose rows do not come in files, as their contracts judge it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from dqm_assets.store import Store


@dataclass(frozen=True)
class NewestBatch:
    """Rows that came together, and the snapshot of the store that they were read from."""

    dataset: str
    name: str
    at: datetime
    rows: pa.Table
    snapshot: int


@dataclass(frozen=True)
class _Queries:
    #: When the newest batch came, as ``at``; null while there is none.
    at: str
    #: Its rows, for ``$at``.
    rows: str


#: Events that a contract is judged on: those of the last minutes, and of many an even share. An event that
#: was sent again is one event; how many are is a metric of the windows.
_MINUTES, _MOST = 5, 20_000
#: Of many, only those with the lowest hashes are looked at for repetitions, which share theirs: twice as many
#: as are wanted, since their number is an estimate (by some percent).
_SPARE, _LAST_PLACE = 2, 2**64

_QUERIES: Mapping[str, _Queries] = {
    "crypto_prices": _Queries(
        "SELECT max(fetched_at) AS at FROM raw.crypto_prices",
        "SELECT * FROM raw.crypto_prices WHERE fetched_at = $at ORDER BY market_cap DESC",
    ),
    "devices": _Queries(
        "SELECT max(ts) AS at FROM raw.device_payloads",
        "SELECT * FROM raw.segment_timeseries WHERE ts = $at",
    ),
    "device_inventory": _Queries(
        "SELECT max(loaded_at) AS at FROM raw.devices",
        "SELECT * EXCLUDE (loaded_at) FROM raw.devices WHERE $at IS NOT NULL",
    ),
    "stream_events": _Queries(
        "SELECT max(ts) AS at FROM monitoring.stream_health",
        f"""
        WITH recent AS NOT MATERIALIZED (
            SELECT *, hash(event_id) AS place FROM raw.stream_events
            WHERE stored_at BETWEEN $at - INTERVAL '{_MINUTES} minutes' AND $at
        ),
        counted AS (SELECT greatest(approx_count_distinct(event_id), 1) AS events FROM recent)
        SELECT event_id, source, sensor, ts, value, status FROM recent
        WHERE place <= (SELECT least(1.0, {_SPARE * _MOST} / events) FROM counted) * {_LAST_PLACE}
        QUALIFY row_number() OVER (PARTITION BY event_id ORDER BY record_offset, topic, partition) = 1
        ORDER BY place, event_id LIMIT {_MOST}
        """,  # noqa: S608 - constants
    ),
}


def newest_batch(store: Store, dataset: str, snapshot: int | None = None) -> NewestBatch | None:
    """Read the newest batch of a source, or ``None`` when it brought none or comes in files.

    Args:
        store: The open store.
        dataset: Name of the dataset.
        snapshot: The store as it was at this version; its present state when left out.

    Raises:
        StoreError: the snapshot has expired.
    """
    queries = _QUERIES.get(dataset)
    if queries is None:
        return None
    pinned = store.version() if snapshot is None else snapshot
    at = store.rows(queries.at, snapshot=pinned)[0]["at"]
    if at is None:
        return None
    rows = store.query(queries.rows, {"at": at}, snapshot=pinned)
    return NewestBatch(dataset, at.isoformat(timespec="seconds"), at, rows, pinned)


def batch_schema(store: Store, dataset: str) -> pa.Schema | None:
    """Columns of the batches of a source; ``None`` when it brought none or comes in files."""
    queries = _QUERIES.get(dataset)
    if queries is None:
        return None
    at = store.rows(queries.at)[0]["at"]
    if at is None:
        return None
    return store.query(f"SELECT * FROM ({queries.rows}) LIMIT 0", {"at": at}).schema  # noqa: S608 - of this module
