"""The device monitor's rule: the latest value against the mean of the previous few."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dqm_assets.quality.sensitivity import Sensitivity
from tests.unit.quality.baselines.reference.protocol import Bands, History

#: A drop that is 15 % but for the rounding of floating point is 15 %.
_ROUNDING = 1e-12
#: No drop can be told from less than this.
_SMALLEST = 1e-150


@dataclass(frozen=True)
class ShareDrop:
    """Alarm when a value is at least ``drop`` below the mean of the previous ``history`` values.

    The sensitivity does not matter: ``drop`` is the user's own threshold. Rises never alarm.
    """

    history: int = 4
    drop: float = 0.15
    name: str = "share_drop"
    withstands_incidents: bool = True

    @property
    def needed(self) -> int:
        """As many points as are averaged."""
        return self.history

    @property
    def window(self) -> int:
        """Only the averaged points are kept."""
        return self.history

    def fit(self, history: History) -> "FittedShareDrop":
        """Take the mean of the last ``history`` values."""
        return FittedShareDrop(float(np.mean(history.values[-self.history :])), self.drop)


@dataclass(frozen=True)
class FittedShareDrop:
    """Mean of the previous values and the drop that alarms."""

    mean: float
    drop: float

    @property
    def params(self) -> Mapping[str, float | str]:
        """Mean of the previous values and the drop that alarms."""
        return {"mean": self.mean, "drop": self.drop}

    def bands(self, ts: np.ndarray, values: np.ndarray, recent: History, sensitivity: Sensitivity) -> Bands:
        """Judge ``values``: score 1 is exactly the drop that alarms."""
        del ts, recent, sensitivity
        allowed = abs(self.mean) * self.drop
        below = np.maximum(self.mean - values, 0.0)
        same = np.ones(values.shape)
        # Beside a mean of almost nothing a score may be beyond all numbers: infinite is what it is.
        with np.errstate(over="ignore"):
            score = below / allowed if allowed > _SMALLEST else 0.0 * same
        alarm = (below >= allowed * (1.0 - _ROUNDING)) & (allowed > _SMALLEST)
        return Bands(
            self.mean * same, (self.mean - allowed) * same, np.inf * same, score, allowed * same, alarm
        )
