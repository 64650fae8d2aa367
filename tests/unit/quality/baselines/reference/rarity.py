"""How rare a number is among those seen before: an exponential tail through its upper quantiles."""

import math
from bisect import bisect_left, insort
from collections import deque

_BODY, _SHOULDER = 0.90, 0.98
_SLOPE = math.log((1 - _BODY) / (1 - _SHOULDER))
_LN10 = math.log(10.0)
#: Numbers that must have been seen before any is called rare.
ENOUGH = 30
_HAIR = 1e-9


class Rarity:
    """The newest ``window`` numbers in order, and the tail probability of a further one.

    Peaks over threshold: beyond the 90 % quantile u the tail is exponential, P(x) = 0.1 exp(−(x − u)/β), with
    β from the 90 % and 98 % quantiles (Siffer et al., Anomaly Detection in Streams with Extreme Value Theory,
    KDD 2017, with shape 0; quantiles instead of moments, so that past incidents of up to 2 % do not matter).
    """

    def __init__(self, window: int) -> None:
        """Start with nothing seen."""
        self._window = window
        self._sorted: list[float] = []
        self._order: deque[float] = deque()

    def add(self, number: float) -> None:
        """See a finite number; the oldest is forgotten when there are more than ``window``."""
        insort(self._sorted, number)
        self._order.append(number)
        if len(self._order) > self._window:
            del self._sorted[bisect_left(self._sorted, self._order.popleft())]

    def nearest(self, number: float) -> float:
        """Distance to the nearest number seen; 0 when none was."""
        at = bisect_left(self._sorted, number)
        around = self._sorted[max(at - 1, 0) : at + 1]
        return min((abs(number - other) for other in around), default=0.0)

    def above(self, number: float) -> float:
        """Minus log₁₀ of the probability of a number this high; 0 below the 90 % quantile."""
        if len(self._sorted) < ENOUGH:
            return 0.0
        body, shoulder = self._quantile(_BODY), self._quantile(_SHOULDER)
        return self._bits(number - body, shoulder - body, self._sorted[-1] - body, body)

    def below(self, number: float) -> float:
        """Minus log₁₀ of the probability of a number this low; 0 above the 10 % quantile."""
        if len(self._sorted) < ENOUGH:
            return 0.0
        body, shoulder = self._quantile(1 - _BODY), self._quantile(1 - _SHOULDER)
        return self._bits(body - number, body - shoulder, body - self._sorted[0], body)

    def either(self, number: float) -> float:
        """The larger of ``above`` and ``below``."""
        return max(self.above(number), self.below(number))

    def _bits(self, beyond: float, shoulder: float, farthest: float, body: float) -> float:
        if beyond <= 0:
            return 0.0
        hair = _HAIR * max(1.0, abs(body))
        beta = shoulder / _SLOPE
        if beta < hair:
            beta = max(farthest / math.log((1 - _BODY) * len(self._sorted) + 1), hair)
        return (-math.log(1 - _BODY) + beyond / beta) / _LN10

    def _quantile(self, q: float) -> float:
        place = q * (len(self._sorted) - 1)
        at = int(place)
        low = self._sorted[at]
        if at + 1 == len(self._sorted):
            return low
        return low + (place - at) * (self._sorted[at + 1] - low)
