"""Windows of a stream in the store: counted once, judged once, corrected when more comes."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from dqm_assets.errors import StoreError
from dqm_assets.simulate.broker import DevelopmentBroker
from dqm_assets.simulate.producing import produce
from dqm_assets.simulate.stream import SensorStream
from dqm_assets.sources.streams import classify, counted_windows
from dqm_assets.sources.streams.classify import RECORDS
from dqm_assets.sources.streams.consumer import StreamLimits
from dqm_assets.sources.streams.counted_windows import CountedWindows
from dqm_assets.sources.streams.dead_letters import replay
from dqm_assets.sources.streams.service import StreamPlan, StreamService
from dqm_assets.sources.streams.sink import FencedError, StreamSink
from dqm_assets.sources.streams.window_judge import WindowJudge
from dqm_assets.sources.streams.window_keeper import WindowKeeper
from dqm_assets.store import Store
from dqm_assets.store.export import export

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
WIDTH = timedelta(seconds=5)

COUNTED = """
    SELECT source, sum(events) AS events, sum(dead_letters) AS dead, sum(duplicates) AS repeated
    FROM metrics.stream_windows GROUP BY source ORDER BY source
"""
#: What the windows must say, straight from the rows.
PROCESSED = "SELECT * FROM processed_data ORDER BY window_start, source"
DIRECT = """
    WITH rows AS (
        SELECT source, produced_at, value, status, 0 AS dead FROM raw.stream_events
        UNION ALL
        SELECT coalesce(try(json_extract_string(decode(raw), '$.source')), ''), produced_at, NULL, NULL, 1
        FROM raw.dead_letters
    )
    SELECT source, time_bucket(INTERVAL '5 seconds', produced_at, TIMESTAMPTZ '1970-01-01') AS window_start,
        count(*) FILTER (dead = 0) / 5.0 AS rate, avg(value) AS mean, stddev_samp(value) AS std,
        sum((dead = 1 OR status = 'error')::INT) / count(*) AS error_rate
    FROM rows WHERE source <> '' GROUP BY ALL ORDER BY window_start, source
