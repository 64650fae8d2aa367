"""How soon a verdict is there, at a high rate and for long: what a user starts, measured from outside.

``python -m benchmarks.stream_verdicts --minutes 10 --json``: ``dqm simulate stream --rate 10000`` beside
``DQM_STREAM_WINDOW_SECONDS=0.25 dqm stream run --linger 0.05``, two processes, with the Apache Kafka of the
tests (it needs Java and Maven) and an embedded PostgreSQL. One source is faulty once in each two minutes.

``under_1s``: share of the records of whose window a verdict was committed within a second of their arrival
at the broker; a lower bound from the service's own histogram, since records come evenly. A window's wait is
counted from its begin, thus from the earliest arrival: ``windows_under_1s`` is the share of windows by it;
``verdict_p95_ms``: 95th percentile of the waits of each ten seconds, the median of these, and the worst.
The first seconds are not counted (``--warm-up``). ``lost``: records that were sent and are neither an event
nor a dead letter. ``most_lag``: records at the broker that were not fetched, at most. ``…_cores``:
CPU seconds a second of the consumer and of its PostgreSQL.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
from prometheus_client.parser import text_string_to_metric_families

from benchmarks.report import print_report
from benchmarks.streams import database_cpu
from dqm_assets.settings import Settings
from dqm_assets.store import Store, open_store
from tests.integration.streams.jars import free_port
from tests.integration.streams.kafka.broker import make_broker

_TOPIC, _PARTITIONS = "sensor-events", 4
_PATIENCE = 300.0
#: Between two looks at the service.
_LOOK = 1.0
_STORED = """
    SELECT count(*) AS records, count(DISTINCT (partition, record_offset)) AS once
    FROM (SELECT partition, record_offset FROM raw.stream_events
        UNION ALL SELECT partition, record_offset FROM raw.dead_letters)
"""
_REPORTED = """
    SELECT verdict_ms, p99_ms FROM monitoring.stream_health
    WHERE ts > $since AND verdict_ms IS NOT NULL AND events > 0 ORDER BY verdict_ms
"""
_ALERTS = "SELECT count(*) AS n FROM monitoring.alerts WHERE dataset = 'stream_events'"


@dataclass(frozen=True)
class Scrape:
    """What the service said of itself; ``waits`` are (seconds, windows that waited at most so long)."""

    waits: tuple[tuple[float, float], ...]
    records: float
    lag: float


def scrape(port: int) -> Scrape | None:
    """Ask the service; None while it does not answer."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            return read(answer.read().decode())
    except OSError:
        return None


def read(exposition: str) -> Scrape:
    """Read the figures out of Prometheus' text."""
    samples = [s for family in text_string_to_metric_families(exposition) for s in family.samples]

    def total(name: str, **labels: str) -> float:
        wanted = labels.items()
        return sum(s.value for s in samples if s.name == name and wanted <= s.labels.items())

    buckets = [s for s in samples if s.name == "dqm_stream_verdict_seconds_bucket"]
    counts = sorted((float(s.labels["le"]), s.value) for s in buckets)
    return Scrape(
        tuple(counts),
        total("dqm_stream_records_total"),
        total("dqm_stream_lag_records"),
    )


@dataclass(frozen=True)
class Waits:
    """How long windows of a length waited between two scrapes, by upper edge in seconds."""

    counts: tuple[tuple[float, float], ...]
    width: float

    @classmethod
    def between(cls, first: Scrape, last: Scrape, width: float) -> "Waits":
        """Of the windows that came in between."""
        known = dict(first.waits)
        new = [(edge, count - known.get(edge, 0.0)) for edge, count in last.waits]
        below = [0.0, *(count for _, count in new)]
        return cls(
            tuple((edge, count - less) for (edge, count), less in zip(new, below, strict=False)), width
        )

    @property
    def windows(self) -> float:
        """How many there were."""
        return sum(count for _, count in self.counts)

    def windows_within(self, seconds: float) -> float:
        """Share of the windows that waited at most so long."""
        return sum(count for edge, count in self.counts if edge <= seconds) / self.windows

    def records_within(self, seconds: float) -> float:
        """Share of the records that waited at most so long, at least: as if each wait were its upper edge."""
        return (
            sum(count * min(1.0, max(0.0, 1 - (edge - seconds) / self.width)) for edge, count in self.counts)
            / self.windows
        )


