"""Telling events from poison, and parsing them: a whole batch of records in one statement of DuckDB."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any, Self

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
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
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
_PARSED = [*_FIELDS, "late"]
_SHAPE = json.dumps({**_FIELDS, "value": "JSON"})
_BODY = "try(decode(raw)) AS body"
#: JSON functions only see what is JSON: conditions of an AND are evaluated in any order.
_DOCUMENT = "CASE WHEN json_valid(body) THEN body END"

#: Parses each record once. Times are compared as numbers, since arithmetic with intervals of TIMESTAMPTZ asks
#: the calendar for each row: that alone cost more than the parsing.
_PARSE = f"""
    WITH decoded AS (SELECT epoch_us(produced_at) AS produced, {_BODY} FROM records),
    parsed AS (SELECT produced, unnest(from_json({_DOCUMENT}, '{_SHAPE}')) FROM decoded)
    SELECT event_id, source, sensor, ts, try_cast(value::VARCHAR AS DOUBLE) AS value, status,
        coalesce(produced - epoch_us(ts) > $late, false) AS late,
        coalesce(
            epoch_us(ts) BETWEEN $earliest AND produced + $ahead
            AND len(event_id) BETWEEN 1 AND {_LONGEST_ID}
            AND len(source) BETWEEN 1 AND {_LONGEST_ID}
            AND len(sensor) BETWEEN 1 AND {_LONGEST_ID}
            AND len(status) BETWEEN 1 AND {_LONGEST_STATUS}
            AND abs(try_cast(value::VARCHAR AS DOUBLE)) <= {_LARGEST_VALUE},
        false) AS fits
    FROM parsed
"""  # noqa: S608 - constants of this module

#: Says of records that are no events why not. Few of a stream are: here it may cost.
_EXPLAIN = f"""
    WITH decoded AS MATERIALIZED (SELECT *, {_BODY} FROM records),
    parsed AS MATERIALIZED (
        SELECT *, json_type({_DOCUMENT}) AS kind, from_json({_DOCUMENT}, '{_SHAPE}') AS event FROM decoded
    )
    SELECT CASE
        WHEN raw IS NULL THEN 'tombstone'
        WHEN body IS NULL THEN 'not_utf8'
        WHEN coalesce(kind, '') <> 'OBJECT' THEN 'not_json'
        WHEN NOT list_has_all(json_keys({_DOCUMENT}), $fields) THEN 'missing_field'
        WHEN event.event_id IS NULL OR event.source IS NULL OR event.sensor IS NULL OR event.ts IS NULL
            OR event.status IS NULL OR try_cast(event.value::VARCHAR AS DOUBLE) IS NULL THEN 'wrong_type'
        WHEN epoch_us(event.ts) NOT BETWEEN $earliest AND epoch_us(produced_at) + $ahead
        THEN 'impossible_time'
        ELSE 'out_of_range'
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
        bounds = {"earliest": _microseconds(_EARLIEST - _EPOCH), "ahead": _microseconds(_AHEAD)}
        parsed = self._asked(_PARSE, records, {**bounds, "late": _microseconds(LATE_AFTER)})
        fits = parsed["fits"]
        events = records.drop_columns(["raw"]).filter(fits)
        for name, values in zip(_PARSED, parsed.select(_PARSED).filter(fits).columns, strict=True):
            events = events.append_column(name, values)
        dead = records.filter(pc.invert(fits))
        codes = self._asked(_EXPLAIN, dead, {**bounds, "fields": list(_FIELDS)})["code"].cast(pa.string())
        reasons = pa.array([REASONS[code] for code in codes.to_pylist()], pa.string())
        return events, dead.append_column("code", codes).append_column("reason", reasons)

    def _asked(self, statement: str, records: pa.Table, parameters: dict[str, Any]) -> pa.Table:
        """One row for each record, in their order, which DuckDB preserves."""
        self._connection.register("records", records)
        try:
            return self._connection.execute(statement, parameters).to_arrow_table()
        finally:
            self._connection.unregister("records")

    def close(self) -> None:
        """Close the database."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _microseconds(span: timedelta) -> int:
    return span // timedelta(microseconds=1)
