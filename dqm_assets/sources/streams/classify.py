"""Telling events from poison, and parsing them: a whole batch of records in one statement of DuckDB."""

import json
from datetime import UTC, datetime, timedelta
from typing import Self

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

#: Records as they come from the client. ``raw`` is NULL in a tombstone.
RECORDS = pa.schema(
    {
        "topic": pa.string(),
        "partition": pa.int64(),
        "record_offset": pa.int64(),
        "produced_at": pa.timestamp("ms", "UTC"),
        "simulated": pa.bool_(),
        "raw": pa.binary(),
    }
)

#: An event that took longer than this from its own time to the broker is late.
LATE_AFTER = timedelta(seconds=60)
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
#: Clocks of sensors may be ahead by as much.
_AHEAD = timedelta(hours=1)
_LONGEST_ID, _LONGEST_STATUS, _LARGEST_VALUE = 64, 32, 1e9

_FIELDS = {
    "event_id": "VARCHAR",
    "source": "VARCHAR",
    "sensor": "VARCHAR",
    "ts": "TIMESTAMPTZ",
    "value": "DOUBLE",
    "status": "VARCHAR",
}
_SHAPE = json.dumps(_FIELDS)

#: Without MATERIALIZED every column of the answer would decode and parse the records again. JSON functions
#: only see ``document``, which is NULL unless it is JSON: conditions of an AND are evaluated in any order.
_CLASSIFY = f"""
    WITH decoded AS MATERIALIZED (
        SELECT *, try(decode(raw)) AS body FROM records
    ), checked AS MATERIALIZED (
        SELECT *, CASE WHEN coalesce(json_valid(body), false) THEN body END AS document FROM decoded
    ), parsed AS MATERIALIZED (
        SELECT *, coalesce(json_type(document) = 'OBJECT', false) AS is_object,
            CASE WHEN json_type(document) = 'OBJECT' THEN from_json(document, '{_SHAPE}') END AS event
        FROM checked
    )
    SELECT topic, partition, record_offset, produced_at, simulated, raw,
        event.event_id, event.source, event.sensor, event.ts, event.value, event.status,
        coalesce(produced_at - event.ts > $late, false) AS late,
        CASE
            WHEN raw IS NULL THEN 'tombstone'
            WHEN body IS NULL THEN 'not_utf8'
            WHEN NOT is_object THEN 'not_json'
            WHEN event.event_id IS NULL OR event.source IS NULL OR event.sensor IS NULL OR event.ts IS NULL
                OR event.value IS NULL OR event.status IS NULL
            THEN CASE WHEN list_has_all(json_keys(document), $fields) THEN 'wrong_type'
                ELSE 'missing_field' END
            WHEN json_type(document, '$.value') = 'VARCHAR' THEN 'wrong_type'
            WHEN event.ts < $earliest OR event.ts > produced_at + $ahead THEN 'impossible_time'
            WHEN len(event.event_id) NOT BETWEEN 1 AND {_LONGEST_ID}
                OR len(event.source) NOT BETWEEN 1 AND {_LONGEST_ID}
                OR len(event.sensor) NOT BETWEEN 1 AND {_LONGEST_ID}
                OR len(event.status) NOT BETWEEN 1 AND {_LONGEST_STATUS}
                OR NOT abs(event.value) <= {_LARGEST_VALUE}
            THEN 'out_of_range'
        END AS code
    FROM parsed
"""  # noqa: S608 - constants of this module

#: What each code means to people.
REASONS = {
    "tombstone": "the record has no value",
    "not_utf8": "the value is no UTF-8 text",
    "not_json": "the value is no JSON object",
    "missing_field": "a field of the event is missing",
    "wrong_type": "a field of the event has the wrong type",
    "impossible_time": "the event's time cannot be",
    "out_of_range": "a field of the event is empty, too long or too large",
}


class Classifier:
    """Parses batches in a database of its own, so that nothing waits for the store meanwhile."""

    def __init__(self) -> None:
        self._connection = duckdb.connect(":memory:", config={"threads": 1})
        self._connection.execute("SET TimeZone = 'UTC'")

    def split(self, records: pa.Table) -> tuple[pa.Table, pa.Table]:
        """Part records into events and dead letters, each with topic, partition and offset.

        Args:
            records: as `RECORDS`.

        Returns:
            Rows for ``raw.stream_events`` without ``stored_at``, and rows for ``raw.dead_letters`` without
            ``dead_at``.
        """
        self._connection.register("records", records)
        asked = {"late": LATE_AFTER, "earliest": _EARLIEST, "ahead": _AHEAD, "fields": list(_FIELDS)}
        found = self._connection.execute(_CLASSIFY, asked).to_arrow_table()
        self._connection.unregister("records")
        good = pc.is_null(found["code"])
        events = found.filter(good).drop_columns(["raw", "code"])
        dead = found.filter(pc.invert(good)).select(
            ["topic", "partition", "record_offset", "code", "raw", "produced_at", "simulated"]
        )
        reasons = pa.array([REASONS[code] for code in dead["code"].to_pylist()], pa.string())
        return events, dead.append_column("reason", reasons)

    def close(self) -> None:
        """Close the database."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
