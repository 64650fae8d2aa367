"""Keeping the windows of a topic: what was written is counted once, whoever is killed when."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from dqm_assets.errors import StoreError
from dqm_assets.sources.streams.counted_windows import WINDOWS, CountedWindows
from dqm_assets.sources.streams.sink import OFFSETS, FencedError
from dqm_assets.sources.streams.windows import (
    EVENT_COLUMNS,
    LETTER_COLUMNS,
    REPEATED_WITHIN,
    WindowCounter,
)
from dqm_assets.store import Store

#: Records that wait to be counted; more are counted at once, so that memory stays bounded.
_MOST_RECORDS = 200_000
#: The client fetches ahead by so much: what a poll left behind is older.
_SLACK = timedelta(milliseconds=100)
#: When partitions were last counted that nobody counts.
_NOBODY = datetime(1970, 1, 1, tzinfo=UTC)

_HELD = """
    SELECT partition, next_offset, epoch, windowed_offset, windowed_until FROM monitoring.offsets
    WHERE topic = $topic AND list_contains($partitions, partition)
"""
_UNCOUNTED_EVENTS = f"""
    SELECT {", ".join(EVENT_COLUMNS)} FROM raw.stream_events
    WHERE topic = $topic AND partition = $partition AND record_offset >= $first
"""  # noqa: S608 - constants
_UNCOUNTED_LETTERS = f"""
    SELECT {", ".join(LETTER_COLUMNS)} FROM raw.dead_letters
    WHERE topic = $topic AND partition = $partition AND record_offset >= $first
"""  # noqa: S608 - constants
_NEWEST = """
    SELECT max(produced_at) AS at FROM raw.stream_events
    WHERE topic = $topic AND partition = $partition AND record_offset < $first
"""
_COUNTED_LATELY = f"""
    SELECT {", ".join(EVENT_COLUMNS)} FROM raw.stream_events
    WHERE topic = $topic AND partition = $partition AND record_offset < $first AND produced_at >= $since
