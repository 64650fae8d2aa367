"""From a broker into the store: each record once, poison in the dead letters, old consumers shut out."""

import json
import sys
import time
from functools import partial

import pyarrow as pa
import pytest

from dqm_assets.errors import SourceError
from dqm_assets.simulate.broker import DevelopmentBroker
from dqm_assets.sources.streams.classify import RECORDS
from dqm_assets.sources.streams.client import kafka_client
from dqm_assets.sources.streams.consumer import StreamConsumer, StreamLimits
from dqm_assets.sources.streams.dead_letters import dead_letters, replay
from dqm_assets.sources.streams.sink import FencedError, StreamSink
from dqm_assets.store import Store
from tests.integration.streams.conftest import send

COUNTS = """
    SELECT count(*) AS records, count(DISTINCT (partition, record_offset)) AS distinct_records,
        count(*) FILTER (WHERE code IS NOT NULL) AS dead, bool_and(simulated) AS simulated
    FROM (SELECT partition, record_offset, NULL AS code, simulated FROM raw.stream_events
        UNION ALL SELECT partition, record_offset, code, simulated FROM raw.dead_letters)
"""


def consume(store: Store, broker: DevelopmentBroker, amount: int, share: tuple[int, int] = (0, 1)) -> int:
    """Consume until so many records were written by this consumer, within two minutes."""
    sink = StreamSink(store, broker.address.topic)
    limits = StreamLimits(batch=500, metadata=0.5)
    deadline = time.monotonic() + 120
    with StreamConsumer(broker.address.bootstrap, broker.address.topic, sink, limits, share) as consumer:
        totals = consumer.run(lambda: consumer.totals.records >= amount or time.monotonic() > deadline)
    sink.close()
    return totals.records


def test_every_record_is_an_event_or_a_dead_letter_once(store: Store, broker: DevelopmentBroker) -> None:
    made = send(broker, 3000)

    assert consume(store, broker, 3000) == 3000

    poison = sum(bool(one.poison) for one in made)
    assert store.rows(COUNTS) == [
        {"records": 3000, "distinct_records": 3000, "dead": poison, "simulated": True}
    ]
    offsets = store.rows("SELECT sum(next_offset) AS n, max(epoch) AS epoch FROM monitoring.offsets")
    assert offsets == [{"n": 3000, "epoch": 1}]


def test_real_records_between_simulated_ones_are_not_marked(store: Store, broker: DevelopmentBroker) -> None:
    send(broker, 100)
    for number in range(20):
        broker.producer.produce(broker.address.topic, f"real {number}".encode(), partition=number % 4)
    assert broker.producer.flush(60) == 0
    send(broker, 100, seed=8)

    assert consume(store, broker, 220) == 220
    real = store.rows("SELECT count(*) AS n FROM raw.dead_letters WHERE NOT simulated")
    assert real == [{"n": 20}]
    assert store.rows("SELECT count(*) AS n FROM raw.stream_events WHERE NOT simulated") == [{"n": 0}]


def test_a_consumer_goes_on_where_the_last_one_ended(store: Store, broker: DevelopmentBroker) -> None:
    send(broker, 1000)
    consume(store, broker, 1000)
    send(broker, 1000, seed=8)

    assert consume(store, broker, 1000) == 1000
    assert store.rows(COUNTS)[0]["distinct_records"] == store.rows(COUNTS)[0]["records"] == 2000


def _caught_up(consumer: StreamConsumer, deadline: float) -> bool:
    return consumer.caught_up or time.monotonic() > deadline


def test_a_consumer_has_caught_up_when_it_was_at_the_end_of_each_partition(
    store: Store, broker: DevelopmentBroker
) -> None:
    send(broker, 1000)
    limits = StreamLimits(batch=50, metadata=0.5)
    deadline = time.monotonic() + 300
    for expected in (1000, 0):
        sink = StreamSink(store, broker.address.topic)
        with StreamConsumer(broker.address.bootstrap, broker.address.topic, sink, limits) as consumer:
            assert not consumer.caught_up
            read = partial(_caught_up, consumer, deadline)
            assert consumer.run(read).records == expected
            assert consumer.caught_up
        sink.close()
    assert store.rows(COUNTS)[0]["distinct_records"] == 1000


