"""A sink that is slow makes the broker wait: what a consumer holds does not grow with what there is."""

import time

import pyarrow as pa

from dqm_assets.simulate.broker import DevelopmentBroker
from dqm_assets.sources.streams.client import kafka_client
from dqm_assets.sources.streams.consumer import StreamConsumer, StreamLimits
from dqm_assets.sources.streams.sink import Written
from tests.integration.streams.conftest import send

RECORDS, BATCH = 6000, 200


class SlowSink:
    """Ends its first writes only when the consumer's hands are full; notes how much they ever held."""

    def __init__(self, topic: str) -> None:
        self._topic = topic
        self.consumer: StreamConsumer | None = None
        self.partitions: list[int] = []
        self.written = self.most_held = self.largest = 0

    def claim(self, partitions: list[int]) -> dict[int, int]:
        self.partitions += partitions
        return {}

    def write(self, records: pa.Table) -> Written:
        self.largest = max(self.largest, records.num_rows)
        deadline = time.monotonic() + 60
        wanted = min(records.num_rows + BATCH, RECORDS - self.written)
        while self.held() < wanted and time.monotonic() < deadline:
            time.sleep(0.01)
        self.most_held = max(self.most_held, self.held())
        self.written += records.num_rows
        return Written(records.num_rows, 0)

    def held(self) -> int:
        """Records that the client gave and that are not written."""
        partition = kafka_client().TopicPartition
        asked = [partition(self._topic, number) for number in self.partitions]
        places = self.consumer._consumer.position(asked)
        return sum(max(place.offset, 0) for place in places) - self.written


def test_a_consumer_holds_two_batches_however_much_there_is(broker: DevelopmentBroker) -> None:
    send(broker, RECORDS)
    where = broker.address
    sink = SlowSink(where.topic)
    limits = StreamLimits(batch=BATCH, metadata=0.5)
    deadline = time.monotonic() + 200
    with StreamConsumer(where.bootstrap, where.topic, sink, limits) as consumer:
        sink.consumer = consumer
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
    assert max(sizes) <= 1_100_000
