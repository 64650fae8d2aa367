"""What every baseline method is: something that fits a history and then says what to expect."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from dqm_assets.quality.sensitivity import Sensitivity
from tests.unit.quality.baselines.reference.transform import ValueKind

#: Newest values that a model gets to see beside its fit.
RECENT = 72


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
class Bands:
    """What is expected of k points, and how each compares; every array has shape (k,).

    Attributes:
        expected, lower, upper: in the series' own unit; a bound may be infinite.
        score: distance of the judged value from ``expected``, ≥ 0, in the method's own measure.
        scale: spread of normal points about ``expected``, on the judging scale of the method.
        anomalous: bool, whether the value is outside what the sensitivity allows.
    """

    expected: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    score: np.ndarray
    scale: np.ndarray
    anomalous: np.ndarray


class Model(Protocol):
    """A fitted baseline: judges points after its history without changing."""

    @property
    def params(self) -> Mapping[str, float | str]:
        """What was fitted, for people and for the store."""
        ...

    def bands(self, ts: np.ndarray, values: np.ndarray, recent: History, sensitivity: Sensitivity) -> Bands:
        """Say what was expected at times ``ts`` and how far ``values`` are from it.

        Args:
            ts: seconds since 1970 UTC, shape (k,).
            values: the observed values, finite, shape (k,).
            recent: the newest learned points (the fit may be older), shape (r + k − 1,): point i was preceded
                by the first r + i of them. r is ``RECENT``, or less when fewer are known.
            sensitivity: decides how far is too far.
        """
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

    @property
    def withstands_incidents(self) -> bool:
        """Whether fits stay good when the history holds anomalous points; else they are left out."""
        ...

    def fit(self, history: History) -> Model:
        """Fit at least ``needed`` points."""
        ...


class Learner(Protocol):
    """The state of one method on one series: judges the next point, then learns it.

    ``judge`` changes no state that a verdict depends on. Cost per point does not grow with the history.
    """

    @property
    def n(self) -> int:
        """Points that train the next verdict."""
        ...

    @property
    def needed(self) -> int:
        """Points needed before the first verdict."""
        ...

    @property
    def ahead(self) -> int:
        """How many points may be judged at once before one of them must be learned (at least 1)."""
        ...

    @property
    def params(self) -> Mapping[str, float | str]:
        """What was fitted."""
        ...

    def judge(self, ts: np.ndarray, values: np.ndarray, sensitivity: Sensitivity) -> Bands:
        """Judge finite values, shape (k,) with k ≤ ``ahead``, as if each were learned before the next.

        Only called when ``n`` has reached ``needed``.
        """
        ...

    def learn(self, ts: float, value: float, *, anomalous: bool, left_out: bool = False) -> bool:
        """Take in a finite value that was judged ``anomalous`` or not; returns whether it trains.

        One that is ``left_out`` never trains by itself, whatever the method withstands.
        """
        ...

    def learn_normal(self, ts: list[float], values: list[float]) -> None:
        """Take in points that were judged normal, at most ``ahead`` of them."""
        ...