def test_an_empty_partition_is_at_its_end(store: Store, broker: DevelopmentBroker) -> None:
    for number in range(3):
        broker.producer.produce(broker.address.topic, f"real {number}".encode(), partition=1)
    assert broker.producer.flush(60) == 0
    sink = StreamSink(store, broker.address.topic)
    with StreamConsumer(broker.address.bootstrap, broker.address.topic, sink) as consumer:
        assert consumer.run(partial(_caught_up, consumer, time.monotonic() + 300)).records == 3
        assert consumer.caught_up
    sink.close()


def test_consumers_share_the_partitions(store: Store, broker: DevelopmentBroker) -> None:
    send(broker, 2000)
    rows = "SELECT count(*) AS n FROM raw.stream_events WHERE partition % 2 = {} "

    own = (
        broker.producer.list_topics(broker.address.topic, timeout=30).topics[broker.address.topic].partitions
    )
    assert len(own) == 4
    watermarks = {p: _end(broker, p) for p in own}
    first = consume(store, broker, watermarks[0] + watermarks[2], (0, 2))

    assert first == watermarks[0] + watermarks[2]
    assert store.rows(rows.format(1)) == [{"n": 0}]
    assert consume(store, broker, 2000 - first, (1, 2)) == 2000 - first
    assert store.rows(COUNTS)[0]["distinct_records"] == store.rows(COUNTS)[0]["records"] == 2000


def _end(broker: DevelopmentBroker, partition: int) -> int:
    kafka = kafka_client()
    consumer = kafka.Consumer({"bootstrap.servers": broker.address.bootstrap, "group.id": "look"})
    where = kafka.TopicPartition(broker.address.topic, partition)
    _, end = consumer.get_watermark_offsets(where, timeout=30)
    consumer.close()
    return end


def batch(first: int, amount: int) -> pa.Table:
    return pa.table(
        {
            "topic": ["t"] * amount,
            "partition": [0] * amount,
            "record_offset": list(range(first, first + amount)),
            "produced_at": [1_770_000_000_000] * amount,
            "simulated": [False] * amount,
            "raw": [b"{}"] * amount,
        },
        schema=RECORDS,
    )


def test_a_consumer_that_was_replaced_cannot_write_any_more(store: Store) -> None:
    old, new = StreamSink(store, "t"), StreamSink(store, "t")
    assert old.claim([0]) == {}
    old.write(batch(0, 10))
    assert new.claim([0]) == {0: 10}

    with pytest.raises(FencedError, match="another consumer"):
        old.write(batch(10, 10))
    new.write(batch(10, 5))
    with pytest.raises(FencedError):
        old.write(batch(10, 10))

    assert store.rows("SELECT count(*) AS n, max(record_offset) AS last FROM raw.dead_letters") == [
        {"n": 15, "last": 14}
    ]


def test_dead_letters_become_events_once_when_the_rules_let_them(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = {"event_id": "e", "source": "a", "sensor": "s", "ts": "2026-02-02T00:00:00Z", "status": "ok"}
    raw = json.dumps({**event, "value": 2e9}).encode()
    records = batch(0, 2).set_column(5, "raw", pa.array([raw, b"{"], pa.binary()))
    sink = StreamSink(store, "t")
    sink.claim([0])
    sink.write(records)
    assert [letter["code"] for letter in dead_letters(store)] == ["not_json", "out_of_range"]
    assert (replay(store).tried, store.rows("SELECT count(*) AS n FROM raw.stream_events")) == (2, [{"n": 0}])

    from dqm_assets.sources.streams import classify  # noqa: PLC0415

    monkeypatch.setattr(classify, "_PARSE", classify._PARSE.replace("1000000000.0", "1e12"))
    first, second = replay(store), replay(store)

    assert ((first.tried, first.mended), (second.tried, second.mended)) == ((2, 1), (1, 0))
    assert store.rows("SELECT event_id, record_offset FROM raw.stream_events") == [
        {"event_id": "e", "record_offset": 0}
    ]
    assert [letter["code"] for letter in dead_letters(store)] == ["not_json"]
    assert len(dead_letters(store, replayed=True)) == 2


def test_without_the_client_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "confluent_kafka", None)

    with pytest.raises(SourceError, match=r"dqm\[kafka\]"):
        kafka_client()
