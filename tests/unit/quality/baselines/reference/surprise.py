"""How surprising a deviation is: its rarity, drawn from the body of the past deviations."""

from dataclasses import dataclass

import numpy as np

_BODY, _SHOULDER, _OUTER = 0.5, 0.8, 0.95
_SLOPE = float(np.log((1 - _BODY) / (1 - _SHOULDER)))


@dataclass(frozen=True)
class Surprise:
    """Yardstick of deviations: minus log₁₀ of their tail probability, each side an exponential of its own.

    Beyond the median m the tail is taken as P(d) = ½ exp(−(d − m)/β), with β from the median and the 80 %
    (below: 20 %) quantile. Neither moves much when a tenth of the history was itself anomalous, which is
    what a fit to the extreme tail (peaks over threshold) cannot stand.
    """

    centre: float
    beta_below: float
    beta_above: float
    #: Distance of the 95 % quantile (or the 5 % one, if further) as a part of what an exponential would have:
    #: 0.78 for normal deviations, 1 for exponential ones, more for heavier tails.
    tail_weight: float


def learn_surprise(deviations: np.ndarray, floor: float) -> Surprise:
    """Learn both sides from past deviations.

    Args:
        deviations: shape (n,), finite.
        floor: smallest β, for deviations that are all (nearly) equal.
    """
    places = (1 - _OUTER, 1 - _SHOULDER, _BODY, _SHOULDER, _OUTER)
    lowest, low, centre, high, highest = np.quantile(deviations, places).tolist()
    points = float(np.log((1 - _BODY) * deviations.size + 1.0))
    below = (centre - low) / _SLOPE or (centre - float(deviations.min())) / points
    above = (high - centre) / _SLOPE or (float(deviations.max()) - centre) / points
    below, above = max(below, floor), max(above, floor)
    weight = max((centre - lowest) / below, (highest - centre) / above) / float(
        np.log((1 - _BODY) / (1 - _OUTER))
    )
    return Surprise(centre, below, above, weight)
