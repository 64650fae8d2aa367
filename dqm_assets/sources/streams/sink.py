"""The sink: events, dead letters and offsets of a batch are one transaction, so that each counts once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

import pyarrow as pa

from dqm_assets.errors import SourceError
from dqm_assets.sources.streams.classify import Classifier
from dqm_assets.store import Store, Transaction

OFFSETS = "monitoring.offsets"

#: Moves offsets on, if they and the epochs are still those that this owner left. Whoever wrote to these rows
#: in between makes the commit fail as well, even if the lock was lost.
#: Lists, and no join: that alone cost a third more.
_ADVANCE = """
    UPDATE monitoring.offsets
    SET next_offset = $following[list_position($partitions, partition)], updated_at = $now
    WHERE topic = $topic AND next_offset = $expected[list_position($partitions, partition)]
        AND epoch = $epochs[list_position($partitions, partition)]
"""
_OWNED = "SELECT partition, next_offset, epoch FROM monitoring.offsets WHERE topic = ? ORDER BY partition"


class FencedError(SourceError):
    """Another consumer has taken over a partition; this one must not write any more."""


@dataclass(frozen=True)
class Written:
    """What a batch brought."""

    events: int
    dead_letters: int


@dataclass(frozen=True)
class Position:
    """Where a partition goes on, and the epoch of its owner."""

    next_offset: int
    epoch: int


class SinkListener(Protocol):
    """Who is told of what a sink has committed."""

    def claimed(self, partitions: Sequence[int]) -> None:
        """Partitions are this process's by now."""

    def take(self, events: pa.Table, letters: pa.Table) -> None:
        """A batch was committed: its events and its dead letters."""


class Sink(Protocol):
    """What a consumer writes to."""

    def claim(self, partitions: list[int]) -> dict[int, int]:
        """Become the owner of partitions; the offset at which each goes on, if it was ever read."""

    def write(self, records: pa.Table) -> Written:
        """Write a batch of claimed partitions once, or not at all."""


def following(records: pa.Table, held: Mapping[int, Position]) -> dict[int, Position]:
    """Where each partition of a batch goes on after it, in the epoch in which it is held."""
    last = records.group_by("partition").aggregate([("record_offset", "max")])
    return {
        row["partition"]: Position(row["record_offset_max"] + 1, held[row["partition"]].epoch)
        for row in last.to_pylist()
    }


class StreamSink:
    """Writes batches of one topic; whoever claims a partition later shuts this one out.

    Args:
        store: The open store.
        topic: The topic.
        at: Called with the name of each step of a write, before it: for tests that end the process there.
        listener: Told of what was committed.
    """

    def __init__(
        self,
        store: Store,
        topic: str,
        at: Callable[[str], None] = lambda _: None,
        listener: SinkListener | None = None,
    ) -> None:
        self._store = store
        self._topic = topic
        self._at = at
        self._listener = listener
        self._classifier = Classifier()
        self._held: dict[int, Position] = {}

    def claim(self, partitions: list[int]) -> dict[int, int]:
        """Become the owner of partitions.

        Returns:
            The offset at which each goes on; partitions that were never read are not in it.
        """
        with self._store.transaction(OFFSETS) as tx:
            known = self._stored(tx)
            claimed = {
                partition: Position(
                    known[partition].next_offset if partition in known else -1,
                    known[partition].epoch + 1 if partition in known else 1,
                )
                for partition in partitions
            }
            if claimed:
                tx.upsert(OFFSETS, self._rows(claimed))
        self._held.update(claimed)
        if self._listener is not None:
            self._listener.claimed(partitions)
        return {partition: held.next_offset for partition, held in claimed.items() if held.next_offset >= 0}

    def write(self, records: pa.Table) -> Written:
        """Write a batch once, or not at all.

        Args:
            records: Records of claimed partitions, in the order of their offsets.

        Raises:
            FencedError: a partition has another owner by now; nothing was written.
            StoreError: the store cannot be written; nothing was.
        """
        self._at("classify")
        events, dead = self._classifier.split(records)
        moved = following(records, self._held)
        now = pa.scalar(datetime.now(UTC), pa.timestamp("us", "UTC"))
        with self._store.transaction(OFFSETS) as tx:
            self._at("begin")
            self._advance(tx, moved, now.as_py())
            self._at("events")
            tx.append("raw.stream_events", events.append_column("stored_at", pa.repeat(now, len(events))))
            self._at("dead_letters")
            tx.append("raw.dead_letters", dead.append_column("dead_at", pa.repeat(now, len(dead))))
            self._at("commit")
        self._at("committed")
        self._held.update(moved)
        if self._listener is not None:
            self._listener.take(events, dead)
        return Written(events.num_rows, dead.num_rows)

    def close(self) -> None:
        """Close what the sink opened; the store stays open."""
        self._classifier.close()

    def _advance(self, tx: Transaction, moved: Mapping[int, Position], now: datetime) -> None:
        held = [self._held[partition] for partition in moved]
        asked = {
            "topic": self._topic,
            "now": now,
            "partitions": list(moved),
            "expected": [position.next_offset for position in held],
            "following": [position.next_offset for position in moved.values()],
            "epochs": [position.epoch for position in held],
        }
        if tx.update(_ADVANCE, asked) != len(moved):
            raise FencedError(
                f"Partitions {', '.join(map(str, sorted(moved)))} of {self._topic} have another consumer "
                "by now. This one ends; start each consumer with partitions of its own.",
                "fenced",
            )

    def _stored(self, tx: Transaction) -> dict[int, Position]:
        rows = tx.query(_OWNED, [self._topic]).to_pylist()
        return {row["partition"]: Position(row["next_offset"], row["epoch"]) for row in rows}

    def _rows(self, positions: Mapping[int, Position]) -> pa.Table:
        now = datetime.now(UTC)
        return pa.table(
            {
                "topic": pa.array([self._topic] * len(positions), pa.string()),
                "partition": pa.array(list(positions), pa.int64()),
                "next_offset": pa.array([each.next_offset for each in positions.values()], pa.int64()),
                "epoch": pa.array([each.epoch for each in positions.values()], pa.int64()),
                "updated_at": pa.array([now] * len(positions), pa.timestamp("us", "UTC")),
            }
        )
