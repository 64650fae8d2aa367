"""The default: several expectations of one series at once, each with its own errors as the yardstick."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dqm_assets.quality.sensitivity import Sensitivity
from dqm_assets.quality.student import two_sided_tail
from tests.unit.quality.baselines.reference.protocol import RECENT, Bands, History
from tests.unit.quality.baselines.reference.robust import FittedRobust, Robust
from tests.unit.quality.baselines.reference.seasonality import Seasonality, learn_seasonality
from tests.unit.quality.baselines.reference.surprise import Surprise, learn_surprise
from tests.unit.quality.baselines.reference.transform import Transform

#: Moving medians that the series is compared with, in points; 0 is the level of the whole window.
LEVELS = (0, 12, RECENT)
#: Below this many points the ensemble is the robust method: quantiles need more.
_QUANTILES_FROM = 30
#: A wanted false-alert probability of 10⁻ˣ is asked for as 10⁻ʰˣ. h follows from the tail weight of the
#: series: normal deviations have lighter tails than the exponential through their body, real ones mostly
#: heavier (docs/baselines.md has the measurement).
_NORMAL_WEIGHT, _HEAVY_WEIGHT = 0.78, 1.0
_NORMAL_FACTOR, _HEAVY_FACTOR = 1.0, 1.6
_HALVINGS = 60
#: Enough deviations to know their quartiles; a longer history is sampled evenly.
_DEVIATIONS = 1000
_LN2, _LN10 = math.log(2.0), math.log(10.0)


@dataclass(frozen=True)
class Ensemble:
    """Distance from the long level and from two moving medians, after the season, as a root mean square.

    A spike is far from all of them; a drift or a new level that one has learned already weighs less.
    """

    needed: int = 8
    window: int = 4032
    name: str = "ensemble"
    withstands_incidents: bool = True

    def fit(self, history: History) -> "FittedEnsemble | FittedRobust":
        """Learn the season, then the usual distance from each level."""
        values = history.values
        if values.size < _QUANTILES_FROM:
            return Robust().fit(history)
        shape = learn_seasonality(history.ts, values, history.cadence)
        rest = values - shape.at(history.ts)
        floor = 0.5 * Transform("real").constant_floor(float(np.median(values)))
        if history.kind == "share":
            floor = 0.0025
        surprises = tuple(
            (length, learn_surprise(_deviations(rest, length), floor))
            for length in LEVELS
            if values.size >= length + _QUANTILES_FROM
        )
        return FittedEnsemble(surprises, shape, history.cadence, _tail_factor(surprises, values.size))


def _deviations(rest: np.ndarray, length: int) -> np.ndarray:
    """Distance of each value from the median of the ``length`` values before it; 0 means no level."""
    stride = max(1, (rest.size - length) // _DEVIATIONS)
    if length == 0:
        return rest[::stride]
    windows = np.lib.stride_tricks.sliding_window_view(rest, length)[:-1:stride]
    return rest[length::stride] - np.median(windows, axis=1)


@dataclass(frozen=True)
class FittedEnsemble:
    """Fitted yardsticks: what deviation from each level is usual."""

    surprises: tuple[tuple[int, Surprise], ...]
    shape: Seasonality
    cadence: float
    tail_factor: float

    @property
    def params(self) -> Mapping[str, float | str]:
        """Season (seconds; 0: none) and, per level, the scale above and below."""
        found: dict[str, float | str] = {"period": self.shape.period}
        for length, surprise in self.surprises:
            found[f"above_{length}"] = surprise.beta_above
            found[f"below_{length}"] = surprise.beta_below
        return found

    def bands(self, ts: np.ndarray, values: np.ndarray, recent: History, sensitivity: Sensitivity) -> Bands:
        """Judge ``values`` against all levels; the score is minus log₁₀ of their estimated rarity."""
        rest = recent.values - self.shape.at(recent.ts)
        centres = np.stack([_levels(rest, length, values.size) + s.centre for length, s in self.surprises])
        centres += self.shape.at(ts)
        below = np.array([[surprise.beta_below] for _, surprise in self.surprises])
        above = np.array([[surprise.beta_above] for _, surprise in self.surprises])
        score = combined_surprise(values, centres, below, above)
        weights = 1.0 / np.square(above + below)
        expected = np.sum(centres * weights, axis=0) / np.sum(weights)
        # While levels move apart the expected value surprises too: half as probable is within the band.
        least = combined_surprise(expected, centres, below, above) + _LN2 / _LN10
        limit = np.maximum(self._limit(sensitivity), least)
        return Bands(
            expected,
            -_upper_edge(-centres, above, below, limit),
            _upper_edge(centres, below, above, limit),
            score,
            np.full(values.shape, float(np.mean(above + below) / 2)),
            score > limit,
        )

    def _limit(self, sensitivity: Sensitivity) -> float:
        """Surprise beyond which a point is anomalous; a z is taken as its normal tail probability."""
        if sensitivity.z is not None:
            tail = max(two_sided_tail(sensitivity.z, math.inf), 1e-300)
        else:
            tail = sensitivity.tail(self.cadence)
        return -self.tail_factor * math.log10(tail)


def _tail_factor(surprises: tuple[tuple[int, Surprise], ...], n: int) -> float:
    """The h of the series; with few points the tail is taken to be a little heavier than it looks."""
    weight = max(surprise.tail_weight for _, surprise in surprises) + 1.0 / n**0.5
    return float(np.interp(weight, (_NORMAL_WEIGHT, _HEAVY_WEIGHT), (_NORMAL_FACTOR, _HEAVY_FACTOR)))


def _levels(rest: np.ndarray, length: int, points: int) -> np.ndarray:
    """Moving median before each of the last ``points`` positions, shape (points,); 0 for no level."""
    if length == 0:
        return np.zeros(points)
    windows = np.lib.stride_tricks.sliding_window_view(rest[-(points - 1 + length) :], length)
    return np.median(windows, axis=1)


def combined_surprise(
    values: np.ndarray, centres: np.ndarray, below: np.ndarray, above: np.ndarray
) -> np.ndarray:
    """Root mean square over the levels of each value's surprise.

    Args:
        values: shape (k,).
        centres: shape (levels, k).
        below, above: scales of either side, shape (levels, 1).
    """
    distance = values - centres
    bits = (_LN2 + np.abs(distance) / np.where(distance < 0, below, above)) / _LN10
    return np.sqrt(np.mean(bits * bits, axis=0))


def _upper_edge(centres: np.ndarray, below: np.ndarray, above: np.ndarray, limit: np.ndarray) -> np.ndarray:
    """Largest value whose surprise is ``limit``; the least surprising value where all exceed it.

    Above all centres the squared surprise is a quadratic in the value. Where its root lies below a centre,
    the edge is found by halving, upwards from the least surprising value.
    """
    top = centres.max(axis=0)
    alpha = _LN2 + (top - centres) / above
    a, b = np.sum(1.0 / above**2), np.sum(alpha / above, axis=0)
    c = np.sum(alpha * alpha, axis=0) - centres.shape[0] * (limit * _LN10) ** 2
    root = (-b + np.sqrt(np.maximum(b * b - a * c, 0.0))) / a
    edge = top + root
    inside = c > 0
    if np.any(inside):
        edge[inside] = _halve(centres[:, inside], below, above, limit[inside])
    return edge


def _halve(centres: np.ndarray, below: np.ndarray, above: np.ndarray, limit: np.ndarray) -> np.ndarray:
    low, high = centres.min(axis=0), centres.max(axis=0)
    for _ in range(_HALVINGS):  # ternary search: the surprise is convex in the value
        left, right = low + (high - low) / 3, high - (high - low) / 3
        better = combined_surprise(left, centres, below, above) < combined_surprise(
            right, centres, below, above
        )
        low, high = np.where(better, low, left), np.where(better, right, high)
    least = (low + high) / 2
    possible = combined_surprise(least, centres, below, above) <= limit
    low, high = least, centres.max(axis=0)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        fits = combined_surprise(middle, centres, below, above) <= limit
        low, high = np.where(fits, middle, low), np.where(fits, high, middle)
    return np.where(possible, low, least)
