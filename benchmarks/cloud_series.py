"""Labelled service telemetry, and how alerts on it are counted."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

_WEEK = 7 * 86_400.0
#: Anomalous points closer than this belong to one alert: the cooldown that every rule here gets.
COOLDOWN = 12 * 3600.0


@dataclass(frozen=True)
class CloudSeries:
    """One file: seconds, values (NaN: missing) and labels (bool), shape (n,)."""

    name: str
    ts: np.ndarray
    values: np.ndarray
    labels: np.ndarray

    @property
    def weeks(self) -> float:
        """Length in weeks."""
        return float(self.ts[-1] - self.ts[0]) / _WEEK

    @property
    def events(self) -> list[tuple[int, int]]:
        """Runs of labelled points, first and last row."""
        edges = np.diff(np.concatenate(([0], self.labels.astype(np.int8), [0])))
        starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1) - 1
        return list(zip(starts.tolist(), ends.tolist(), strict=True))


def read_series(folder: Path) -> list[CloudSeries]:
    """Read every CSV (time, value, label) below ``folder``."""
    return [_read(path) for path in sorted(folder.glob("**/*.csv"))]


def _read(path: Path) -> CloudSeries:
    with path.open(newline="") as lines:
        rows = list(csv.reader(lines))[1:]
    moments = np.array([row[0].rstrip("Z").replace(" ", "T") for row in rows], dtype="datetime64[s]")
    values = np.array([float(row[1]) if row[1] else np.nan for row in rows])
    labels = np.array([float(row[2]) > 0 for row in rows])
    return CloudSeries(path.stem, moments.astype(np.int64).astype(float), values, labels)


@dataclass(frozen=True)
class Counts:
    """What a rule did on all series together."""

    events: int
    found: int
    false_alerts: int
    weeks: float

    def figures(self) -> dict[str, float]:
        """F1, recall, precision of events, and false alerts per series and week."""
        recall = self.found / self.events
        precision = self.found / (self.found + self.false_alerts) if self.found else 0.0
        f1 = 2 * recall * precision / (recall + precision) if self.found else 0.0
        return {
            "f1": f1,
            "recall": recall,
            "precision": precision,
            "false_alerts_per_series_week": self.false_alerts / self.weeks,
        }


def count(corpus: Sequence[CloudSeries], flagged: Sequence[np.ndarray]) -> Counts:
    """Count events that were flagged at least once, and alerts that touch no event.

    Args:
        corpus: the series.
        flagged: bool per point of each series. Flagged points less than ``COOLDOWN`` apart are one alert.
    """
    found = events = false_alerts = 0
    for series, points in zip(corpus, flagged, strict=True):
        spans = series.events
        events += len(spans)
        found += sum(bool(points[first : last + 1].any()) for first, last in spans)
        false_alerts += sum(
            not any(begin <= last and end >= first for first, last in spans)
            for begin, end in alerts_of(series.ts, points)
        )
    return Counts(events, found, false_alerts, sum(series.weeks for series in corpus))


def alerts_of(ts: np.ndarray, points: np.ndarray) -> list[tuple[int, int]]:
    """First and last row of each alert."""
    rows = np.flatnonzero(points)
    if rows.size == 0:
        return []
    breaks = np.flatnonzero(np.diff(ts[rows]) > COOLDOWN)
    starts = np.concatenate((rows[:1], rows[breaks + 1]))
    ends = np.concatenate((rows[breaks], rows[-1:]))
    return list(zip(starts.tolist(), ends.tolist(), strict=True))
