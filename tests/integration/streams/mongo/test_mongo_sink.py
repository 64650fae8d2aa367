"""Into somebody's MongoDB: each record once, its offset after it, and old consumers shut out."""

import json
import subprocess
import sys
import time
from datetime import UTC, datetime

import pymongo
import pytest

from dqm_assets.errors import SettingsError, SourceError, StoreError
from dqm_assets.settings import Settings
from dqm_assets.simulate.broker import DevelopmentBroker
from dqm_assets.sources.streams.consumer import StreamConsumer, StreamLimits
from dqm_assets.sources.streams.mongo_sink import MongoSink
from dqm_assets.sources.streams.sink import FencedError
from dqm_assets.sources.streams.sinks import open_sink
from tests.integration.streams.conftest import send
from tests.integration.streams.test_postgres_sink import batch, event


def documents(url: str, collection: str) -> list[dict]:
    with pymongo.MongoClient(url, tz_aware=True) as client:
        return sorted(client.get_default_database()[collection].find(), key=lambda one: one["_id"])


def offsets(url: str) -> list[tuple[int, int]]:
    return [(one["next_offset"], one["epoch"]) for one in documents(url, "dqm_stream_offsets")]


def consume(url: str, broker: DevelopmentBroker, amount: int) -> None:
    deadline = time.monotonic() + 120
    limits = StreamLimits(batch=500, metadata=0.5)
    where = broker.address
    with (
        MongoSink(url, where.topic) as sink,
        StreamConsumer(where.bootstrap, where.topic, sink, limits) as consumer,
    ):
        consumer.run(lambda: consumer.totals.records >= amount or time.monotonic() > deadline)


def test_each_record_of_a_topic_is_one_document(url: str, broker: DevelopmentBroker) -> None:
    made = send(broker, 1000)
    consume(url, broker, 1000)
    made += send(broker, 500, seed=8)
    consume(url, broker, 500)

    poison = sum(bool(one.poison) for one in made)
    events, letters = documents(url, "dqm_stream_events"), documents(url, "dqm_dead_letters")
    assert (len(events), len(letters)) == (1500 - poison, poison)
    assert not {one["_id"] for one in events} & {one["_id"] for one in letters}
    assert sum(following for following, _ in offsets(url)) == 1500
    assert {epoch for _, epoch in offsets(url)} == {2}


def test_values_arrive_as_they_were_sent(url: str) -> None:
    with MongoSink(url, "t") as sink:
        sink.claim([0])
        sink.write(batch(0, event(ts="2026-02-02T10:00:00.25+02:00", sensor='a "b",\x00ç'), b"\xff\x00"))

    (found,), (letter,) = documents(url, "dqm_stream_events"), documents(url, "dqm_dead_letters")
    at = datetime(2026, 2, 2, 8, 0, 0, 250000, tzinfo=UTC)
    assert (found["_id"], found["ts"], found["sensor"]) == ("t:0:0", at, 'a "b",\x00ç')
    assert (found["value"], found["late"], found["partition"]) == (1.5, True, 0)
    assert (letter["_id"], letter["raw"], letter["code"]) == ("t:0:1", b"\xff\x00", "not_utf8")


def test_a_crash_between_documents_and_offset_changes_nothing(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = batch(0, event(), b"{", event(value=2.5))
    with MongoSink(url, "t") as crashed, monkeypatch.context() as patched:
        crashed.claim([0])
        patched.setattr(MongoSink, "_advance", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            crashed.write(records)
    assert len(documents(url, "dqm_stream_events")) == 2

    with MongoSink(url, "t") as later:
        assert later.claim([0]) == {}
        later.write(records.slice(0, 2))
        later.write(records.slice(2))
        later.write(batch(3, event()))

    assert [one["_id"] for one in documents(url, "dqm_stream_events")] == ["t:0:0", "t:0:2", "t:0:3"]
    assert [one["_id"] for one in documents(url, "dqm_dead_letters")] == ["t:0:1"]
    assert offsets(url) == [(4, 2)]


def test_a_consumer_that_was_replaced_moves_no_offset(url: str) -> None:
    with MongoSink(url, "t") as old, MongoSink(url, "t") as new:
        assert old.claim([0]) == {}
        old.write(batch(0, event(), event()))
        assert new.claim([0]) == {0: 2}

        with pytest.raises(FencedError, match="another consumer"):
            old.write(batch(2, event()))
        assert len(documents(url, "dqm_stream_events")) == 2
        new.write(batch(2, event()))
        with pytest.raises(FencedError):
            old.write(batch(2, event()))

    assert (len(documents(url, "dqm_stream_events")), offsets(url)) == (3, [(3, 2)])


def test_the_command_copies_what_its_settings_name(
    url: str, broker: DevelopmentBroker, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(broker, 300)
    monkeypatch.setenv("DQM_HOME", str(settings.home))
    monkeypatch.setenv("DQM_KAFKA_BOOTSTRAP", broker.address.bootstrap)
    monkeypatch.setenv("DQM_STREAM_SINK", url)
    asked = [sys.executable, "-m", "dqm_assets.cli", "stream", "copy", "--topic", broker.address.topic]
    # However slow the machine: the clock starts when all is read.
    done = subprocess.run(
        [*asked, "--idle", "0.001", "--json"], capture_output=True, text=True, timeout=600, check=True
    )

    assert json.loads(done.stdout)["copied"][broker.address.topic]["records"] == 300
    assert sum(following for following, _ in offsets(url)) == 300


@pytest.mark.parametrize(
    ("url", "error", "words"),
    [
        ("mongodb://127.0.0.1:1/none", StoreError, "cannot be opened"),
        ("mongodb://127.0.0.1:1/", SettingsError, "mongodb://host/database"),
        ("mysql://127.0.0.1/none", SettingsError, "'mysql'"),
    ],
)
def test_a_database_that_cannot_be_is_named(
    url: str, error: type[Exception], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dqm_assets.sources.streams.mongo_sink._PATIENCE_MS", 300)
    with pytest.raises(error, match=words):
        open_sink(url, "t")


def test_without_the_client_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pymongo", None)

    with pytest.raises(SourceError, match=r"dqm\[mongodb\]"):
        open_sink("mongodb://127.0.0.1/none", "t")