class Service:
    """A command of dqm in a process of its own, which prints JSON when it ends."""

    def __init__(self, environment: dict[str, str], log: Path, *arguments: str) -> None:
        self._log = log
        with log.open("wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "dqm_assets.cli", *arguments, "--json"],
                env={**os.environ, **environment},
                stdout=subprocess.PIPE,
                stderr=errors,
            )

    def running(self) -> bool:
        """Whether it goes on."""
        return self.process.poll() is None

    def told(self) -> dict[str, Any]:
        """Wait for its end, and what it printed."""
        printed, _ = self.process.communicate(timeout=_PATIENCE)
        assert self.process.returncode == 0, self._log.read_text()[-3000:]
        return json.loads(printed)

    def cpu(self) -> float:
        """CPU seconds so far."""
        times = psutil.Process(self.process.pid).cpu_times()
        return times.user + times.system


def measure(  # noqa: PLR0917 - what runs, and how it is looked at
    store: Store, producer: Service, consumer: Service, port: int, window: float, warm_up: float
) -> dict[str, Any]:
    """Look at the service until the producer ends, and then at the store."""
    begins = time.time() + warm_up
    first: tuple[Scrape, float, float, float] | None = None
    figures: dict[str, Any] = {}
    most_lag, seen = 0.0, None
    while producer.running():
        assert consumer.running(), "the consumer ended"
        time.sleep(_LOOK)
        seen = scrape(port)
        if seen is None or time.time() < begins:
            continue
        now = (seen, time.time(), consumer.cpu(), database_cpu(store.settings.home))
        first = first or now
        most_lag = max(most_lag, seen.lag)
        before, since, cpu, database = first
        span = now[1] - since
        waits = Waits.between(before, seen, window)
        if span > 0 and waits.windows:
            figures = {
                "rate_seen": (seen.records - before.records) / span,
                "windows": waits.windows,
                "under_1s": waits.records_within(1.0),
                "windows_under_1s": waits.windows_within(1.0),
                "consumer_cores": (now[2] - cpu) / span,
                "postgres_cores": (now[3] - database) / span,
            }
    sent = producer.told()
    deadline = time.monotonic() + _PATIENCE
    while (seen is None or seen.records < sent["records"]) and time.monotonic() < deadline:
        time.sleep(_LOOK)
        seen = scrape(port)
    consumer.process.send_signal(signal.SIGINT)
    taken = consumer.told()
    (stored,), (alerts,) = store.rows(_STORED), store.rows(_ALERTS)
    reports = store.rows(_REPORTED, {"since": datetime.fromtimestamp(begins, UTC)})
    p95s = [row["verdict_ms"] for row in reports]
    return {
        **figures,
        "verdict_p95_ms": p95s[len(p95s) // 2] if p95s else None,
        "verdict_p95_ms_worst": p95s[-1] if p95s else None,
        "latency_p99_ms_worst": max((row["p99_ms"] for row in reports), default=None),
        "most_lag": most_lag,
        "sent": sent["records"],
        "taken": taken["records"],
        "lost": sent["records"] - stored["once"],
        "doubled": stored["records"] - stored["once"],
        "alerts": alerts["n"],
    }


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", action="store_true", help="one JSON line")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--rate", type=int, default=10_000, help="events a second")
    parser.add_argument("--window", type=float, default=0.25, help="seconds of a window")
    parser.add_argument("--warm-up", type=float, default=40.0, help="seconds that are not counted")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="dqm-verdicts-") as name:
        folder = Path(name)
        (folder / "kafka").mkdir()
        broker = make_broker(folder / "kafka")
        broker.start()
        try:
            broker.make_topic(_TOPIC, _PARTITIONS)
            figures = _run(folder, broker.bootstrap, options)
        finally:
            broker.kill()
    asked = {"minutes": options.minutes, "rate": options.rate, "window_s": options.window}
    print_report("stream_verdicts", {**asked, **figures}, {}, as_json=options.json)


def _run(folder: Path, bootstrap: str, options: argparse.Namespace) -> dict[str, Any]:
    port = free_port()
    environment = {
        "DQM_HOME": str(folder / "home"),
        "DQM_KAFKA_BOOTSTRAP": bootstrap,
        "DQM_KAFKA_TOPICS": _TOPIC,
        "DQM_STREAM_WINDOW_SECONDS": str(options.window),
        "DQM_STREAM_METRICS_PORT": str(port),
    }
    amount = str(int(options.rate * options.minutes * 60))
    sending = ("--rate", str(options.rate), "--max", amount, "--faults-every", "2")
    with open_store(Settings(home=folder / "home")) as store:
        started: list[Service] = []
        try:
            consumer = Service(environment, folder / "consumer", "stream", "run", "--linger", "0.05")
            started.append(consumer)
            producer = Service(environment, folder / "producer", "simulate", "stream", *sending)
            started.append(producer)
            return measure(store, producer, consumer, port, options.window, options.warm_up)
        finally:
            for service in started:
                if service.running():
                    service.process.kill()


if __name__ == "__main__":
    main()
