"""The interval that one new point falls into, given a centre and scale learned from n points."""

from dataclasses import dataclass

import numpy as np

from dqm_assets.quality.baselines.protocol import Band
from dqm_assets.quality.sensitivity import Sensitivity
from dqm_assets.quality.transform import Transform


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

    def band(self, centre: float, value: float, sensitivity: Sensitivity, at_least: float = 0.0) -> Band:
        """Judge ``value`` against ``centre`` (on the judging scale).

        Args:
            centre: expected value, already transformed.
            value: the observed value, in its own unit.
            sensitivity: decides how many scales are allowed.
            at_least: lowest threshold in scales, learned from the series' own history.
        """
        spread = self.scale * float(np.sqrt(1.0 + 1.0 / self.n))
        threshold = max(sensitivity.threshold(self.cadence, self.dof), at_least)
        score = abs(float(self.transform.forward(value)) - centre) / spread
        expected, lower, upper = self.transform.backward(
            np.array([centre, centre - threshold * spread, centre + threshold * spread])
        )
        return Band(float(expected), float(lower), float(upper), score, spread, score > threshold)
