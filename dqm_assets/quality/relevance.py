"""Which deviations people care about: a certain direction, and at least so much."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

BadWhen = Literal["high", "low", "either"]


@dataclass(frozen=True)
class Relevance:
    """A deviation that does not matter is normal, however certain it is statistically.

    Attributes:
        bad_when: a change the other way is an improvement, never an anomaly.
        least_change: smallest absolute distance from the expected value that matters.
        least_relative: smallest distance relative to the expected value that matters. Both must be passed:
            with a spread of almost nothing, a change of almost nothing is certain and still of no interest.
    """

    bad_when: BadWhen = "either"
    least_change: float = 0.0
    least_relative: float = 0.0

    def matters(self, values: np.ndarray, expected: np.ndarray) -> np.ndarray:
        """Bool, shape (k,): which of the values are far enough from what was expected, on the bad side."""
        with np.errstate(invalid="ignore"):
            change = values - expected
            far = np.abs(change) >= np.maximum(self.least_change, self.least_relative * np.abs(expected))
        if self.bad_when == "high":
            return far & (change > 0)
        if self.bad_when == "low":
            return far & (change < 0)
        return far
