"""What the verdict benchmark reads from the service's metrics."""

import pytest

pytest.importorskip("confluent_kafka", reason="streams are an extra: pip install 'dqm[kafka]'")

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily

from benchmarks.stream_verdicts import Scrape, Waits, read


class _Service:
    def collect(self):
        waits = HistogramMetricFamily("dqm_stream_verdict_seconds", "Waits.")
        waits.add_metric([], buckets=[("1", 3.0), ("+Inf", 5.0)], sum_value=6.0)
        yield waits
        records = CounterMetricFamily("dqm_stream_records", "Records.", labels=("topic", "outcome"))
        records.add_metric(["a", "event"], 10)
        records.add_metric(["b", "not_json"], 2)
        yield records


def test_it_reads_what_prometheus_would() -> None:
    registry = CollectorRegistry()
    registry.register(_Service())

    seen = read(generate_latest(registry).decode())

    assert seen == Scrape(((1.0, 3.0), (float("inf"), 5.0)), 12.0, 0.0)


@pytest.mark.parametrize(
    ("counts", "windows", "records"),
    [
        ([10, 10, 10, 10], 1.0, 1.0),
        ([0, 10, 10, 10], 0.0, 0.8),
        ([5, 5, 10, 10], 0.5, 0.75),
        ([0, 0, 0, 10], 0.0, 0.0),
    ],
)
def test_records_wait_less_than_their_window(counts: list[float], windows: float, records: float) -> None:
    edges = (1.0, 1.1, 1.25, float("inf"))
    before = Scrape(tuple((edge, 7.0) for edge in edges), 0.0, 0.0)
    after = Scrape(tuple((edge, 7.0 + n) for edge, n in zip(edges, counts, strict=True)), 0.0, 0.0)

    waits = Waits.between(before, after, 0.5)

    assert waits.windows == 10
    assert waits.windows_within(1.0) == pytest.approx(windows)
    assert waits.records_within(1.0) == pytest.approx(records)
