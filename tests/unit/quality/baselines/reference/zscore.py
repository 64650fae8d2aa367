"""The plain method: mean and standard deviation of the past."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dqm_assets.quality.sensitivity import Sensitivity
from tests.unit.quality.baselines.reference.interval import PredictionInterval
from tests.unit.quality.baselines.reference.protocol import Bands, History
from tests.unit.quality.baselines.reference.spread import mean_and_deviation
from tests.unit.quality.baselines.reference.transform import Transform


@dataclass(frozen=True)
class ZScore:
    """Mean ± c·s of the last ``window`` points, with no transform and no defence against outliers."""

    needed: int = 8
    window: int = 1000
    name: str = "zscore"
    withstands_incidents: bool = False

    def fit(self, history: History) -> "FittedZScore":
        """Fit mean and sample standard deviation (n − 1)."""
        mean, deviation = mean_and_deviation(history.values)
        plain = Transform("real")
        n = history.values.size
        scale = deviation if deviation > 0 else plain.constant_floor(mean)
        return FittedZScore(mean, PredictionInterval(plain, scale, n, n - 1.0, history.cadence))


@dataclass(frozen=True)
class FittedZScore:
    """A fitted mean and standard deviation."""

    mean: float
    interval: PredictionInterval

    @property
    def params(self) -> Mapping[str, float | str]:
        """Mean and standard deviation."""
        return {"mean": self.mean, "stddev": self.interval.scale}

    def bands(self, ts: np.ndarray, values: np.ndarray, recent: History, sensitivity: Sensitivity) -> Bands:
        """Judge ``values``; neither times nor the newest values matter."""
        del ts, recent
        return self.interval.bands(np.full(values.shape, self.mean), values, sensitivity)
