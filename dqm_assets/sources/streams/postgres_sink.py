"""The PostgreSQL sink: COPY of a batch's rows and its offsets are one transaction of a database."""

from datetime import UTC, datetime
from typing import Any, Self

import adbc_driver_postgresql.dbapi as adbc
import pyarrow as pa
import pyarrow.compute as pc

from dqm_assets.errors import StoreError
from dqm_assets.sources.streams.classify import Classifier
from dqm_assets.sources.streams.sink import FencedError, Position, Written, following

_TABLES = (
    """CREATE TABLE IF NOT EXISTS dqm_stream_events (
        topic text NOT NULL, partition bigint NOT NULL, record_offset bigint NOT NULL,
        produced_at timestamptz, simulated boolean, event_id text, source text, sensor text, ts timestamptz,
        value double precision, status text, late boolean, stored_at timestamptz NOT NULL,
        PRIMARY KEY (topic, partition, record_offset))""",
    """CREATE TABLE IF NOT EXISTS dqm_dead_letters (
        topic text NOT NULL, partition bigint NOT NULL, record_offset bigint NOT NULL,
        produced_at timestamptz, simulated boolean, raw bytea, code text NOT NULL, reason text NOT NULL,
        dead_at timestamptz NOT NULL, PRIMARY KEY (topic, partition, record_offset))""",
    """CREATE TABLE IF NOT EXISTS dqm_stream_offsets (
        topic text NOT NULL, partition bigint NOT NULL, next_offset bigint NOT NULL, epoch bigint NOT NULL,
        updated_at timestamptz NOT NULL, PRIMARY KEY (topic, partition))""",
)
#: Two that start at once would both make the tables: CREATE … IF NOT EXISTS alone fails for one of them.
_ALONE = "SELECT pg_advisory_xact_lock(hashtext('dqm_stream_sink'))"
_CLAIM = """
    INSERT INTO dqm_stream_offsets AS held VALUES ($1, $2, -1, 1, now())
    ON CONFLICT (topic, partition) DO UPDATE SET epoch = held.epoch + 1, updated_at = now()
    RETURNING next_offset, epoch
"""
#: The row stays locked until the end: of two owners the second waits, and then finds that it is none.
_ADVANCE = """
    UPDATE dqm_stream_offsets SET next_offset = $1, updated_at = now()
    WHERE topic = $2 AND partition = $3 AND next_offset = $4 AND epoch = $5
    RETURNING partition
"""
#: Texts of PostgreSQL cannot hold this character, which JSON can.
_NUL = "\x00"


class PostgresSink:
    """Writes batches of one topic into PostgreSQL; whoever claims a partition later shuts this one out.

    Args:
        url: ``postgresql://…`` of the database, whose tables ``dqm_stream_events``, ``dqm_dead_letters`` and
            ``dqm_stream_offsets`` are made when they are missing.
        topic: The topic.

    Raises:
        StoreError: the database cannot be reached, or the tables cannot be made.
    """

    def __init__(self, url: str, topic: str) -> None:
        self._topic = topic
        self._held: dict[int, Position] = {}
        try:
            self._connection = adbc.connect(url)
            self._run(_ALONE)
            for table in _TABLES:
                self._run(table)
            self._connection.commit()
        except adbc.Error as error:
            raise StoreError(f"The stream's PostgreSQL sink cannot be opened: {error}") from error
        self._classifier = Classifier()

    def claim(self, partitions: list[int]) -> dict[int, int]:
        """Become the owner of partitions.

        Returns:
            The offset at which each goes on; partitions that were never read are not in it.

        Raises:
            StoreError: the database cannot be written.
        """
        claimed = {}
        with _Transaction(self._connection):
            for partition in partitions:
                ((reached, epoch),) = self._run(_CLAIM, self._topic, partition)
                claimed[partition] = Position(reached, epoch)
        self._held.update(claimed)
        return {partition: held.next_offset for partition, held in claimed.items() if held.next_offset >= 0}

    def write(self, records: pa.Table) -> Written:
        """Write a batch once, or not at all.

        Args:
            records: Records of claimed partitions, in the order of their offsets.

        Raises:
            FencedError: a partition has another owner by now; nothing was written.
            StoreError: the database cannot be written; nothing was.
        """
        events, dead = self._storable(records)
        now = pa.scalar(datetime.now(UTC), pa.timestamp("us", "UTC"))
        moved = following(records, self._held)
        with _Transaction(self._connection):
            for partition, position in moved.items():
                self._advance(partition, position)
            self._copy("dqm_stream_events", events.append_column("stored_at", pa.repeat(now, len(events))))
            self._copy("dqm_dead_letters", dead.append_column("dead_at", pa.repeat(now, len(dead))))
        self._held.update(moved)
        return Written(events.num_rows, dead.num_rows)

    def close(self) -> None:
        """Close the connection."""
        self._classifier.close()
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _storable(self, records: pa.Table) -> tuple[pa.Table, pa.Table]:
        """Events and dead letters; events with a character that PostgreSQL refuses are dead letters too."""
        events, dead = self._classifier.split(records)
        refused = pa.repeat(pa.scalar(False), len(events))
        for name in ("event_id", "source", "sensor", "status"):
            refused = pc.or_(refused, pc.match_substring(events[name], _NUL))
        if not pc.any(refused).as_py():
            return events, dead
        places = set(_places(events.filter(refused)))
        letters = records.filter(pa.array([place in places for place in _places(records)]))
        for name, value in (("code", "out_of_range"), ("reason", "a text holds the character NUL")):
            letters = letters.append_column(name, pa.repeat(pa.scalar(value), len(letters)))
        return events.filter(pc.invert(refused)), pa.concat_tables([dead, letters])

    def _advance(self, partition: int, position: Position) -> None:
        held = self._held[partition]
        moved = (position.next_offset, self._topic, partition, held.next_offset, held.epoch)
        if not self._run(_ADVANCE, *moved):
            raise FencedError(
                f"Partition {partition} of {self._topic} has another consumer at the PostgreSQL sink by now. "
                "This one ends; start each consumer with partitions of its own.",
                "fenced",
            )

    def _copy(self, table: str, rows: pa.Table) -> None:
        if not rows.num_rows:
            return
        # The driver writes microseconds only.
        microseconds = rows["produced_at"].cast(pa.timestamp("us", "UTC"))
        rows = rows.set_column(rows.column_names.index("produced_at"), "produced_at", microseconds)
        with self._connection.cursor() as cursor:
            cursor.adbc_ingest(table, rows.combine_chunks(), mode="append")

    def _run(self, statement: str, *values: Any) -> list[tuple]:
        with self._connection.cursor() as cursor:
            cursor.execute(statement, values or None)
            return cursor.fetchall() if "RETURNING" in statement else []


def _places(rows: pa.Table) -> list[tuple[int, int]]:
    return list(zip(rows["partition"].to_pylist(), rows["record_offset"].to_pylist(), strict=True))


class _Transaction:
    """Commits at the end, or takes back what was done."""

    def __init__(self, connection: adbc.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, _: object) -> None:
        try:
            if error is None:
                self._connection.commit()
            else:
                self._connection.rollback()
        except adbc.Error as lost:
            raise StoreError(f"The stream's PostgreSQL sink is away: {lost}") from (error or lost)
        if isinstance(error, adbc.Error):
            raise StoreError(f"The stream's PostgreSQL sink refuses the batch: {error}") from error
