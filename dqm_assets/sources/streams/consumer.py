"""The consumer: batches of records from Kafka into the sink, starting where the store says."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

import pyarrow as pa
import structlog

from dqm_assets.errors import SourceError
from dqm_assets.sources.streams.classify import RECORDS
from dqm_assets.sources.streams.client import kafka_client
from dqm_assets.sources.streams.sink import Sink

_log = structlog.get_logger(__name__)

#: Records taken from the client at a time, so that the size of a batch is looked at in between.
_CHUNK = 1_000
#: Seconds between two looks whether the last batch is written.
_GLANCE = 0.01

#: Marks records of the simulator, on the record itself.
SIMULATED_RECORD = ("dqm-simulated", b"true")


@dataclass(frozen=True)
class StreamLimits:
    """What a consumer may gather before it writes; more waits at the broker."""

    #: Seconds that a batch may wait for more records. A commit costs some 30 ms of processor time however few
    #: its records are.
    linger: float = 0.12
    #: Records of one batch.
    batch: int = 50_000
    #: Kilobytes of one batch, at which it is written however few its records are.
    batch_kb: int = 32_768
    #: Kilobytes that the client fetches ahead.
    queue_kb: int = 65_536
    #: Seconds between two looks for new partitions.
    metadata: float = 30.0


@dataclass
class StreamTotals:
    """What a consumer did so far."""

    records: int = 0
    events: int = 0
    dead_letters: int = 0
    batches: int = 0


@dataclass(frozen=True)
class Poll:
    """A look at the broker whose records are written.

    Attributes:
        started: When it began.
        drained: Whether the broker had no more than it brought.
    """

    started: datetime
    drained: bool


class StreamConsumer:
    """Reads one topic, or its share of the partitions, into the store.

    One batch is written by a thread while the next is gathered. When both hands are full nothing is asked of
    the client, whose queue is bounded: what is behind that waits at the broker.

    Args:
        bootstrap: Addresses of brokers, comma separated.
        topic: The topic; it need not exist yet.
        sink: Where batches go.
        limits: What may be gathered.
        share: (i, n): of n consumers this is number i, from 0; partition p is read by number p mod n.
    """

    def __init__(
        self,
        bootstrap: str,
        topic: str,
        sink: Sink,
        limits: StreamLimits | None = None,
        share: tuple[int, int] = (0, 1),
    ) -> None:
        self._kafka = kafka_client()
        self._limits = limits or StreamLimits()
        self._topic, self._sink, self._share = topic, sink, share
        self._assigned: set[int] = set()
        self._ended: set[int] = set()
        self._looked_at = -1e9
        self.totals = StreamTotals()
        #: The last poll all of whose records are written.
        self.written: Poll | None = None
        self._consumer = self._kafka.Consumer(
            {
                "bootstrap.servers": bootstrap,
                # Kafka's own offsets are for its tools to look at: the store's are the ones that count.
                "group.id": f"dqm-{topic}",
                "enable.auto.commit": False,
                "isolation.level": "read_committed",
                "auto.offset.reset": "error",
                "queued.max.messages.kbytes": self._limits.queue_kb,
                "fetch.wait.max.ms": 20,
                # A broker that is back is seen within a second, not within ten.
                "reconnect.backoff.max.ms": 1000,
                "allow.auto.create.topics": False,
                # Also of a partition that is empty, or ends with markers of transactions.
                "enable.partition.eof": True,
                "log_level": 2,
            }
        )

    def run(self, until: Callable[[], bool]) -> StreamTotals:
        """Consume until a condition holds, which is asked between batches.

        Raises:
            FencedError: another consumer took over.
            SourceError: the stored offset is no longer at the broker, or the broker refuses.
            StoreError: a batch could not be written; it is read again by whoever starts next.
        """
        with ThreadPoolExecutor(1, thread_name_prefix=f"write {self._topic}") as writer:
            writing: Future[None] = writer.submit(lambda: None)
            while not until():
                if self._partitions_are_due():
                    writing.result()
                    self._look_for_partitions()
                started = datetime.now(UTC)
                records, drained = self._next_batch(writing)
                writing.result()
                poll = Poll(started, drained)
                writing = writer.submit(self._write, records, poll) if records.num_rows else writing
                if not records.num_rows:
                    self.written = poll
            writing.result()
        return self.totals

    @property
    def ready(self) -> bool:
        """Whether it owns partitions."""
        return bool(self._assigned)

    @property
    def caught_up(self) -> bool:
        """Whether it owns partitions, and has been at the end of each; what came before that was fetched."""
        return self.ready and self._assigned <= self._ended

    def lag(self) -> int | None:
        """Records that the broker holds and that were not fetched, as of the last fetch; None if unknown."""
        owned = [self._kafka.TopicPartition(self._topic, number) for number in sorted(self._assigned)]
        behind = None
        for place in self._consumer.position(owned) if owned else ():
            _, end = self._consumer.get_watermark_offsets(place, cached=True)
            if end >= 0 and place.offset >= 0:
                behind = (behind or 0) + max(0, end - place.offset)
        return behind

    def close(self) -> None:
        """Leave the broker."""
        self._consumer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _write(self, records: pa.Table, poll: Poll) -> None:
        written = self._sink.write(records)
        self.totals.events += written.events
        self.totals.dead_letters += written.dead_letters
        self.totals.batches += 1
        self.totals.records += records.num_rows
        self.written = poll

    def _partitions_are_due(self) -> bool:
        wait = self._limits.metadata if self._assigned else 0.5
        return time.monotonic() - self._looked_at >= wait

    def _look_for_partitions(self) -> None:
        self._looked_at = time.monotonic()
        try:
            topic = self._consumer.list_topics(self._topic, timeout=10).topics.get(self._topic)
        except self._kafka.KafkaException as error:
            _log.warning("broker_away", topic=self._topic, error=str(error))
            return
        number, consumers = self._share
        known = topic.partitions if topic is not None and topic.error is None else {}
        new = sorted(p for p in known if p % consumers == number and p not in self._assigned)
        if not new:
            return
        positions = self._sink.claim(new)
        start = self._kafka.OFFSET_BEGINNING
        self._consumer.incremental_assign(
            [self._kafka.TopicPartition(self._topic, p, positions.get(p, start)) for p in new]
        )
        self._assigned.update(new)
        _log.info("partitions_claimed", topic=self._topic, partitions=new)

    def _next_batch(self, writing: Future[None]) -> tuple[pa.Table, bool]:
        """What comes until the batch is full, or has lingered and the last one is written.

        Returns:
            The records, and whether the broker had no more.
        """
        if not self._assigned:
            time.sleep(0.1)
            return RECORDS.empty_table(), False
        messages: list[Any] = []
        size, until = 0, time.monotonic() + self._limits.linger
        while len(messages) < self._limits.batch and size < self._limits.batch_kb * 1024:
            left = max(until - time.monotonic(), 0.0 if writing.done() else _GLANCE)
            if left == 0.0:
                return self._table(messages), True
            found = self._consumer.consume(min(_CHUNK, self._limits.batch - len(messages)), left)
            for message in found:
                if message.error() is not None:
                    self._look_at_error(message)
            messages.extend(message for message in found if message.error() is None)
            size += sum(map(len, found))
        return self._table(messages), False

    def _table(self, messages: list[Any]) -> pa.Table:
        columns = (
            pa.repeat(pa.scalar(self._topic), len(messages)),
            pa.array([message.partition() for message in messages], pa.int64()),
            pa.array([message.offset() for message in messages], pa.int64()),
            pa.array([message.timestamp()[1] for message in messages], pa.timestamp("ms", "UTC")),
            # Of each record: a simulator may write to a topic of real producers.
            pa.array([SIMULATED_RECORD in (message.headers() or ()) for message in messages], pa.bool_()),
            pa.array([message.value() for message in messages], pa.binary()),
        )
        return pa.table(dict(zip(RECORDS.names, columns, strict=True)), schema=RECORDS)

    def _look_at_error(self, message: Any) -> None:
        """Pass over what mends itself; an offset that is gone would be a silent loss."""
        error = message.error()
        if error.code() == self._kafka.KafkaError._PARTITION_EOF:
            self._ended.add(message.partition())
            return
        if error.code() == self._kafka.KafkaError._AUTO_OFFSET_RESET:
            raise SourceError(
                f"The broker no longer holds {self._topic} from the stored offset on, so records are lost: "
                f"{error.str()}. Correct monitoring.offsets to go on.",
                "offset_gone",
            )
        if error.fatal():
            raise SourceError(f"The broker refuses {self._topic}: {error.str()}.", "refused")
        _log.info("broker_error", topic=self._topic, error=error.str())
