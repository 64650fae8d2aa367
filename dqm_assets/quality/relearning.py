"""Learn from what people said of past alerts, and show by replay what that would change."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from dqm_assets.errors import SettingsError
from dqm_assets.quality.alert import Alert
from dqm_assets.quality.backtest import Replay, Setting, replay
from dqm_assets.quality.labels import Label
from dqm_assets.quality.sensitivity import Sensitivity

#: Sensitivities that are tried, as multiples of today's interval between false alerts.
_STRICTER = (1.0, 1.5, 2.0, 3.0, 5.0, 8.0, 12.0, 20.0, 50.0, 100.0)


@dataclass(frozen=True)
class Preview:
    """What a changed setting would have done with the past, before anyone accepts it.

    Attributes:
        before, after: both replays.
        gone: alerts in labelled false alarms or expected spans that would not have been opened.
        staying: such alerts that would still have been.
        lost: alerts in labelled incidents that would not have been opened. Look at these first.
    """

    before: Replay
    after: Replay
    gone: tuple[Alert, ...]
    staying: tuple[Alert, ...]
    lost: tuple[Alert, ...]

    @property
    def factor(self) -> float:
        """How much rarer alarms are asked for; 1 when only the training changes."""
        old, new = self.before.setting.sensitivity, self.after.setting.sensitivity
        if old.points is not None and new.points is not None:
            return new.points / old.points
        return (new.weeks or 1.0) / (old.weeks or 1.0)

    @property
    def kept(self) -> tuple[Alert, ...]:
        """Alerts that would have been opened with the changed setting too."""
        return tuple(alert for alert in self.before.alerts if _still(alert, self.after))

    @property
    def summary(self) -> str:
        """One line for people."""
        return (
            f"{self.after.setting.name}: {len(self.gone)} unwanted alerts would go, "
            f"{len(self.staying)} stay, {len(self.lost)} true ones would be lost"
        )


def preview(
    ts: np.ndarray, values: np.ndarray, labels: Sequence[Label], before: Replay, setting: Setting
) -> Preview:
    """Replay ``setting``, with expected spans learned as normal, and compare the alerts.

    Args:
        ts, values: the series, as for ``replay``.
        labels: what people said.
        before: replay of today's setting.
        setting: what it would be replaced by.
    """
    accepted = np.zeros(ts.size, dtype=bool)
    for label in labels:
        if label.kind == "expected":
            accepted |= (ts >= label.start) & (ts <= label.end)
    after = replay(ts, values, setting, accepted=accepted)
    unwanted = [alert for alert in before.alerts if _verdict(alert, labels) == "unwanted"]
    wanted = [alert for alert in before.alerts if _verdict(alert, labels) == "wanted"]
    return Preview(
        before,
        after,
        tuple(alert for alert in unwanted if not _still(alert, after)),
        tuple(alert for alert in unwanted if _still(alert, after)),
        tuple(alert for alert in wanted if not _still(alert, after)),
    )


def relearn(ts: np.ndarray, values: np.ndarray, labels: Sequence[Label], setting: Setting) -> Preview:
    """Find the mildest change that labels call for.

    Spans that people expected are learned as normal, and stricter sensitivities are tried in turn. The best
    removes most unwanted alerts less twice the true
    alerts it loses; of equals the mildest.

    Raises:
        SettingsError: the sensitivity is a z, which has no interval to widen.
    """
    if setting.sensitivity.z is not None:
        raise SettingsError("Learning from labels needs a sensitivity in weeks or points, not a fixed z.")
    before = replay(ts, values, setting)
    tried = [
        preview(ts, values, labels, before, replace(setting, sensitivity=_widen(setting.sensitivity, factor)))
        for factor in _STRICTER
    ]
    return max(tried, key=lambda one: len(one.gone) - 2 * len(one.lost))


def _widen(sensitivity: Sensitivity, factor: float) -> Sensitivity:
    if sensitivity.points is not None:
        return Sensitivity.per_points(sensitivity.points * factor)
    return Sensitivity.per_weeks((sensitivity.weeks or 1.0) * factor)


def _verdict(alert: Alert, labels: Sequence[Label]) -> str:
    touching = [label for label in labels if _overlaps(alert, label.start, label.end)]
    if any(label.is_incident for label in touching):
        return "wanted"
    return "unwanted" if touching else "unlabelled"


def _still(alert: Alert, after: Replay) -> bool:
    return any(_overlaps(alert, start, end) for start, end in after.spans)


def _overlaps(alert: Alert, start: float, end: float) -> bool:
    return alert.opened_ts.timestamp() <= end and alert.last_ts.timestamp() >= start
