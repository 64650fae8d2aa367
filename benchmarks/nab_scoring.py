"""The published NAB scoring: Lavin and Ahmad, Evaluating Real-time Anomaly Detection Algorithms (2015)."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

_PROBATION, _PROBATION_ROWS = 0.15, 5000


@dataclass(frozen=True)
class Profile:
    """What each kind of detection is worth (section III.B of the paper; weights of the published results)."""

    name: str
    true_positive: float
    false_positive: float
    false_negative: float


PROFILES = (
    Profile("standard", 1.0, 0.11, 1.0),
    Profile("low_fp", 1.0, 0.22, 1.0),
    Profile("low_fn", 1.0, 0.11, 2.0),
)


@dataclass(frozen=True)
class LabelledSeries:
    """One NAB file: seconds and values, shape (n,), and labelled windows as first and last row."""

    name: str
    ts: np.ndarray
    values: np.ndarray
    windows: tuple[tuple[int, int], ...]

    @property
    def probation(self) -> int:
        """Rows at the start that are not scored: 15 %, at most of 5,000 rows."""
        return int(min(math.floor(_PROBATION * self.ts.size), _PROBATION * _PROBATION_ROWS))


def read_corpus(folder: Path) -> list[LabelledSeries]:
    """Read every file named in ``labels/combined_windows.json``."""
    labels = json.loads((folder / "labels" / "combined_windows.json").read_text())
    return [_read(folder / "data" / name, name, windows) for name, windows in sorted(labels.items())]


def _read(path: Path, name: str, windows: list[list[str]]) -> LabelledSeries:
    rows = [line.split(",") for line in path.read_text().splitlines()[1:] if line]
    moments = np.array([row[0] for row in rows], dtype="datetime64[s]")
    values = np.array([float(row[1]) for row in rows])
    limits = tuple(
        (
            int(np.searchsorted(moments, np.datetime64(begin, "s"), "left")),
            int(np.searchsorted(moments, np.datetime64(end, "s"), "right")) - 1,
        )
        for begin, end in windows
    )
    return LabelledSeries(name, moments.astype(np.int64).astype(float), values, limits)


def _sigmoid(position: np.ndarray) -> np.ndarray:
    """2σ(−5y) − 1, and −1 from y = 3 on."""
    clipped = np.minimum(position, 3.0)
    return np.where(position >= 3.0, -1.0, 2.0 / (1.0 + np.exp(5.0 * clipped)) - 1.0)


def _row_worth(series: LabelledSeries, profile: Profile) -> tuple[np.ndarray, np.ndarray]:
    """Worth of a detection at each row, and the window each row lies in (−1: none)."""
    rows = np.arange(series.ts.size)
    window = np.full(series.ts.size, -1)
    position = np.full(series.ts.size, 3.0)
    for number, (first, last) in enumerate(series.windows):
        window[first : last + 1] = number
        past = rows > last
        position[past] = (rows[past] - last) / max(last - first, 1)
    worth = _sigmoid(position) * profile.false_positive
    for number, (first, last) in enumerate(series.windows):
        inside = window == number
        relative = -(last - rows[inside] + 1.0) / (last - first + 1.0)
        worth[inside] = _sigmoid(relative) * profile.true_positive / _sigmoid(np.array(-1.0))
    return worth, window


@dataclass(frozen=True)
class Score:
    """Normalised score (0: no detection at all, 100: each window at its first row) and its threshold."""

    value: float
    threshold: float


def score_at_best_threshold(
    corpus: Sequence[LabelledSeries], scores: Sequence[np.ndarray], profile: Profile
) -> Score:
    """Score with the one threshold for all files that is best for the profile: NAB's own protocol.

    Args:
        corpus: the files.
        scores: anomaly score of each row of each file, higher is stranger.
        profile: weights.
    """
    table = _table(corpus, scores, profile)
    total = -profile.false_negative * table.windows
    best = Score(total, math.inf)
    reached = np.full(table.windows, -profile.false_negative)
    order = np.argsort(-table.score, kind="stable")
    sorted_scores = table.score[order]
    ends = np.append(sorted_scores[1:] != sorted_scores[:-1], True)
    for row, end in zip(order.tolist(), ends.tolist(), strict=True):
        window = table.window[row]
        worth = table.worth[row]
        if window < 0:
            total += worth
        elif worth > reached[window]:
            total += worth - reached[window]
            reached[window] = worth
        if end and total > best.value:
            best = Score(total, float(table.score[row]))
    return Score(_normalised(best.value, table.windows, profile), best.threshold)


def score_detections(
    corpus: Sequence[LabelledSeries], detected: Sequence[np.ndarray], profile: Profile
) -> float:
    """Score detections (bool per row) as they are."""
    table = _table(corpus, [np.asarray(rows, dtype=float) for rows in detected], profile)
    hit = table.score > 0
    total = float(table.worth[hit & (table.window < 0)].sum())
    reached = np.full(table.windows, -profile.false_negative)
    inside = hit & (table.window >= 0)
    np.maximum.at(reached, table.window[inside], table.worth[inside])
    return _normalised(total + float(reached.sum()), table.windows, profile)


def _normalised(total: float, windows: int, profile: Profile) -> float:
    nothing = -profile.false_negative * windows
    return 100.0 * (total - nothing) / (profile.true_positive * windows - nothing)


@dataclass(frozen=True)
class _Table:
    """All scored rows of all files; windows are numbered through the corpus."""

    score: np.ndarray
    worth: np.ndarray
    window: np.ndarray
    windows: int


def _table(corpus: Sequence[LabelledSeries], scores: Sequence[np.ndarray], profile: Profile) -> _Table:
    parts, offset = [], 0
    for series, score in zip(corpus, scores, strict=True):
        worth, window = _row_worth(series, profile)
        start = series.probation
        shifted = np.where(window >= 0, window + offset, -1)
        parts.append((np.asarray(score, dtype=float)[start:], worth[start:], shifted[start:]))
        offset += len(series.windows)
    score, worth, window = (np.concatenate(column) for column in zip(*parts, strict=True))
    return _Table(score, worth, window, offset)


def windowed_gaussian(values: np.ndarray, window: int = 6400, step: int = 100) -> np.ndarray:
    """Anomaly scores of the published baseline: 1 − Q((x − mean)/std) over a window moved in steps."""
    scores = np.zeros(values.size)
    mean, deviation = 0.0, 1.0
    for i, value in enumerate(values.tolist()):
        if i:
            scores[i] = 1.0 - 0.5 * math.erfc(abs(value - mean) / deviation / math.sqrt(2.0))
        end = i + 1
        if end <= window or (end - window) % step == 0:
            kept = values[max(0, end - window) : end]
            mean, deviation = float(kept.mean()), float(kept.std()) or 1e-6
    return scores
