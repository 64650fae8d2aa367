"""Windows of time: what the records of each source were, as rows and kernel states that add up."""

from datetime import UTC, datetime, timedelta
from typing import Self

import duckdb
import pyarrow as pa

from dqm_assets.quality.profile import profile

#: Where records are counted whose source nobody can read.
UNKNOWN_SOURCE = "(unknown)"
#: A record whose event was in the same partition so shortly before is a repetition.
REPEATED_WITHIN = timedelta(seconds=10)
#: Status of events that report an error.
ERROR_STATUS = "error"
#: The kernel takes so many windows of so many sources in one pass.
_MOST_KEYS, _SLICE_ROWS = 9_000, 10_000
#: Events that may be remembered before the old ones are taken out.
_LEAST_REMEMBERED = 10_000

#: What is counted of an event, and of a dead letter.
EVENT_COLUMNS = (
    "topic",
    "partition",
    "record_offset",
    "event_id",
    "source",
    "value",
    "status",
    "produced_at",
    "late",
    "simulated",
)
LETTER_COLUMNS = ("topic", "partition", "record_offset", "raw", "produced_at", "simulated")

_EVENTS = pa.schema(
    {
        "topic": pa.string(),
        "partition": pa.int64(),
        "record_offset": pa.int64(),
        "event_id": pa.string(),
        "source": pa.string(),
        "value": pa.float64(),
        "status": pa.string(),
        "produced_at": pa.timestamp("us", "UTC"),
        "late": pa.bool_(),
        "simulated": pa.bool_(),
    }
)
_LETTERS = pa.schema(
    {
        "topic": pa.string(),
        "partition": pa.int64(),
        "record_offset": pa.int64(),
        "raw": pa.binary(),
        "produced_at": pa.timestamp("us", "UTC"),
        "simulated": pa.bool_(),
    }
)

_WINDOW = "time_bucket(to_microseconds($width), produced_at, TIMESTAMPTZ '1970-01-01 00:00:00+00')"
#: Whether an event is a repetition depends on the records before it in its partition, and on nothing else:
#: not on batches, nor on when they are looked at.
_MARKED = f"""
    CREATE OR REPLACE TEMP TABLE marked AS
    SELECT *, {_WINDOW} AS window_start
    FROM (
        SELECT *, coalesce(
            produced_at - lag(produced_at) OVER (PARTITION BY partition, event_id ORDER BY record_offset)
                <= $within, false) AS repeated
        FROM (
            SELECT *, true AS fresh FROM events
            UNION ALL BY NAME
            SELECT *, false AS fresh FROM recent SEMI JOIN events USING (partition, event_id)
        )
    ) WHERE fresh
"""  # noqa: S608 - constants of this module
_COUNTED = f"""
    WITH bodies AS MATERIALIZED (SELECT *, try(decode(raw)) AS body FROM letters),
    letters_read AS (
        SELECT topic, {_WINDOW} AS window_start, simulated,
            json_extract_string(CASE WHEN coalesce(json_valid(body), false) THEN body END, '$.source')
                AS named
        FROM bodies
    ),
    counted AS (
        SELECT topic, source, window_start, 1 AS events, 0 AS dead_letters,
            (status = $error)::INT AS error_events, late::INT AS late, repeated::INT AS duplicates, simulated
        FROM marked
        UNION ALL
        SELECT topic, CASE WHEN len(named) BETWEEN 1 AND 64 THEN named ELSE $unknown END, window_start,
            0, 1, 0, 0, 0, simulated
        FROM letters_read
    )
    SELECT topic, source, window_start, sum(events)::BIGINT AS events,
        sum(dead_letters)::BIGINT AS dead_letters, sum(error_events)::BIGINT AS error_events,
        sum(late)::BIGINT AS late, sum(duplicates)::BIGINT AS duplicates, bool_or(simulated) AS simulated
    FROM counted GROUP BY topic, source, window_start ORDER BY window_start, topic, source
"""  # noqa: S608 - constants of this module
_VALUES = """
    SELECT topic || chr(31) || source || chr(31) || epoch_us(window_start) AS key, value
    FROM marked ORDER BY window_start, topic, source
"""
#: What tells whether a later record repeats one.
_REPEATABLE = ["partition", "record_offset", "event_id", "produced_at"]
_STILL_RECENT = """
    CREATE OR REPLACE TABLE recent AS
    WITH newest AS (SELECT partition, max(produced_at) AS at FROM recent GROUP BY partition)
    SELECT recent.* FROM recent JOIN newest USING (partition) WHERE produced_at >= newest.at - $keep
"""


