"""Dead letters go to a topic of their own, once unless somebody dies in between."""

import time

import pytest

from dqm_assets.errors import SourceError
from dqm_assets.simulate.broker import DevelopmentBroker
from dqm_assets.sources.streams.client import kafka_client
from dqm_assets.sources.streams.forwarding import LetterForwarder
from dqm_assets.sources.streams.sink import StreamSink
from dqm_assets.store import Store
from tests.integration.streams.test_windows import records


def received(broker: DevelopmentBroker, topic: str, amount: int) -> dict[bytes, tuple]:
    """Value and headers of a topic's records by their key, once there are so many."""
    consumer = kafka_client().Consumer(
        {
            "bootstrap.servers": broker.address.bootstrap,
            "group.id": "reader",
            "auto.offset.reset": "earliest",
        }
    )
    consumer.subscribe([topic])
    found: dict[bytes, tuple] = {}
    deadline = time.monotonic() + 120
    while len(found) < amount and time.monotonic() < deadline:
        message = consumer.poll(1.0)
        if message is not None and message.error() is None:
            found[message.key()] = message.value(), dict(message.headers())
    consumer.close()
    return found


def test_letters_are_forwarded_with_where_they_were_and_why(store: Store, broker: DevelopmentBroker) -> None:
    sink = StreamSink(store, "t")
    sink.claim([0])
    sink.write(records(0, "ab"))
    sink.write(records(2, "x", raw=b"{"))
    forwarder = LetterForwarder(store, broker.address.bootstrap, "letters")

    assert (forwarder.forward(), forwarder.forward()) == (1, 0)
    sink.write(records(3, "x", raw=b"\xff"))
    assert forwarder.forward() == 1

    found = received(broker, "letters", 2)
    assert {key: value for key, (value, _) in found.items()} == {b"t:0:2": b"{", b"t:0:3": b"\xff"}
    headers = found[b"t:0:2"][1]
    assert (headers["dqm-topic"], headers["dqm-offset"], headers["dqm-code"]) == (b"t", b"2", b"not_json")


def test_letters_that_the_broker_does_not_take_wait(
    store: Store, broker: DevelopmentBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink = StreamSink(store, "t")
    sink.claim([0])
    sink.write(records(0, "x", raw=b"{"))
    monkeypatch.setattr("dqm_assets.sources.streams.forwarding._PATIENCE", 0.5)

    with pytest.raises(SourceError, match="They wait"):
        LetterForwarder(store, "127.0.0.1:9", "letters").forward()
    assert LetterForwarder(store, "127.0.0.1:9", "t").forward() == 0

    monkeypatch.setattr("dqm_assets.sources.streams.forwarding._PATIENCE", 60.0)
    assert LetterForwarder(store, broker.address.bootstrap, "letters").forward() == 1
