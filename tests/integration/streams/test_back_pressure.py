"""A sink that is slow makes the broker wait: what a consumer holds does not grow with what there is."""

import time
from typing import Any

import pyarrow as pa

from dqm_assets.simulate.broker import DevelopmentBroker
from dqm_assets.sources.streams.consumer import StreamConsumer, StreamLimits
from dqm_assets.sources.streams.sink import Written
from tests.integration.streams.conftest import send

RECORDS, BATCH = 6000, 200


class CountingClient:
    """A Kafka client that knows how many records it gave."""

    def __init__(self, client: Any) -> None:
        self._client, self.given = client, 0

    def consume(self, most: int, seconds: float) -> list[Any]:
        found = self._client.consume(most, seconds)
        # An end of a partition is told as a message too, and holds nothing.
        self.given += sum(message.error() is None for message in found)
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


class SlowSink:
    """Ends a write only when the consumer's hands are full; notes how much they ever held."""

    def __init__(self) -> None:
        self.client: CountingClient | None = None
        self.written = self.most_held = self.largest = 0

    def claim(self, _: list[int]) -> dict[int, int]:
        return {}

    def write(self, records: pa.Table) -> Written:
        self.largest = max(self.largest, records.num_rows)
        deadline = time.monotonic() + 60
        wanted = min(records.num_rows + BATCH, RECORDS - self.written)
        while self.held() < wanted and time.monotonic() < deadline:
            time.sleep(0.001)
        self.most_held = max(self.most_held, self.held())
        self.written += records.num_rows
        return Written(records.num_rows, 0)

    def held(self) -> int:
        """Records that the client gave and that are not written."""
        return self.client.given - self.written if self.client else 0


def test_a_consumer_holds_two_batches_however_much_there_is(broker: DevelopmentBroker) -> None:
    send(broker, RECORDS)
    where = broker.address
    sink = SlowSink()
    # A look for partitions waits for the write, which here waits for the next batch.
    limits = StreamLimits(batch=BATCH, metadata=1e9)
    deadline = time.monotonic() + 200
    with StreamConsumer(where.bootstrap, where.topic, sink, limits) as consumer:
        consumer._consumer = sink.client = CountingClient(consumer._consumer)
        totals = consumer.run(lambda: consumer.totals.records >= RECORDS or time.monotonic() > deadline)

    assert totals.records == RECORDS
    assert sink.largest <= BATCH
    assert BATCH < sink.most_held <= 2 * BATCH


def test_a_batch_is_bounded_in_bytes_too(broker: DevelopmentBroker) -> None:
    amount = 3000
    for number in range(amount):
        broker.producer.produce(broker.address.topic, b"x" * 1000, partition=number % 4)
    assert broker.producer.flush(60) == 0
    sizes: list[int] = []

    class Sink:
        def claim(self, _: list[int]) -> dict[int, int]:
            return {}

        def write(self, records: pa.Table) -> Written:
            sizes.append(records["raw"].nbytes)
            return Written(records.num_rows, 0)

    where = broker.address
    limits = StreamLimits(batch_kb=100, linger=0.5, metadata=0.5)
    deadline = time.monotonic() + 200
    with StreamConsumer(where.bootstrap, where.topic, Sink(), limits) as consumer:
        totals = consumer.run(lambda: consumer.totals.records >= amount or time.monotonic() > deadline)

    assert totals.records == amount
    # The size is looked at after each thousand records.
    assert max(sizes) < 1_200_000
