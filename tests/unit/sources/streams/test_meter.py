"""What a consumer says of itself: amounts, percentiles, and what Prometheus reads."""

import socket
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import structlog
from prometheus_client import CollectorRegistry, generate_latest
from structlog.testing import capture_logs

from dqm_assets.sources.streams import exposition
from dqm_assets.sources.streams.exposition import StreamCollector
from dqm_assets.sources.streams.meter import StreamMeter, TimeHistogram


def batch(ages: list[float], code: str = "") -> pa.Table:
    at = [datetime.now(UTC) - timedelta(seconds=age) for age in ages]
    return pa.table(
        {
            "produced_at": pa.array(at, pa.timestamp("ms", "UTC")),
            "simulated": pa.array([True] * len(at), pa.bool_()),
            "code": pa.array([code] * len(at), pa.string()),
        }
    )


def test_a_histogram_counts_what_is_at_or_below_each_edge() -> None:
    found = TimeHistogram((1.0, 2.0))
    found.add(np.array([0.5, 1.0, 1.5, 9.0]))
    found.add(np.array([]))

    assert found.buckets == [("1", 2.0), ("2", 3.0), ("+Inf", 4.0)]
    assert found.total == 12.0


def test_a_reading_is_of_what_came_since_the_last_one() -> None:
    meter = StreamMeter("t")
    meter.claimed([0, 1])
    meter.at("classify")
    meter.take(batch([10.0] * 9 + [100.0]), batch([10.0], "not_json"))
    first, second = meter.read(), meter.read()

    assert (first.events, first.dead_letters, first.claims, first.simulated) == (10, 1, 2, True)
    assert first.p50_ms == pytest.approx(10_000, abs=5_000)
    assert first.p99_ms > 2 * first.p50_ms
    assert (second.events, second.claims) == (0, 0)
    assert np.isnan(second.p50_ms)
    assert (meter.events, meter.dead_by_code) == (10, {"not_json": 1})


def test_prometheus_reads_counters_by_topic_and_outcome() -> None:
    meter = StreamMeter("t")
    meter.claimed([0])
    meter.take(batch([0.02, 3.0]), batch([0.1], "tombstone"))
    watch = SimpleNamespace(topic="t", meter=meter, lag=7)
    reporter = SimpleNamespace(verdicts=TimeHistogram(), windows=3, opened=1)
    registry = CollectorRegistry()
    registry.register(StreamCollector(SimpleNamespace(watches=[watch], reporter=reporter)))
    lines = generate_latest(registry).decode().splitlines()

    assert 'dqm_stream_records_total{outcome="event",topic="t"} 2.0' in lines
    assert 'dqm_stream_records_total{outcome="tombstone",topic="t"} 1.0' in lines
    assert 'dqm_stream_lag_records{topic="t"} 7.0' in lines
    assert 'dqm_stream_latency_seconds_bucket{le="+Inf",topic="t"} 3.0' in lines
    assert "dqm_stream_windows_judged_total 3.0" in lines


def test_a_port_that_is_taken_costs_the_metrics_and_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    service: Any = SimpleNamespace()
    with socket.socket() as taken, capture_logs() as said:
        monkeypatch.setattr(exposition, "_log", structlog.get_logger())
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        exposition.expose(service, "127.0.0.1", taken.getsockname()[1])

    assert [one["event"] for one in said] == ["stream_metrics_not_exposed"]
    assert "DQM_STREAM_METRICS_PORT" in said[0]["remedy"]
