"""Prometheus: what the consumer service counts, for scraping on a loopback port of its own."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import structlog
from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from dqm_assets.sources.streams.meter import TimeHistogram

if TYPE_CHECKING:
    from dqm_assets.sources.streams.service import StreamService, TopicWatch

_log = structlog.get_logger(__name__)
_TOPIC = ("topic",)


class StreamCollector:
    """Shows a service's counters as they are at a scrape."""

    def __init__(self, service: "StreamService") -> None:
        self._service = service

    def collect(self) -> Iterator[Metric]:
        """Give every metric, by topic."""
        watches = self._service.watches
        yield _records(watches)
        yield _counter(
            "dqm_stream_partitions_claimed", "Partitions claimed.", [(w, w.meter.claims) for w in watches]
        )
        yield _counter(
            "dqm_stream_consumer_failures", "Consumers that failed.", [(w, w.meter.failures) for w in watches]
        )
        yield _gauge(
            "dqm_stream_lag_records",
            "Records at the broker that are not fetched.",
            [(w, w.lag) for w in watches],
        )
        yield _gauge(
            "dqm_stream_last_commit_timestamp_seconds",
            "Time of the last commit.",
            [(w, w.meter.last_commit.timestamp() if w.meter.last_commit else None) for w in watches],
        )
        latency = HistogramMetricFamily(
            "dqm_stream_latency_seconds", "From the broker to the commit.", labels=_TOPIC
        )
        commit = HistogramMetricFamily("dqm_stream_commit_seconds", "Time of a write.", labels=_TOPIC)
        for watch in watches:
            _fill(latency, [watch.topic], watch.meter.latency)
            _fill(commit, [watch.topic], watch.meter.commits)
        yield latency
        yield commit
        reporter = self._service.reporter
        verdict = HistogramMetricFamily(
            "dqm_stream_verdict_seconds", "From the begin of a window to its stored verdicts."
        )
        _fill(verdict, [], reporter.verdicts)
        yield verdict
        for name, words, value in (
            ("dqm_stream_windows_judged", "Windows judged.", reporter.windows),
            ("dqm_stream_alerts_opened", "Alerts opened.", reporter.opened),
        ):
            yield CounterMetricFamily(name, words, value=value)


def expose(service: "StreamService", host: str, port: int) -> None:
    """Answer scrapes until the process ends; a port that is taken costs the metrics, not the stream."""
    registry = CollectorRegistry()
    registry.register(StreamCollector(service))
    try:
        start_http_server(port, host, registry)
    except OSError as error:
        _log.warning(
            "stream_metrics_not_exposed",
            address=f"{host}:{port}",
            error=str(error),
            remedy="set DQM_STREAM_METRICS_PORT to a free port (0 for none), and have Prometheus scrape that",
        )


def _records(watches: "Sequence[TopicWatch]") -> Metric:
    family = CounterMetricFamily(
        "dqm_stream_records", "Records by what became of them.", labels=("topic", "outcome")
    )
    for watch in watches:
        family.add_metric([watch.topic, "event"], watch.meter.events)
        for code, count in sorted(watch.meter.dead_by_code.items()):
            family.add_metric([watch.topic, code], count)
    return family


def _counter(name: str, words: str, values: "Sequence[tuple[TopicWatch, int]]") -> Metric:
    family = CounterMetricFamily(name, words, labels=_TOPIC)
    for watch, value in values:
        family.add_metric([watch.topic], value)
    return family


def _gauge(name: str, words: str, values: "Sequence[tuple[TopicWatch, float | None]]") -> Metric:
    family = GaugeMetricFamily(name, words, labels=_TOPIC)
    for watch, value in values:
        if value is not None:
            family.add_metric([watch.topic], value)
    return family


def _fill(family: HistogramMetricFamily, labels: list[str], found: TimeHistogram) -> None:
    family.add_metric(labels, buckets=found.buckets, sum_value=found.total)