"""  # noqa: S608 - constants


@dataclass(frozen=True)
class _Held:
    """A partition that this keeper counts: the epoch of its owner, and the next record to count."""

    epoch: int
    windowed_offset: int


class WindowKeeper:
    """Gathers the records that a sink has committed, and commits their windows with how far they go.

    Records may be committed and not yet counted when the process dies. They are those from
    ``windowed_offset`` on: whoever claims the partition next reads them from the store and counts them.

    Args:
        store: The open store.
        topic: The topic.
        width: Length of a window.
        counted: Is told of the rows that were committed.
    """

    def __init__(
        self, store: Store, topic: str, width: timedelta, counted: CountedWindows | None = None
    ) -> None:
        self._store, self._topic = store, topic
        self._told = counted or CountedWindows(store)
        self._counter = WindowCounter(width)
        self._held: dict[int, _Held] = {}
        self._events: list[pa.Table] = []
        self._letters: list[pa.Table] = []
        self._records = 0
        self._until: datetime | None = None
        self._gathering = threading.Lock()
        self._counting = threading.Lock()

    def claimed(self, partitions: Sequence[int]) -> None:
        """Take over partitions that this process owns by now, with what their last owner did not count.

        Raises:
            StoreError: the store cannot be read or written.
        """
        with self._counting:
            rows = self._positions(partitions)
            for row in rows:
                self._seed(row)
            self._start([row for row in rows if row["windowed_offset"] is None])

    def take(self, events: pa.Table, letters: pa.Table) -> None:
        """Take what a sink has just committed."""
        with self._gathering:
            self._events.append(events.select(EVENT_COLUMNS))
            self._letters.append(letters.select(LETTER_COLUMNS))
            self._records += events.num_rows + letters.num_rows
            crowded = self._records > _MOST_RECORDS
        if crowded:
            self.flush()

    def polled(self, *, started: datetime, drained: bool) -> None:
        """Take note of a poll whose records have been taken.

        Args:
            started: When the poll began.
            drained: Whether the broker held no more than the poll brought.
        """
        with self._gathering:
            if drained:
                self._until = started - _SLACK
            elif self._events and self._events[-1].num_rows:
                # Each partition goes on where it ends in the batch; the one that is furthest behind counts.
                newest = self._events[-1].group_by("partition").aggregate([("produced_at", "max")])
                self._until = pc.min(newest["produced_at_max"]).as_py()

    def reaches(self, end: float) -> bool:
        """Whether everything before a time (seconds since 1970 UTC) has been taken."""
        until = self._until
        return until is not None and until.timestamp() >= end

    def flush(self, *, leaving: bool = False) -> int:
        """Count what was gathered, and commit it.

        Args:
            leaving: Nobody counts these partitions until they are claimed again: nobody waits for them.

        Returns:
            How many rows of windows were written.

        Raises:
            FencedError: a partition has another owner by now; nothing was written.
            StoreError: the store cannot be written; the records stay gathered.
        """
        with self._counting:
            with self._gathering:
                events, letters, until = self._events, self._letters, self._until
                self._events, self._letters, self._records = [], [], 0
            if not self._held:
                return 0
            try:
                return self._commit(events, letters, until, _NOBODY if leaving else datetime.now(UTC))
            except FencedError:
                raise
            except StoreError:
                with self._gathering:
                    self._events = events + self._events
                    self._letters = letters + self._letters
                    self._records = sum(t.num_rows for t in (*self._events, *self._letters))
                raise

    def close(self) -> None:
        """Close the counter; what is gathered is counted by the next owner."""
        self._counter.close()

    def _positions(self, partitions: Sequence[int]) -> list[dict]:
        return self._store.rows(_HELD, {"topic": self._topic, "partitions": list(partitions)})

    def _seed(self, row: Mapping) -> None:
        """Gather what is committed and not counted, and what the next events may repeat."""
        partition = row["partition"]
        # A partition that was read before there were windows begins to be counted now.
        first = row["windowed_offset"] if row["windowed_offset"] is not None else max(row["next_offset"], 0)
        self._held[partition] = _Held(row["epoch"], first)
        asked = {"topic": self._topic, "partition": partition, "first": first}
        events = self._store.query(_UNCOUNTED_EVENTS, asked)
        letters = self._store.query(_UNCOUNTED_LETTERS, asked)
        newest = self._store.rows(_NEWEST, asked)[0]["at"]
        if newest is not None:
            since = newest - 2 * REPEATED_WITHIN
            self._counter.remember(self._store.query(_COUNTED_LATELY, {**asked, "since": since}))
        with self._gathering:
            self._events.append(events)
            self._letters.append(letters)
            self._records += events.num_rows + letters.num_rows

    def _start(self, rows: Sequence[Mapping]) -> None:
        if rows:
            numbers = [row["partition"] for row in rows]
            with self._store.transaction(OFFSETS) as tx:
                tx.upsert(OFFSETS, self._rows(numbers, None, datetime.now(UTC)))

    def _commit(
        self,
        events: Sequence[pa.Table],
        letters: Sequence[pa.Table],
        until: datetime | None,
        at: datetime,
    ) -> int:
        gathered = pa.concat_tables(events, promote_options="permissive") if events else None
        dead = pa.concat_tables(letters, promote_options="permissive") if letters else None
        following = self._following(gathered, dead)
        counted = self._counter.count(gathered, dead) if gathered is not None and dead is not None else None
        numbers = sorted(self._held)
        with self._store.transaction(OFFSETS) as tx:
            found = tx.query(_HELD, {"topic": self._topic, "partitions": numbers}).to_pylist()
            stored = {row["partition"]: _Held(row["epoch"], row["windowed_offset"]) for row in found}
            if stored != self._held:
                raise FencedError(
                    f"A partition of {self._topic} has another consumer by now. This one ends; start each "
                    "consumer with partitions of its own.",
                    "fenced",
                )
            if counted is not None and counted.num_rows:
                tx.append(WINDOWS, counted)
            tx.upsert(OFFSETS, self._rows(numbers, until, at, following))
        self._held.update(following)
        if counted is None:
            return 0
        self._counter.kept()
        self._told.take(counted, tx.mark)
        return counted.num_rows

    def _following(self, *tables: pa.Table | None) -> dict[int, _Held]:
        last: dict[int, int] = {}
        for table in tables:
            if table is None or not table.num_rows:
                continue
            for row in table.group_by("partition").aggregate([("record_offset", "max")]).to_pylist():
                last[row["partition"]] = max(last.get(row["partition"], -1), row["record_offset_max"])
        return {number: _Held(self._held[number].epoch, offset + 1) for number, offset in last.items()}

    def _rows(
        self,
        partitions: Sequence[int],
        until: datetime | None,
        at: datetime,
        following: Mapping[int, _Held] | None = None,
    ) -> pa.Table:
        held = {**self._held, **(following or {})}
        times = pa.timestamp("us", "UTC")
        columns = {
            "topic": pa.array([self._topic] * len(partitions), pa.string()),
            "partition": pa.array(partitions, pa.int64()),
            "windowed_offset": pa.array([held[number].windowed_offset for number in partitions], pa.int64()),
            "windowed_at": pa.array([at] * len(partitions), times),
        }
        if until is not None:
            columns["windowed_until"] = pa.array([until] * len(partitions), times)
        return pa.table(columns)
