"""What every baseline method is: something that fits a history and then says what to expect."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from dqm_assets.quality.sensitivity import Sensitivity
from dqm_assets.quality.transform import ValueKind


@dataclass(frozen=True)
class History:
    """The past of a series that may train a baseline, oldest first: nothing excluded is in it.

    Attributes:
        ts: seconds since 1970 UTC, float64, shape (n,), ascending.
        values: finite values, float64, shape (n,).
        cadence: usual seconds between two points; NaN until three points are known.
        kind: what the values are, when the user said so.
    """

    ts: np.ndarray
    values: np.ndarray
    cadence: float
    kind: ValueKind | None = None


@dataclass(frozen=True)
class Band:
    """What is expected of one point.

    Attributes:
        expected, lower, upper: in the series' own unit; a bound may be infinite.
        score: distance of the judged value from ``expected``, in scales (≥ 0).
        scale: spread of normal points about ``expected``, on the judging scale of the method.
        anomalous: whether the judged value is outside what the sensitivity allows.
    """

    expected: float
    lower: float
    upper: float
    score: float
    scale: float
    anomalous: bool


class Model(Protocol):
    """A fitted baseline: judges points after its history without changing."""

    @property
    def params(self) -> Mapping[str, float | str]:
        """What was fitted, for people and for the store."""
        ...

    def band(self, ts: float, value: float, sensitivity: Sensitivity) -> Band:
        """Say what was expected at ``ts`` and how far ``value`` is from it."""
        ...


class Baseline(Protocol):
    """A way of learning what is normal: cheap to make, holds its options, keeps no state."""

    @property
    def name(self) -> str:
        """Method name as it is stored with each verdict."""
        ...

    @property
    def needed(self) -> int:
        """Points that must be known before the first verdict."""
        ...

    @property
    def window(self) -> int:
        """Points of history that are kept."""
        ...

    def fit(self, history: History) -> Model:
        """Fit at least ``needed`` points."""
        ...
