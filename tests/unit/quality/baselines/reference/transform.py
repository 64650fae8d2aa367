"""The scale on which a series is judged: counts, shares and positive values get steadier variance."""

from dataclasses import dataclass

import numpy as np

from dqm_assets.quality.transform import ValueKind

#: Values of one sign that span more than this ratio (5th to 95th percentile) are judged on a log scale.
LOG_FROM_RATIO = 8.0
_MANY = 30.0


@dataclass(frozen=True)
class Transform:
    """One monotone map and its inverse.

    real: x. count: √(x + 3/8) (Anscombe 1948). share: arcsin √x. positive: log x.
    """

    kind: ValueKind

    def forward(self, values: np.ndarray | float) -> np.ndarray:
        """Map values (any shape) to the judging scale, on which their spread is steadier."""
        x = np.asarray(values, dtype=np.float64)
        if self.kind == "count":
            return np.sign(x) * (np.sqrt(np.abs(x) + 0.375) - np.sqrt(0.375))
        if self.kind == "share":
            return np.arcsin(np.sqrt(np.clip(x, 0.0, 1.0))) + np.where(x > 1, x - 1, np.minimum(x, 0.0))
        if self.kind == "positive":
            return np.where(x > 0, np.log(np.maximum(x, 1e-300)), -690.0 + np.minimum(x, 0.0))
        return x

    def backward(self, scaled: np.ndarray | float) -> np.ndarray:
        """Map from the judging scale back to values; bounds beyond the kind's range are cut off at it."""
        y = np.asarray(scaled, dtype=np.float64)
        if self.kind == "count":
            return np.maximum(np.square(np.maximum(y + np.sqrt(0.375), 0.0)) - 0.375, 0.0)
        if self.kind == "share":
            return np.square(np.sin(np.clip(y, 0.0, np.pi / 2)))
        if self.kind == "positive":
            return np.exp(np.minimum(y, 700.0))
        return y

    def constant_floor(self, level: float) -> float:
        """Scale of a series that never moved, on the judging scale, at judged level ``level``.

        A share of 0 then tolerates about 0.2 %, a positive or real value about 2 %, at four scales; a small
        count keeps the Poisson spread (0.5 after Anscombe's square root).
        """
        if self.kind == "count":
            value = float(self.backward(abs(level)))
            return 0.5 if value < _MANY else 0.0025 * float(np.sqrt(value))
        if self.kind == "share":
            return 0.011
        if self.kind == "positive":
            return 0.005
        return max(0.005 * abs(level), 1e-9)


def choose_transform(values: np.ndarray, kind: ValueKind | None = None) -> Transform:
    """Choose the judging scale of a series from its past values.

    Args:
        values: finite past values, float64, shape (n,).
        kind: what the values are, when it is known; otherwise it is read from them.

    Shares are only recognised when told, or when all values lie in [0, 1] and some are not whole. Small
    counts are whole, not negative and mostly below 1,000. A log scale is for values above zero that span a
    wide ratio.
    """
    if kind is not None and kind != "positive":
        return Transform(kind)
    if values.size == 0:
        return Transform("real")
    low, high = float(values.min()), float(values.max())
    if kind is None and low >= 0.0:
        whole = bool(np.all(values == np.round(values)))
        if high <= 1.0 and not whole:
            return Transform("share")
        if whole and float(np.median(values)) < 1000.0:
            return Transform("count")
    if low > 0.0 and (kind == "positive" or _ratio(values) > LOG_FROM_RATIO):
        return Transform("positive")
    return Transform("real")


def _ratio(values: np.ndarray) -> float:
    five, ninety_five = np.quantile(values, (0.05, 0.95))
    return float(ninety_five / five)
