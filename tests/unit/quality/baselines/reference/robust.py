"""The default for short or plain series: median and MAD on the judging scale that suits the values."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dqm_assets.quality.sensitivity import Sensitivity
from tests.unit.quality.baselines.reference.interval import PredictionInterval
from tests.unit.quality.baselines.reference.protocol import Bands, History
from tests.unit.quality.baselines.reference.spread import robust_spread
from tests.unit.quality.baselines.reference.transform import choose_transform


@dataclass(frozen=True)
class Robust:
    """Robust centre and scale of the last ``window`` points; usable from 8 points on."""

    needed: int = 8
    window: int = 1000
    name: str = "robust"
    withstands_incidents: bool = False

    def fit(self, history: History) -> "FittedRobust":
        """Fit on the judging scale chosen for the values."""
        transform = choose_transform(history.values, history.kind)
        spread = robust_spread(transform.forward(history.values))
        scale = spread.scale if spread.scale > 0 else transform.constant_floor(spread.centre)
        interval = PredictionInterval(transform, scale, spread.n, spread.dof, history.cadence)
        return FittedRobust(spread.centre, interval)


@dataclass(frozen=True)
class FittedRobust:
    """A fitted robust centre and scale."""

    centre: float
    interval: PredictionInterval

    @property
    def params(self) -> Mapping[str, float | str]:
        """Centre and scale on the judging scale, and which scale that is."""
        return {
            "centre": self.centre,
            "scale": self.interval.scale,
            "transform": self.interval.transform.kind,
        }

    def bands(self, ts: np.ndarray, values: np.ndarray, recent: History, sensitivity: Sensitivity) -> Bands:
        """Judge ``values``; neither times nor the newest values matter."""
        del ts, recent
        return self.interval.bands(np.full(values.shape, self.centre), values, sensitivity)
