"""The interval that one new point falls into, given a centre and scale learned from n points."""

from dataclasses import dataclass

import numpy as np

from dqm_assets.quality.sensitivity import Sensitivity
from tests.unit.quality.baselines.reference.protocol import Bands
from tests.unit.quality.baselines.reference.transform import Transform

#: Spread of values that only differ by less than this; keeps scores finite.
_SMALLEST = 1e-150


@dataclass(frozen=True)
class PredictionInterval:
    """Student's t prediction interval on a judging scale.

    Half width c · scale · √(1 + 1/n), c being the two-sided t quantile with ``dof`` degrees of freedom: the
    interval for one new observation (Hahn and Meeker, Statistical Intervals, section 4.2).
    """

    transform: Transform
    scale: float
    n: float
    dof: float
    cadence: float

    def bands(self, centres: np.ndarray, values: np.ndarray, sensitivity: Sensitivity) -> Bands:
        """Judge ``values`` against ``centres``.

        Args:
            centres: expected values on the judging scale, shape (k,).
            values: the observed values in their own unit, shape (k,).
            sensitivity: decides how many scales are allowed.
        """
        spread = max(self.scale * float(np.sqrt(1.0 + 1.0 / self.n)), _SMALLEST)
        threshold = sensitivity.threshold(self.cadence, self.dof)
        score = np.abs(self.transform.forward(values) - centres) / spread
        return Bands(
            self.transform.backward(centres),
            self.transform.backward(centres - threshold * spread),
            self.transform.backward(centres + threshold * spread),
            score,
            np.full(values.shape, spread),
            score > threshold,
        )
