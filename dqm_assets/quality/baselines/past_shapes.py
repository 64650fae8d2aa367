"""The newest points of a series, and how far the latest short stretch is from every earlier one."""

from collections import deque
from dataclasses import dataclass

import numpy as np

#: Lengths of the compared stretches, in points. The long one is compared without its mean.
SHORT, LONG = 4, 16
_PARTS = LONG // SHORT


@dataclass(frozen=True)
class Look:
    """A next point compared with the past, not yet part of it.

    Attributes:
        short_distance, long_distance: root mean square distance of the latest ``SHORT`` and ``LONG`` points
            from their nearest earlier like that does not overlap; 0 while there is none.
        squares, shorts: squared distances to each earlier point, and of the short stretches that end there.
    """

    value: float
    mean: float
    short_distance: float
    long_distance: float
    squares: np.ndarray
    shorts: np.ndarray


class PastShapes:
    """Nearest-neighbour distance of the latest stretch among all earlier ones (a left matrix profile).

    Distances follow from those of the previous point (Zhu et al., Matrix Profile II, ICDM 2016), here as sums
    of shifted squares that are never subtracted again, so that nothing drifts. Between ``keep`` and
    2·``keep`` points are compared.
    """

    def __init__(self, keep: int) -> None:
        """Start with no points."""
        self._keep = keep
        self._x = np.empty(2 * keep)
        self._mean = np.empty(2 * keep)
        self._size = 0
        self._squares: deque[np.ndarray] = deque(maxlen=SHORT - 1)
        self._shorts: deque[np.ndarray] = deque(maxlen=LONG - SHORT)

    @property
    def points(self) -> np.ndarray:
        """The kept points, oldest first."""
        return self._x[: self._size]

    def look(self, value: float) -> Look:
        """Compare a next point with the past, and change nothing."""
        at = self._size
        squares = self._x[:at] - value
        squares *= squares
        shorts = squares.copy()
        for back, earlier in enumerate(reversed(self._squares), start=1):
            shorts[back:] += earlier[: at - back]
        mean = float((self._x[max(0, at - LONG + 1) : at].sum() + value) / min(at + 1, LONG))
        return Look(value, mean, self._near(at, shorts), self._far(at, shorts, mean), squares, shorts)

    def take(self, look: Look) -> None:
        """Make the point of the latest ``look`` part of the past."""
        self._x[self._size], self._mean[self._size] = look.value, look.mean
        self._size += 1
        self._squares.append(look.squares)
        self._shorts.append(look.shorts)
        if self._size == self._x.size:
            self.restore(self._x[-self._keep :].copy())

    def restore(self, points: np.ndarray) -> None:
        """Start again from given points (fewer than twice ``keep``)."""
        self._x[: points.size] = points
        self._size = max(points.size - LONG, 0)
        for i in range(self._size):
            begin = max(0, i - LONG + 1)
            self._mean[i] = (self._x[begin:i].sum() + self._x[i]) / (i + 1 - begin)
        self._squares.clear()
        self._shorts.clear()
        for value in points[self._size :].tolist():
            self.take(self.look(value))

    def _near(self, at: int, shorts: np.ndarray) -> float:
        if at < 3 * SHORT - 2:
            return 0.0
        return float(np.sqrt(shorts[SHORT - 1 : at - SHORT + 1].min() / SHORT))

    def _far(self, at: int, shorts: np.ndarray, mean: float) -> float:
        if at < 3 * LONG - 2 or len(self._shorts) < LONG - SHORT:
            return 0.0
        long = shorts[LONG - 1 : at - LONG + 1].copy()
        for part in range(1, _PARTS):
            back = part * SHORT
            long += self._shorts[-back][LONG - 1 - back : at - LONG + 1 - back]
        shift = self._mean[LONG - 1 : at - LONG + 1] - mean
        shift *= shift
        shift *= LONG
        long -= shift
        return float(np.sqrt(max(float(long.min()), 0.0) / LONG))
