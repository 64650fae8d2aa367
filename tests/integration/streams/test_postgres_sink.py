"""Into somebody's PostgreSQL: each record once, with its offset, and old consumers shut out."""

import json
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import pyarrow as pa
import pytest

from dqm_assets.errors import StoreError
from dqm_assets.settings import Settings
from dqm_assets.simulate.broker import DevelopmentBroker
from dqm_assets.sources.streams.classify import RECORDS
from dqm_assets.sources.streams.consumer import StreamConsumer, StreamLimits
from dqm_assets.sources.streams.postgres_sink import PostgresSink
from dqm_assets.sources.streams.sink import FencedError
from tests.integration.streams.conftest import send

EVENT = {"event_id": "e", "source": "a", "sensor": "s", "value": 1.5, "status": "ok"}


@pytest.fixture
def url(postgres_server: str) -> Iterator[str]:
    name = f"sink_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield postgres_server.replace("/postgres?", f"/{name}?")
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def rows(url: str, query: str) -> list[tuple]:
    with psycopg.connect(url) as connection:
        return connection.execute(query).fetchall()


def batch(first: int, *values: bytes) -> pa.Table:
    amount = len(values)
    return pa.table(
        {
            "topic": ["t"] * amount,
            "partition": [0] * amount,
            "record_offset": list(range(first, first + amount)),
            "produced_at": [datetime.now(UTC)] * amount,
            "simulated": [False] * amount,
            "raw": list(values),
        },
        schema=RECORDS,
    )


def event(**changes: Any) -> bytes:
    return json.dumps({**EVENT, "ts": datetime.now(UTC).isoformat(), **changes}).encode()


def consume(url: str, broker: DevelopmentBroker, amount: int) -> None:
    deadline = time.monotonic() + 120
    limits = StreamLimits(batch=500, metadata=0.5)
    where = broker.address
    with (
        PostgresSink(url, where.topic) as sink,
        StreamConsumer(where.bootstrap, where.topic, sink, limits) as consumer,
    ):
        consumer.run(lambda: consumer.totals.records >= amount or time.monotonic() > deadline)


def test_each_record_of_a_topic_is_there_once_with_its_offset(url: str, broker: DevelopmentBroker) -> None:
    made = send(broker, 2000)
    consume(url, broker, 2000)
    made += send(broker, 1000, seed=8)
    consume(url, broker, 1000)

    counts = "SELECT count(*), count(DISTINCT (partition, record_offset)) FROM"
    poison = sum(bool(one.poison) for one in made)
    assert rows(url, f"{counts} dqm_stream_events") == [(3000 - poison,) * 2]
    assert rows(url, f"{counts} dqm_dead_letters") == [(poison,) * 2]
    assert rows(url, "SELECT sum(next_offset), max(epoch) FROM dqm_stream_offsets") == [(3000, 2)]


def test_the_command_copies_what_its_settings_name(
    url: str, broker: DevelopmentBroker, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(broker, 500)
    monkeypatch.setenv("DQM_HOME", str(settings.home))
    monkeypatch.setenv("DQM_KAFKA_BOOTSTRAP", broker.address.bootstrap)
    asked = [sys.executable, "-m", "dqm_assets.cli", "stream", "copy", "--topic", broker.address.topic]
    without = subprocess.run(asked, check=False, capture_output=True, text=True, timeout=120)
    assert (without.returncode, "DQM_STREAM_SINK" in without.stderr) == (2, True)

    monkeypatch.setenv("DQM_STREAM_SINK", url)
    # However slow the machine: the clock starts when all is read.
    done = subprocess.run(
        [*asked, "--idle", "0.001", "--json"], capture_output=True, text=True, timeout=600, check=True
    )

    assert json.loads(done.stdout)["copied"][broker.address.topic]["records"] == 500
    assert rows(url, "SELECT sum(next_offset) FROM dqm_stream_offsets") == [(500,)]


def test_values_arrive_as_they_were_sent(url: str) -> None:
    with PostgresSink(url, "t") as sink:
        sink.claim([0])
        sink.write(batch(0, event(ts="2026-02-02T10:00:00.25+02:00", sensor='a "b",\nç'), b"\xff\x00"))

    at = datetime(2026, 2, 2, 8, 0, 0, 250000, tzinfo=UTC)
    found = rows(url, "SELECT record_offset, ts, sensor, value, late FROM dqm_stream_events")
    assert found == [(0, at, 'a "b",\nç', 1.5, True)]
    assert rows(url, "SELECT record_offset, raw, code FROM dqm_dead_letters") == [
        (1, b"\xff\x00", "not_utf8")
    ]


def test_a_character_that_the_database_refuses_does_not_spoil_the_batch(url: str) -> None:
    with PostgresSink(url, "t") as sink:
        sink.claim([0])
        written = sink.write(batch(0, event(), event(sensor="a\x00b"), event()))

    assert (written.events, written.dead_letters) == (2, 1)
    assert rows(url, "SELECT record_offset, reason FROM dqm_dead_letters") == [
        (1, "a text holds the character NUL")
    ]


def test_a_consumer_that_was_replaced_cannot_write_any_more(url: str) -> None:
    with PostgresSink(url, "t") as old, PostgresSink(url, "t") as new:
        assert old.claim([0]) == {}
        old.write(batch(0, event(), event()))
        assert new.claim([0]) == {0: 2}

        with pytest.raises(FencedError, match="another consumer"):
            old.write(batch(2, event()))
        new.write(batch(2, event()))
        with pytest.raises(FencedError):
            old.write(batch(2, event()))

    assert rows(url, "SELECT count(*), max(record_offset) FROM dqm_stream_events") == [(3, 2)]


def test_a_batch_that_the_database_refuses_moves_no_offset(url: str) -> None:
    with PostgresSink(url, "t") as sink:
        sink.claim([0])
        sink.write(batch(0, event()))
        with psycopg.connect(url) as connection:
            connection.execute("DROP TABLE dqm_dead_letters")
        with pytest.raises(StoreError, match="refuses"):
            sink.write(batch(1, event(), b"{"))

    assert rows(url, "SELECT next_offset FROM dqm_stream_offsets") == [(1,)]
    assert rows(url, "SELECT count(*) FROM dqm_stream_events") == [(1,)]


def test_a_database_that_is_not_there_is_named(url: str) -> None:
    with pytest.raises(StoreError, match="cannot be opened"):
        PostgresSink("postgresql://127.0.0.1:1/none?connect_timeout=2", "t")
