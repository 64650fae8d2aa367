"""The default: how surprising a value is, and how surprising it is that it is so many times smaller."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from dqm_assets.quality.sensitivity import Sensitivity
from dqm_assets.quality.student import two_sided_tail
from tests.unit.quality.baselines.reference.levels import QUANTILES_FROM, FittedLevels, fit_levels
from tests.unit.quality.baselines.reference.protocol import Bands, History
from tests.unit.quality.baselines.reference.robust import FittedRobust, Robust
from tests.unit.quality.baselines.reference.seasonality import (
    NO_SEASONALITY,
    fit_profile,
    learn_seasonality,
)
from tests.unit.quality.baselines.reference.transform import Transform, ValueKind

_FLOOR_OF_SHARES = 0.0025


@dataclass(frozen=True)
class Ensemble:
    """Distance from the levels of the series as it is and, for what is smaller, as a ratio.

    Noise mostly grows with the level: the noise of high tide hides as a distance what is an outage at low
    tide, but not as a ratio.
    """

    needed: int = 8
    window: int = 4032
    name: str = "ensemble"
    withstands_incidents: bool = True

    def fit(self, history: History) -> "FittedEnsemble | FittedRobust":
        """Learn the season, then the usual distance from each level, on both scales."""
        values = history.values
        if values.size < QUANTILES_FROM:
            return Robust().fit(history)
        shape = learn_seasonality(history.ts, values, history.cadence)
        floor = 0.5 * Transform("real").constant_floor(float(np.median(values)))
        if history.kind == "share":
            floor = _FLOOR_OF_SHARES
        distances = fit_levels(history, shape, floor)
        scale = choose_ratio_scale(values, history.kind)
        if scale is None:
            return FittedEnsemble(distances, None, None, history.cadence)
        scaled = replace(history, values=scale.forward(values))
        if shape.period:
            shape = fit_profile(scaled.ts, scaled.values, shape.period, history.cadence)
        else:
            shape = NO_SEASONALITY
        floor = 0.5 * Transform("positive").constant_floor(0.0)
        return FittedEnsemble(distances, scale, fit_levels(scaled, shape, floor), history.cadence)


@dataclass(frozen=True)
class RatioScale:
    """log(x + offset), a started logarithm (Tukey 1977, Exploratory Data Analysis, chapter 3)."""

    offset: float

    def forward(self, values: np.ndarray) -> np.ndarray:
        """Zero, and what is below it, is about as far as a fall to a tenth of the smallest usual value."""
        return np.log(np.maximum(values, 0.0) + self.offset)

    def backward(self, scaled: np.ndarray) -> np.ndarray:
        """The value, at least 0."""
        return np.maximum(np.exp(scaled) - self.offset, 0.0)


def choose_ratio_scale(values: np.ndarray, kind: ValueKind | None) -> RatioScale | None:
    """None for values that have no ratios, or of which a twentieth is not above zero."""
    small = float(np.quantile(values, 0.05))
    return None if kind in {"real", "share"} or not small > 1e-290 else RatioScale(0.1 * small)


@dataclass(frozen=True)
class FittedEnsemble:
    """Fitted yardsticks of both scales; the second is missing where there are no ratios."""

    distances: FittedLevels
    scale: RatioScale | None
    ratios: FittedLevels | None
    cadence: float

    @property
    def params(self) -> Mapping[str, float | str]:
        """Season (seconds; 0: none) and, per level, the scale above and below, and below as a ratio."""
        found: dict[str, float | str] = {"period": self.distances.shape.period}
        for length, surprise in self.distances.surprises:
            found[f"above_{length}"] = surprise.beta_above
            found[f"below_{length}"] = surprise.beta_below
        for length, surprise in self.ratios.surprises if self.ratios else ():
            found[f"ratio_below_{length}"] = surprise.beta_below
        return found

    def bands(self, ts: np.ndarray, values: np.ndarray, recent: History, sensitivity: Sensitivity) -> Bands:
        """Judge ``values`` on both scales; the score is minus log₁₀ of their estimated rarity."""
        rarity = self._rarity(sensitivity)
        found = self.distances.bands(ts, values, recent, rarity)
        if self.scale is None or self.ratios is None:
            return found
        scaled = self.scale.forward(values)
        past = replace(recent, values=self.scale.forward(recent.values))
        ratio = self.ratios.bands(ts, scaled, past, rarity)
        lowest = np.minimum(self.scale.backward(ratio.lower), found.expected)
        return replace(
            found,
            lower=np.maximum(found.lower, lowest),
            score=np.where(scaled < ratio.expected, np.maximum(found.score, ratio.score), found.score),
            anomalous=found.anomalous | (values < lowest),
        )

    def _rarity(self, sensitivity: Sensitivity) -> float:
        """Minus log₁₀ of the wanted probability; a z is taken as its normal tail probability."""
        if sensitivity.z is not None:
            return -math.log10(max(two_sided_tail(sensitivity.z, math.inf), 1e-300))
        return -math.log10(sensitivity.tail(self.cadence))