class WindowCounter:
    """Counts the records of one topic by window and source.

    Args:
        width: Length of a window; windows begin at multiples of it since 1970 UTC.
    """

    def __init__(self, width: timedelta) -> None:
        self.width = width
        self._connection = duckdb.connect(":memory:", config={"threads": 1})
        self._connection.execute("SET TimeZone = 'UTC'")
        self._connection.register("none", _EVENTS.empty_table().select(_REPEATABLE))
        self._connection.execute("CREATE TABLE recent AS FROM none")
        #: What was counted last and is not said to be kept; how many rows are remembered, and were at most.
        self._counted = _EVENTS.empty_table()
        self._remembered, self._enough = 0, _LEAST_REMEMBERED

    def remember(self, events: pa.Table) -> None:
        """Take events that are counted already: those that come may repeat them."""
        if not events.num_rows:
            return
        self._connection.register("known", events.select(EVENT_COLUMNS).cast(_EVENTS).select(_REPEATABLE))
        self._connection.execute("INSERT INTO recent BY NAME FROM known")
        self._connection.unregister("known")
        self._remembered += events.num_rows
        if self._remembered > self._enough:
            # Twice as long as needed: producers' clocks differ a little.
            self._connection.execute(_STILL_RECENT, {"keep": 2 * REPEATED_WITHIN})
            [(self._remembered,)] = self._connection.execute("SELECT count(*) FROM recent").fetchall()
            self._enough = max(2 * self._remembered, _LEAST_REMEMBERED)

    def count(self, events: pa.Table, letters: pa.Table) -> pa.Table:
        """Count records, in any number of batches.

        Args:
            events: With `EVENT_COLUMNS`; of each partition those that follow what was counted before.
            letters: Dead letters, with `LETTER_COLUMNS`.

        Returns:
            Rows for ``metrics.stream_windows``; windows that are counted in two parts give two rows, whose
            numbers and kernel states add up. Nothing is remembered until they are said to be `kept`.
        """
        width = self.width // timedelta(microseconds=1)
        self._connection.register("events", events.select(EVENT_COLUMNS).cast(_EVENTS))
        self._connection.register("letters", letters.select(LETTER_COLUMNS).cast(_LETTERS))
        try:
            self._connection.execute(_MARKED, {"width": width, "within": REPEATED_WITHIN})
            asked = {"width": width, "error": ERROR_STATUS, "unknown": UNKNOWN_SOURCE}
            counted = self._connection.execute(_COUNTED, asked).to_arrow_table()
            states = _states(self._connection.execute(_VALUES).to_arrow_table(), counted.num_rows)
        finally:
            self._connection.unregister("events")
            self._connection.unregister("letters")
        self._counted = events
        return _with_states(counted, states, self.width)

    def kept(self) -> None:
        """Remember what was counted last: it is committed, and events that come may repeat it."""
        self.remember(self._counted)
        self._counted = self._counted.slice(0, 0)

    def close(self) -> None:
        """Close the database."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _states(values: pa.Table, keys: int) -> dict[str, bytes]:
    """The kernel's moments of each key's values."""
    if keys <= _MOST_KEYS:
        return _profiled(values)
    found: dict[str, bytes] = {}
    # Rows are sorted by window: a key that is cut in two keeps the rows of both slices by a merge.
    for start in range(0, values.num_rows, _SLICE_ROWS):
        piece = profile(values.slice(start, _SLICE_ROWS), segment_by="key", threads=1, sketches=False)
        for key, each in piece.segments.items():
            state = each.columns["value"]
            if key in found:
                state = type(state).from_bytes(found[key]).merge(state)
            found[key] = state.to_bytes()
    return found


def _profiled(values: pa.Table) -> dict[str, bytes]:
    if not values.num_rows:
        return {}
    made = profile(values, segment_by="key", threads=1, sketches=False)
    return {key: each.columns["value"].to_bytes() for key, each in made.segments.items()}


def _with_states(counted: pa.Table, states: dict[str, bytes], width: timedelta) -> pa.Table:
    starts = counted["window_start"].cast(pa.timestamp("us", "UTC"))
    keys = (
        f"{topic}\x1f{source}\x1f{start}"
        for topic, source, start in zip(
            counted["topic"].to_pylist(),
            counted["source"].to_pylist(),
            starts.cast(pa.int64()).to_pylist(),
            strict=True,
        )
    )
    rows = counted.set_column(counted.column_names.index("window_start"), "window_start", starts)
    rows = rows.append_column("state", pa.array([states.get(key, b"") for key in keys], pa.binary()))
    seconds = pa.array([width.total_seconds()] * rows.num_rows, pa.float64())
    now = pa.array([datetime.now(UTC)] * rows.num_rows, pa.timestamp("us", "UTC"))
    return rows.append_column("window_seconds", seconds).append_column("stored_at", now)
