"""The default: the expectation that predicted a series best so far, its threshold from its own errors."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dqm_assets.quality.baselines.interval import PredictionInterval
from dqm_assets.quality.baselines.protocol import Band, History
from dqm_assets.quality.baselines.seasonality import NO_SEASONALITY, Seasonality, learn_seasonality
from dqm_assets.quality.baselines.spread import Spread, robust_spread
from dqm_assets.quality.baselines.tail import calibrated_threshold
from dqm_assets.quality.sensitivity import Sensitivity
from dqm_assets.quality.transform import choose_transform

#: Lengths of the moving level that are tried; 0 is the level of the whole window.
_LEVELS = (0, 24, 6)
_SEASON_FROM = 28
#: A moving level must predict this much better than a fixed one: it also follows faults.
_WORTHWHILE = 0.8


@dataclass(frozen=True)
class Ensemble:
    """Season or none, fixed or moving level: chosen per series by the one-step errors on its history.

    With few points it is the same as ``robust``.
    """

    needed: int = 8
    window: int = 4032
    name: str = "ensemble"

    def fit(self, history: History) -> "FittedEnsemble":
        """Choose and fit; the tail of the one-step errors gives the threshold."""
        transform = choose_transform(history.values, history.kind)
        values = transform.forward(history.values)
        shape = NO_SEASONALITY
        if values.size >= _SEASON_FROM:
            shape = learn_seasonality(history.ts, values, history.cadence)
        rest = values - shape.at(history.ts)
        chosen, errors, spread = _choose_level(rest)
        scale = spread.scale if spread.scale > 0 else transform.constant_floor(spread.centre)
        centre = spread.centre if chosen == 0 else spread.centre + float(np.mean(rest[-chosen:]))
        dof = max(spread.n - shape.profile.size, 3.0)
        interval = PredictionInterval(transform, scale, max(spread.n, 2), dof, history.cadence)
        reference = spread.centre
        return FittedEnsemble(centre, chosen, shape, interval, np.abs(errors - reference) / scale)


def _choose_level(rest: np.ndarray) -> tuple[int, np.ndarray, Spread]:
    """Length of the moving level (0 is fixed), its one-step errors, and their spread."""
    best = (0, rest, robust_spread(rest))
    smallest = best[2].scale * _WORTHWHILE
    for length in _LEVELS[1:]:
        if rest.size < 4 * length:
            continue
        sums = np.cumsum(np.concatenate(([0.0], rest)))
        moving = (sums[length:-1] - sums[: -length - 1]) / length
        errors = rest[length:] - moving
        spread = robust_spread(errors)
        if spread.scale < smallest:
            best, smallest = (length, errors, spread), spread.scale
    return best


@dataclass(frozen=True)
class FittedEnsemble:
    """A fitted expectation and the past scores that set its threshold."""

    centre: float
    level: int
    shape: Seasonality
    interval: PredictionInterval
    scores: np.ndarray

    @property
    def params(self) -> Mapping[str, float | str]:
        """What was chosen: length of the moving level (0: fixed), season in seconds (0: none), scale."""
        return {
            "centre": self.centre,
            "scale": self.interval.scale,
            "level_points": self.level,
            "period": self.shape.period,
            "transform": self.interval.transform.kind,
        }

    def band(self, ts: float, value: float, sensitivity: Sensitivity) -> Band:
        """Judge ``value`` at ``ts``."""
        at_least = 0.0
        if sensitivity.z is None:
            at_least = calibrated_threshold(self.scores, sensitivity.tail(self.interval.cadence))
        return self.interval.band(self.centre + float(self.shape.at(ts)), value, sensitivity, at_least)
