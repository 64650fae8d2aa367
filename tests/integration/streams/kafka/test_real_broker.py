"""Against a real Apache Kafka: a broker's crash loses and doubles nothing, aborted records do not exist."""

import threading
import time
from collections.abc import Iterator
from itertools import islice

import pytest

confluent_kafka = pytest.importorskip(
    "confluent_kafka", reason="streams are an extra: pip install 'dqm[kafka]'"
)

from confluent_kafka.admin import AdminClient, NewPartitions  # noqa: E402

from dqm_assets.simulate.producing import produce  # noqa: E402
from dqm_assets.simulate.stream import SensorStream  # noqa: E402
from dqm_assets.sources.streams.consumer import StreamConsumer, StreamLimits  # noqa: E402
from dqm_assets.sources.streams.sink import FencedError, StreamSink  # noqa: E402
from dqm_assets.store import Store  # noqa: E402
from tests.integration.streams.jars import JarsAbsentError, skip_without  # noqa: E402
from tests.integration.streams.kafka.broker import (  # noqa: E402
    QUIET,
    KafkaBroker,
    make_broker,
)
from tests.integration.streams.test_stream import COUNTS  # noqa: E402


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    try:
        broker = make_broker(tmp_path_factory.mktemp("kafka"))
    except JarsAbsentError as error:
        skip_without(error)
    broker.start()
    yield broker
    broker.kill()


def produced(kafka: KafkaBroker, topic: str, amount: int, seed: int = 7) -> int:
    """Produce events, idempotently, and count the poison."""
    producer = confluent_kafka.Producer(
        {"bootstrap.servers": kafka.bootstrap, "enable.idempotence": True, **QUIET}
    )
    made = list(islice(SensorStream(seed=seed, poison_share=0.05).events(), amount))
    for event in made:
        produce(producer, topic, event)
    assert producer.flush(120) == 0
    return sum(bool(event.poison) for event in made)


def test_a_crash_of_the_broker_loses_and_doubles_nothing(store: Store, kafka: KafkaBroker) -> None:
    kafka.make_topic("crash", 3)
    poison = produced(kafka, "crash", 3000)
    sink = StreamSink(store, "crash")
    deadline = time.monotonic() + 200
    with StreamConsumer(kafka.bootstrap, "crash", sink, StreamLimits(batch=200, metadata=1)) as consumer:
        consumer.run(lambda: consumer.totals.records > 0 or time.monotonic() > deadline)
        going = threading.Thread(
            target=consumer.run,
            args=(lambda: consumer.totals.records >= 4000 or time.monotonic() > deadline,),
        )
        going.start()
        kafka.kill()
        kafka.start()
        poison += produced(kafka, "crash", 1000, seed=8)
        going.join()
    sink.close()

    assert store.rows(COUNTS) == [
        {"records": 4000, "distinct_records": 4000, "dead": poison, "simulated": True}
    ]


def test_records_of_an_aborted_transaction_do_not_exist(store: Store, kafka: KafkaBroker) -> None:
    kafka.make_topic("transactions", 1)
    producer = confluent_kafka.Producer(
        {"bootstrap.servers": kafka.bootstrap, "transactional.id": "test", **QUIET}
    )
    producer.init_transactions(60)
    events = SensorStream(poison_share=0, repeated_share=0).events()
    for amount, commits in ((20, True), (30, False), (10, True)):
        producer.begin_transaction()
        for event in islice(events, amount):
            produce(producer, "transactions", event)
        if commits:
            producer.commit_transaction(60)
        else:
            producer.abort_transaction(60)
    sink = StreamSink(store, "transactions")
    deadline = time.monotonic() + 120
    with StreamConsumer(kafka.bootstrap, "transactions", sink, StreamLimits(metadata=1)) as consumer:
        consumer.run(lambda: consumer.totals.records >= 30 or time.monotonic() > deadline)
    sink.close()

    numbers = [
        int(row["event_id"].rpartition("-")[2])
        for row in store.rows("SELECT event_id FROM raw.stream_events")
    ]
    assert sorted(numbers) == [*range(20), *range(50, 60)]


def test_topics_and_partitions_are_read_when_they_are_made(store: Store, kafka: KafkaBroker) -> None:
    sink = StreamSink(store, "grows")
    deadline = time.monotonic() + 200
    with StreamConsumer(kafka.bootstrap, "grows", sink, StreamLimits(metadata=0.5)) as consumer:
        going = threading.Thread(
            target=consumer.run,
            args=(lambda: consumer.totals.records >= 300 or time.monotonic() > deadline,),
        )
        going.start()
        assert not consumer.ready
        kafka.make_topic("grows", 1)
        produced(kafka, "grows", 100)
        while consumer.totals.records < 100 and time.monotonic() < deadline:
            time.sleep(0.05)
        admin = AdminClient({"bootstrap.servers": kafka.bootstrap, **QUIET})
        admin.create_partitions([NewPartitions("grows", 3)])["grows"].result(90)
        produced(kafka, "grows", 200, seed=8)
        going.join()
    sink.close()

    counts = store.rows(COUNTS)[0]
    assert counts["records"] == counts["distinct_records"] == 300
    owned = store.rows("SELECT count(*) AS n FROM monitoring.offsets WHERE topic = 'grows'")
    assert owned == [{"n": 3}]


def test_partitions_go_over_to_a_consumer_that_starts_later(store: Store, kafka: KafkaBroker) -> None:
    kafka.make_topic("handover", 2)
    produced(kafka, "handover", 500)
    old, new = StreamSink(store, "handover"), StreamSink(store, "handover")
    deadline = time.monotonic() + 200
    limits = StreamLimits(batch=100, metadata=0.5)
    with (
        StreamConsumer(kafka.bootstrap, "handover", old, limits) as first,
        StreamConsumer(kafka.bootstrap, "handover", new, limits) as second,
    ):
        first.run(lambda: first.totals.records > 0 or time.monotonic() > deadline)
        left = 500 - first.totals.records
        second.run(lambda: second.totals.records >= left or time.monotonic() > deadline)
        produced(kafka, "handover", 100, seed=8)
        with pytest.raises(FencedError, match="another consumer"):
            first.run(lambda: time.monotonic() > deadline)
        second.run(lambda: second.totals.records >= left + 100 or time.monotonic() > deadline)
    old.close()
    new.close()

    counts = store.rows(COUNTS)[0]
    assert counts["records"] == counts["distinct_records"] == 600