"""


def records(first: int, sources: str, second: float = 0.0, raw: bytes | None = None) -> pa.Table:
    """One record a letter, all of one second; without a source they are what ``raw`` says."""
    at = START + timedelta(seconds=second)
    bodies = [
        raw
        or json.dumps(
            {
                "event_id": f"{source}-{first + place}",
                "source": source,
                "sensor": "s",
                "ts": at.isoformat(),
                "value": float(first + place),
                "status": "ok",
            }
        ).encode()
        for place, source in enumerate(sources)
    ]
    amount = len(bodies)
    return pa.table(
        {
            "topic": ["t"] * amount,
            "partition": [0] * amount,
            "record_offset": list(range(first, first + amount)),
            "produced_at": [int(at.timestamp() * 1000)] * amount,
            "simulated": [False] * amount,
            "raw": bodies,
        },
        schema=RECORDS,
    )


def consumer(
    store: Store, counted: CountedWindows | None = None, partition: int = 0
) -> tuple[StreamSink, WindowKeeper]:
    """A consumer of a partition."""
    keeper = WindowKeeper(store, "t", WIDTH, counted)
    sink = StreamSink(store, "t", listener=keeper)
    sink.claim([partition])
    return sink, keeper


def read_until(keeper: WindowKeeper, second: float) -> None:
    keeper.polled(started=START + timedelta(seconds=second + 0.2), drained=True)
    keeper.flush()


def test_several_topics_are_consumed_counted_and_shown_as_they_are(
    store: Store, broker: DevelopmentBroker
) -> None:
    topics = (f"{broker.address.topic}-a", f"{broker.address.topic}-b")
    stream = SensorStream(poison_share=0.3).events()
    for number in range(1200):
        produce(broker.producer, topics[number % 3 == 0], next(stream))
    assert broker.producer.flush(60) == 0
    plan = StreamPlan(
        broker.address.bootstrap, topics, limits=StreamLimits(batch=200, metadata=0.5), width=WIDTH
    )
    service = StreamService(store, plan)
    deadline = time.monotonic() + 120
    judged = "SELECT max(ts) AS at FROM metrics.metrics WHERE metric = 'event_rate'"
    last = "SELECT max(produced_at) AS at FROM raw.stream_events"

    def done() -> bool:
        if service.totals.records < 1200:
            return time.monotonic() > deadline
        at, newest = store.rows(judged)[0]["at"], store.rows(last)[0]["at"]
        return (at is not None and at + WIDTH > newest) or time.monotonic() > deadline

    assert service.run(done).records == 1200
    found = store.query("SELECT count(*) AS n, count(DISTINCT topic) AS topics FROM raw.stream_events")
    assert found["topics"].to_pylist() == [2]
    direct = store.rows(DIRECT)
    shown = {
        (row["source"], row["window_start"]): row for row in store.rows(PROCESSED) if row["mean"] is not None
    }
    assert len(direct) == len(shown) > 0
    for row in direct:
        line = shown[row["source"], row["window_start"]]
        for name in ("rate", "mean", "std", "error_rate"):
            assert line[name] == pytest.approx(float(row[name]) if row[name] is not None else None), name
    assert store.rows("SELECT * FROM processed_data WHERE error_rate > 0.05")
    health = store.rows("SELECT DISTINCT topic FROM monitoring.stream_health ORDER BY topic")
    assert [row["topic"] for row in health] == list(topics)
    status = store.rows("SELECT status FROM monitoring.pipeline_status WHERE pipeline = 'stream_events'")
    assert status == [{"status": "SUCCESS"}]


def test_a_service_does_not_go_on_without_one_of_its_threads(
    store: Store, broker: DevelopmentBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_judge: WindowJudge) -> None:
        raise ZeroDivisionError

    plan = StreamPlan(broker.address.bootstrap, (broker.address.topic,), width=timedelta(seconds=1))
    service = StreamService(store, plan)
    with monkeypatch.context() as patch, pytest.raises(ZeroDivisionError):
        patch.setattr(WindowJudge, "judge", broken)
        service.run(lambda: False)


def test_what_a_killed_consumer_wrote_and_did_not_count_is_counted_by_the_next(store: Store) -> None:
    sink, keeper = consumer(store)
    sink.write(records(0, "aab"))
    read_until(keeper, 1)
    sink.write(records(3, "abb", 2.0))
    sink.write(records(6, "x", 2.0, raw=b"{"))

    again, counting = consumer(store)
    again.write(records(7, "a", 3.0))
    read_until(counting, 4)

    expected = [
        {"source": "(unknown)", "events": 0, "dead": 1, "repeated": 0},
        {"source": "a", "events": 4, "dead": 0, "repeated": 0},
        {"source": "b", "events": 3, "dead": 0, "repeated": 0},
    ]
    assert store.rows(COUNTED) == expected
    with pytest.raises(FencedError):
        keeper.flush()
    assert store.rows(COUNTED) == expected


def test_a_repetition_is_known_to_the_next_consumer(store: Store) -> None:
    sink, keeper = consumer(store)
    first = records(0, "a")
    sink.write(first)
    read_until(keeper, 1)

    again, counting = consumer(store)
    again.write(first.set_column(2, "record_offset", pa.array([1], pa.int64())))
    read_until(counting, 4)

    assert store.rows(COUNTED) == [{"source": "a", "events": 2, "dead": 0, "repeated": 1}]


def rates(store: Store, segment: str) -> dict[int, float]:
    """Rate by the second at which the window begins."""
    rows = store.rows(
        "SELECT ts, value FROM metrics.metrics WHERE metric = 'event_rate' AND segment = ? ORDER BY ts",
        [segment],
    )
    return {int((row["ts"] - START).total_seconds()): row["value"] for row in rows}


def test_a_window_is_judged_when_it_is_over_and_corrected_when_more_comes(store: Store) -> None:
    sink, keeper = consumer(store)
    judge = WindowJudge(store, WIDTH)
    sink.write(records(0, "aaaaab"))
    read_until(keeper, 4)
    assert judge.judge().windows == 0
    read_until(keeper, 5)

    assert judge.judge().windows == 1
    assert (rates(store, "a"), rates(store, "b"), rates(store, "")) == ({0: 1.0}, {0: 0.2}, {0: 1.2})
    assert judge.judge().windows == 0
    again = WindowJudge(store, WIDTH)
    again.judge()
    assert rates(store, "a") == {0: 1.0}

    sink.write(records(6, "aaaaa", 1.0))
    read_until(keeper, 6)
    assert again.judge().windows == 1
    assert (rates(store, "a"), rates(store, "")) == ({0: 2.0}, {0: 2.2})
    metrics = "SELECT count(*) AS n, count(DISTINCT (column_name, segment, metric, batch)) AS keys FROM {}"
    for table in ("metrics.metrics", "monitoring.verdicts"):
        (row,) = store.rows(metrics.format(table))
        assert row["n"] == row["keys"] > 0


def test_what_this_process_counted_is_not_read_until_another_counts_too(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As if this process had been alone for an hour.
    apart = counted_windows._APART
    monkeypatch.setattr(counted_windows, "_APART", -timedelta(hours=1))
    now = (datetime.now(UTC) - START) // WIDTH * WIDTH.total_seconds()
    counted = CountedWindows(store)
    sink, keeper = consumer(store, counted)
    judge = WindowJudge(store, WIDTH, counted=counted)
    read_until(keeper, now - 60)
    judge.judge()
    asked: list[str] = []
    query = store.query

    def noted(sql: str, *given: object, **named: object) -> pa.Table:
        asked.append(sql)
        return query(sql, *given, **named)  # ty: ignore[invalid-argument-type]

    monkeypatch.setattr(store, "query", noted)
    sink.write(records(0, "aaaaab", now - 60))
    read_until(keeper, now - 55)
    assert judge.judge().windows == 1
    assert rates(store, "a") == {now - 60: 1.0}
    assert not [sql for sql in asked if "stream_windows" in sql]

    monkeypatch.setattr(counted_windows, "_APART", apart)
    another, its_keeper = consumer(store, partition=1)
    rows = records(6, "aaaaa", now - 59)
    another.write(rows.set_column(1, "partition", [[1] * 5]))
    read_until(its_keeper, now - 55)
    broken = [True]
    monkeypatch.setattr(store, "query", partial(_failing, broken, noted))
    with pytest.raises(StoreError, match="away"):
        judge.judge()
    assert judge.judge().windows == 1, "what could not be read is read by the next look"
    assert rates(store, "a") == {now - 60: 2.0}
    assert [sql for sql in asked if "stream_windows" in sql]


def _failing(
    broken: list[bool], query: Callable[..., pa.Table], sql: str, *given: object, **named: object
) -> pa.Table:
    """Ask, but fail the first question for windows."""
    if "stream_windows" in sql and broken:
        broken.clear()
        raise StoreError("the store is away")
    return query(sql, *given, **named)


def test_a_source_that_falls_silent_has_a_rate_of_nothing(store: Store) -> None:
    sink, keeper = consumer(store)
    judge = WindowJudge(store, WIDTH)
    sink.write(records(0, "ab"))
    read_until(keeper, 5)
    judge.judge()
    sink.write(records(2, "a", 6.0))
    read_until(keeper, 15)

    assert judge.judge().windows == 2
    assert rates(store, "a") == {0: 0.2, 5: 0.2, 10: 0.0}
    assert rates(store, "b") == {0: 0.2, 5: 0.0, 10: 0.0}


def test_a_letter_that_becomes_an_event_moves_in_its_window(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink, keeper = consumer(store)
    raw = records(0, "a")["raw"][0].as_py().replace(b'"value": 0.0', b'"value": 2e9')
    sink.write(records(0, "x", raw=raw))
    read_until(keeper, 5)
    judge = WindowJudge(store, WIDTH)
    judge.judge()
    monkeypatch.setattr(classify, "_PARSE", classify._PARSE.replace("1000000000.0", "1e12"))

    assert replay(store).mended == replay(store).tried + 1 == 1
    judge.judge()

    assert store.rows(COUNTED) == [{"source": "a", "events": 1, "dead": 0, "repeated": 0}]
    errors = "SELECT value FROM metrics.metrics WHERE metric = 'error_rate' AND segment = ''"
    assert store.rows(errors) == [{"value": 0.0}]


def test_an_export_answers_for_the_processed_data(store: Store, tmp_path: Path) -> None:
    sink, keeper = consumer(store)
    sink.write(records(0, "ab"))
    read_until(keeper, 5)
    WindowJudge(store, WIDTH).judge()
    export(store, tmp_path / "all.duckdb")

    with duckdb.connect(str(tmp_path / "all.duckdb"), read_only=True) as file:
        rows = file.execute(
            "SELECT source, rate FROM processed_data WHERE error_rate <= 0.05 ORDER BY source"
        )
        assert rows.fetchall() == [("a", 0.2), ("b", 0.2)]
    assert store.rows("SELECT count(*) AS n FROM raw.stream_events") == [{"n": 2}]
