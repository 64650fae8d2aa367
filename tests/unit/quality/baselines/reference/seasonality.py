"""Seasonal shape of a series: what the hour of the day or the day of the week adds to its level."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tests.unit.quality.baselines.reference.spread import robust_spread

DAY = 86_400.0
WEEK = 7 * DAY
#: 1970-01-01 was a Thursday: phases of a week start on Monday 00:00 UTC.
_EPOCH_TO_MONDAY = 3 * DAY
_MOST_SLOTS = 288
_FEWEST_SLOTS = 3
#: Full periods of history before a period is considered at all.
_PERIODS_NEEDED = 3
#: A seasonal shape must make the spread of new points this much smaller to be believed.
_WORTHWHILE = 0.75


@dataclass(frozen=True)
class Seasonality:
    """Additive profile over the phases of one period; a period of 0 means no seasonality.

    Attributes:
        period: seconds.
        profile: value to add per slot, float64, shape (slots,), median 0 over the history.
    """

    period: float
    profile: np.ndarray

    def at(self, ts: np.ndarray | float) -> np.ndarray:
        """Seasonal part at times ``ts`` (seconds since 1970 UTC, any shape)."""
        if self.period == 0.0:
            return np.zeros_like(np.asarray(ts, dtype=np.float64))
        return self.profile[slots_of(ts, self.period, self.profile.size)]


NO_SEASONALITY = Seasonality(0.0, np.zeros(1))


def slots_of(ts: np.ndarray | float, period: float, slots: int) -> np.ndarray:
    """Slot of each time within its period, int64."""
    phase = np.mod(np.asarray(ts, dtype=np.float64) + _EPOCH_TO_MONDAY, period) / period
    return np.minimum((phase * slots + 1e-6).astype(np.int64), slots - 1)


def fit_profile(ts: np.ndarray, values: np.ndarray, period: float, cadence: float) -> Seasonality:
    """Median of each slot about the overall median, shrunk towards it where a slot has few points.

    The weight k / (k + 1) for k points in a slot is the shrinkage of a random-effects mean whose slot
    spread equals the noise.
    """
    slots = int(np.clip(round(period / cadence), _FEWEST_SLOTS, _MOST_SLOTS))
    index = slots_of(ts, period, slots)
    ordered = values[np.lexsort((values, index))]
    counts = np.bincount(index, minlength=slots)
    starts = np.cumsum(counts) - counts
    known = counts > 0
    low, high = starts[known] + (counts[known] - 1) // 2, starts[known] + counts[known] // 2
    medians = (ordered[low] + ordered[high]) / 2
    profile = np.zeros(slots)
    profile[known] = (medians - np.median(values)) * counts[known] / (counts[known] + 1.0)
    return Seasonality(period, profile)


def _spread_over(values: np.ndarray, period: float) -> float:
    """Robust spread; over a week, where a weekend is two days of seven, the trimmed mean distance."""
    if period != WEEK:
        return robust_spread(values).scale
    distances = np.sort(np.abs(values - np.median(values)))
    return float(np.mean(distances[: values.size - max(values.size // 10, 1)]))


def learn_seasonality(
    ts: np.ndarray, values: np.ndarray, cadence: float, periods: Sequence[float] = (DAY, WEEK)
) -> Seasonality:
    """Choose the period, if any, whose shape predicts the newest part of the history best.

    The shape is learned without the last period and tried on it; it must beat "no season" by a quarter of the
    spread there. The chosen shape is then learned again from everything.

    Args:
        ts, values: history, shape (n,), on the judging scale.
        cadence: seconds between points.
        periods: seconds of the candidates; a user who knows the season gives only that one.
    """
    best = NO_SEASONALITY
    if not cadence > 0:
        return best
    best_gain = _WORTHWHILE
    for period in periods:
        span = ts[-1] - ts[0] + cadence
        if span < _PERIODS_NEEDED * period or period < _FEWEST_SLOTS * cadence:
            continue
        held_out = ts > ts[-1] - period
        if np.count_nonzero(~held_out) < _FEWEST_SLOTS or np.count_nonzero(held_out) < _FEWEST_SLOTS:
            continue
        shape = fit_profile(ts[~held_out], values[~held_out], period, cadence)
        plain = _spread_over(values[held_out], period)
        gain = _spread_over(values[held_out] - shape.at(ts[held_out]), period) / plain if plain > 0 else 1.0
        if gain < best_gain:
            best, best_gain = fit_profile(ts, values, period, cadence), gain
    return best
