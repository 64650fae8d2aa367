"""Learned or given seasonality, and a robust band around it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dqm_assets.quality.sensitivity import Sensitivity
from tests.unit.quality.baselines.reference.interval import PredictionInterval
from tests.unit.quality.baselines.reference.protocol import Bands, History
from tests.unit.quality.baselines.reference.seasonality import (
    DAY,
    WEEK,
    Seasonality,
    fit_profile,
    learn_seasonality,
)
from tests.unit.quality.baselines.reference.spread import robust_spread
from tests.unit.quality.baselines.reference.transform import choose_transform


@dataclass(frozen=True)
class Seasonal:
    """Robust level plus what the phase of the day or week adds.

    Attributes:
        period: seconds of a season that the user knows; ``None`` learns day, week or none.
    """

    period: float | None = None
    needed: int = 28
    window: int = 4032
    name: str = "seasonal"
    withstands_incidents: bool = False

    def fit(self, history: History) -> "FittedSeasonal":
        """Fit the shape, then centre and scale of what it leaves."""
        transform = choose_transform(history.values, history.kind)
        values = transform.forward(history.values)
        if self.period is None:
            shape = learn_seasonality(history.ts, values, history.cadence, (DAY, WEEK))
        else:
            cadence = history.cadence if history.cadence > 0 else self.period / 24
            shape = fit_profile(history.ts, values, self.period, cadence)
        spread = robust_spread(values - shape.at(history.ts))
        slots = shape.profile.size
        per_slot = max(spread.n / slots, 2.0)
        # The shape was fitted to these very points: each slot used up one degree of freedom.
        scale = spread.scale * float(np.sqrt(per_slot / (per_slot - 1.0))) if shape.period else spread.scale
        if scale == 0.0:
            scale = transform.constant_floor(spread.centre)
        dof = max(spread.n - slots, 3.0)
        return FittedSeasonal(
            spread.centre,
            shape,
            PredictionInterval(
                transform, scale, per_slot if shape.period else spread.n, dof, history.cadence
            ),
        )


@dataclass(frozen=True)
class FittedSeasonal:
    """A fitted level, seasonal shape and spread."""

    centre: float
    shape: Seasonality
    interval: PredictionInterval

    @property
    def params(self) -> Mapping[str, float | str]:
        """Centre, scale and period (seconds; 0 for none) on the judging scale."""
        return {
            "centre": self.centre,
            "scale": self.interval.scale,
            "period": self.shape.period,
            "transform": self.interval.transform.kind,
        }

    def bands(self, ts: np.ndarray, values: np.ndarray, recent: History, sensitivity: Sensitivity) -> Bands:
        """Judge ``values`` against level and season at ``ts``."""
        del recent
        return self.interval.bands(self.centre + self.shape.at(ts), values, sensitivity)
