"""Several expectations of one series on one scale, each with its own errors as the yardstick."""

import math
from dataclasses import dataclass

import numpy as np

from tests.unit.quality.baselines.reference.protocol import RECENT, Bands, History
from tests.unit.quality.baselines.reference.seasonality import Seasonality
from tests.unit.quality.baselines.reference.surprise import Surprise, learn_surprise

#: Moving medians that the series is compared with, in points; 0 is the level of the whole window.
LEVELS = (0, 12, RECENT)
#: Below this many points quantiles say little.
QUANTILES_FROM = 30
#: A wanted false-alert probability of 10⁻ˣ is asked for as 10⁻ʰˣ. h follows from the tail weight of the
#: series: normal deviations have lighter tails than the exponential through their body, real ones mostly
#: heavier (docs/baselines.md has the measurement).
_NORMAL_WEIGHT, _HEAVY_WEIGHT = 0.78, 1.0
_NORMAL_FACTOR, _HEAVY_FACTOR = 1.0, 1.6
_HALVINGS = 60
#: Enough deviations to know their quartiles; a longer history is sampled evenly.
_DEVIATIONS = 1000
_LN2, _LN10 = math.log(2.0), math.log(10.0)


def fit_levels(history: History, shape: Seasonality, floor: float) -> "FittedLevels":
    """Learn the usual distance from each level.

    Args:
        history: the past, on the scale of the levels.
        shape: its season.
        floor: smallest β of a level.
    """
    values = history.values
    rest = values - shape.at(history.ts)
    surprises = tuple(
        (length, learn_surprise(_deviations(rest, length), floor))
        for length in LEVELS
        if values.size >= length + QUANTILES_FROM
    )
    return FittedLevels(surprises, shape, _tail_factor(surprises, values.size))


def _deviations(rest: np.ndarray, length: int) -> np.ndarray:
    """Distance of each value from the median of the ``length`` values before it; 0 means no level."""
    stride = max(1, (rest.size - length) // _DEVIATIONS)
    if length == 0:
        return rest[::stride]
    windows = np.lib.stride_tricks.sliding_window_view(rest, length)[:-1:stride]
    return rest[length::stride] - np.median(windows, axis=1)


@dataclass(frozen=True)
class FittedLevels:
    """Fitted yardsticks: what deviation from each level is usual."""

    surprises: tuple[tuple[int, Surprise], ...]
    shape: Seasonality
    tail_factor: float

    def bands(self, ts: np.ndarray, values: np.ndarray, recent: History, rarity: float) -> Bands:
        """Judge ``values`` against all levels; the score is minus log₁₀ of their estimated rarity.

        Args:
            ts, values, recent: as in ``Model.bands``, on the scale of the levels.
            rarity: minus log₁₀ of the wanted probability of a false alert.
        """
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
        limit = np.maximum(self.tail_factor * rarity, least)
        return Bands(
            expected,
            -_upper_edge(-centres, above, below, limit),
            _upper_edge(centres, below, above, limit),
            score,
            np.full(values.shape, float(np.mean(above + below) / 2)),
            score > limit,
        )


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
