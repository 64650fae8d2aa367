"""What a consumer of one topic says of itself: amounts, latency, commits."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa

#: Upper edges of the histograms, in seconds.
LATENCY_EDGES = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0, 600.0)
#: Of waits for verdicts: fine where a second is the aim.
VERDICT_EDGES = (0.1, 0.25, *(n / 10 for n in range(5, 16)), 2.5, 5.0, 10.0, 60.0, 600.0)
#: Latencies of one report that are kept for its percentiles; of more, an even share.
_MOST_LATENCIES = 200_000


class TimeHistogram:
    """Times in seconds, counted between edges as Prometheus wants them."""

    def __init__(self, edges: Sequence[float] = LATENCY_EDGES) -> None:
        self._edges = np.array(edges)
        self._counts = np.zeros(len(edges) + 1, dtype=np.int64)
        self._total = 0.0

    def add(self, seconds: np.ndarray) -> None:
        """Count times, float64 of shape (n,)."""
        places = np.searchsorted(self._edges, seconds, side="left")
        self._counts += np.bincount(places, minlength=len(self._counts))
        self._total += float(seconds.sum())

    @property
    def buckets(self) -> list[tuple[str, float]]:
        """Upper edge and how many times are at or below it; the last edge is '+Inf'."""
        edges = [*(f"{edge:g}" for edge in self._edges), "+Inf"]
        return list(zip(edges, np.cumsum(self._counts).astype(float).tolist(), strict=True))

    @property
    def total(self) -> float:
        """All times together."""
        return self._total


@dataclass(frozen=True)
class MeterReading:
    """What happened since the reading before; times in milliseconds, NaN when there were none."""

    seconds: float
    events: int
    dead_letters: int
    p50_ms: float
    p99_ms: float
    commit_ms: float
    claims: int
    simulated: bool


class StreamMeter:
    """Counts what a sink does, as its listener and by the steps of its writes; threads may read meanwhile."""

    def __init__(self, topic: str) -> None:
        self.topic = topic
        self.events = self.dead_letters = self.claims = self.failures = 0
        self.dead_by_code: dict[str, int] = {}
        self.last_commit: datetime | None = None
        self.latency, self.commits = TimeHistogram(), TimeHistogram()
        self._guard = threading.Lock()
        self._began = time.monotonic()
        self._read_at, self._read = time.monotonic(), (0, 0, 0)
        self._latencies: list[np.ndarray] = []
        self._commit_seconds: list[float] = []
        self._simulated = False

    def at(self, step: str) -> None:
        """A step of a write begins."""
        if step == "classify":
            self._began = time.monotonic()

    def claimed(self, partitions: Sequence[int]) -> None:
        """Partitions were claimed."""
        with self._guard:
            self.claims += len(partitions)

    def take(self, events: pa.Table, letters: pa.Table) -> None:
        """A batch was committed."""
        now = datetime.now(UTC)
        took = time.monotonic() - self._began
        seconds = np.concatenate([_ages(events, now), _ages(letters, now)])
        with self._guard:
            self.events += events.num_rows
            self.dead_letters += letters.num_rows
            for code in letters["code"].to_pylist():
                self.dead_by_code[code] = self.dead_by_code.get(code, 0) + 1
            self.last_commit = now
            self.latency.add(seconds)
            self.commits.add(np.array([took]))
            self._latencies.append(seconds)
            self._commit_seconds.append(took)
            if events.num_rows:
                self._simulated = bool(events["simulated"][-1].as_py())

    def failed(self) -> None:
        """The consumer ended with an error."""
        with self._guard:
            self.failures += 1

    def read(self) -> MeterReading:
        """What happened since the last reading."""
        with self._guard:
            now, totals = time.monotonic(), (self.events, self.dead_letters, self.claims)
            latencies, commits = self._latencies, self._commit_seconds
            self._latencies, self._commit_seconds = [], []
            before, since = self._read, self._read_at
            self._read, self._read_at = totals, now
            simulated = self._simulated
        seconds = np.concatenate(latencies) if latencies else np.array([])
        seconds = seconds[:: max(1, seconds.size // _MOST_LATENCIES)]
        p50, p99 = np.quantile(seconds, [0.5, 0.99]) * 1e3 if seconds.size else (np.nan, np.nan)
        return MeterReading(
            now - since,
            totals[0] - before[0],
            totals[1] - before[1],
            float(p50),
            float(p99),
            float(np.median(commits) * 1e3) if commits else float("nan"),
            totals[2] - before[2],
            simulated,
        )


def _ages(records: pa.Table, now: datetime) -> np.ndarray:
    """Seconds from the broker to now; a producer's clock that is ahead gives 0."""
    produced = records["produced_at"].cast(pa.timestamp("us", "UTC")).cast(pa.int64()).to_numpy()
    return np.maximum(0.0, now.timestamp() - produced / 1e6)
