"""A baseline that is fitted to a window of the past, and fitted again as the past grows."""

import math
from collections.abc import Mapping

import numpy as np

from dqm_assets.quality.sensitivity import Sensitivity
from tests.unit.quality.baselines.reference.protocol import RECENT, Bands, Baseline, History, Model
from tests.unit.quality.baselines.reference.transform import ValueKind

#: A series that stays anomalous for so many points in a row, or for so large a part of the history if that
#: is more, has a new normal: what came before is forgotten.
ADAPT_AFTER = 60
_ADAPT_AFTER_SHARE = 16
#: The baseline is fitted again after each point up to here, later after every 1/16 of its window.
_REFIT_ALWAYS_BELOW = 64
_REFIT_SHARE = 16
_CADENCE_POINTS = 1000
#: The ensemble takes no series for known before it has seen it for a day and a quarter: at most 30 points.
_SEEN_FOR = 1.25 * 86_400.0
_MOST_NEEDED = 30


class WindowedLearner:
    """Keeps the newest points that may train, and the model fitted to them.

    Fits happen after fixed numbers of learned points, so that a replay fits at the same moments. The cost of
    fits is at most ``_REFIT_SHARE`` passes over each point, whatever the length of the history.
    """

    def __init__(self, baseline: Baseline, kind: ValueKind | None, adapt_after: int | None) -> None:
        """Start with no history."""
        self._adapt_after = adapt_after
        self._baseline = baseline
        self._kind: ValueKind | None = kind
        self._ts: list[float] = []
        self._values: list[float] = []
        self._run: list[tuple[float, float]] = []
        self._since_fit = 0
        self._model: Model | None = None
        self._needed = baseline.needed

    @property
    def n(self) -> int:
        """Points in the window."""
        return len(self._values)

    @property
    def needed(self) -> int:
        """Points before the first verdict, by what is known of the cadence."""
        return self._needed

    @property
    def ahead(self) -> int:
        """Points until the next fit."""
        return max(self._pause() - self._since_fit, 1)

    @property
    def params(self) -> Mapping[str, float | str]:
        """What the newest fit found."""
        return self._model.params if self._model is not None else {}

    def judge(self, ts: np.ndarray, values: np.ndarray, sensitivity: Sensitivity) -> Bands:
        """Judge by the newest fit and the newest values."""
        if self._model is None:
            raise RuntimeError("judge was called before enough points were learned")
        recent = History(
            np.concatenate((self._ts[-RECENT:], ts[:-1])),
            np.concatenate((self._values[-RECENT:], values[:-1])),
            float("nan"),
        )
        return self._model.bands(ts, values, recent, sensitivity)

    def learn(self, ts: float, value: float, *, anomalous: bool, left_out: bool = False) -> bool:
        """Add a point, unless it is left out, or anomalous and the baseline cannot withstand that."""
        trains = not (anomalous or left_out) or (not left_out and self._baseline.withstands_incidents)
        if trains:
            self._ts.append(ts)
            self._values.append(value)
            self._since_fit += 1
        if not anomalous:
            self._run = []
        else:
            self._run.append((ts, value))
            if len(self._run) >= self._patience():
                self._ts = [point[0] for point in self._run]
                self._values = [point[1] for point in self._run]
                self._run, self._since_fit, self._model = [], 0, None
        self._fit_when_due()
        return trains

    def learn_normal(self, ts: list[float], values: list[float]) -> None:
        """Add points that were judged normal."""
        self._ts += ts
        self._values += values
        self._since_fit += len(ts)
        self._run = []
        self._fit_when_due()

    def _needed_now(self) -> int:
        cadence = _cadence(np.array(self._ts))
        if self._baseline.name != "ensemble" or not cadence > 0:
            return self._baseline.needed
        return max(self._baseline.needed, math.ceil(min(_SEEN_FOR / cadence, _MOST_NEEDED)))

    def _patience(self) -> int:
        """Anomalous points in a row that are the new normal."""
        return self._adapt_after or max(ADAPT_AFTER, len(self._values) // _ADAPT_AFTER_SHARE)

    def _pause(self) -> int:
        """Points between two fits, by the number of points at the last fit."""
        n = len(self._values) - self._since_fit
        return 1 if n < _REFIT_ALWAYS_BELOW else min(n, self._baseline.window) // _REFIT_SHARE

    def _fit_when_due(self) -> None:
        """Fit again after a share of the window came in, and forget what no later fit can need."""
        n, window = len(self._values), self._baseline.window
        if self._model is None:
            self._needed = self._needed_now()
        if n < self.needed or (self._model is not None and self._since_fit < self._pause()):
            return
        self._model = self._baseline.fit(self._history(n))
        self._since_fit = 0
        if n > window:
            del self._ts[:-window], self._values[:-window]

    def _history(self, end: int) -> History:
        """The newest ``window`` points before position ``end``."""
        start = max(0, end - self._baseline.window)
        ts = np.array(self._ts[start:end])
        return History(ts, np.array(self._values[start:end]), _cadence(ts), self._kind)


def _cadence(ts: np.ndarray) -> float:
    return float(np.median(np.diff(ts[-_CADENCE_POINTS:]))) if ts.size > 2 else float("nan")
