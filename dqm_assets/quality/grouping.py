"""Alerts with a shared cause belong together: many columns of one dataset, or what lies downstream of it."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import timedelta

from dqm_assets.quality.alert import Alert


@dataclass(frozen=True)
class AlertGroup:
    """Alerts that began together in one dataset or along its lineage.

    Attributes:
        group_key: alert_id of the root, so that it stays the same while the group grows.
        root: the most upstream alert; of several the one that began first.
        alerts: all members, in order of opening.
    """

    group_key: str
    root: Alert
    alerts: tuple[Alert, ...]

    @property
    def title(self) -> str:
        """One line for a whole group."""
        others = len(self.alerts) - 1
        return self.root.title if others == 0 else f"{self.root.title} (and {others} more of the same cause)"


def group_alerts(
    alerts: Sequence[Alert],
    upstream: Mapping[str, Set[str]] | None = None,
    within: timedelta = timedelta(minutes=30),
) -> tuple[AlertGroup, ...]:
    """Group alerts that share a cause.

    Args:
        alerts: alerts in any order.
        upstream: for each dataset the datasets it is made from (direct parents).
        within: two alerts of the same dataset, or of a dataset and one upstream of it, belong together when
            they share a batch or opened no further apart than this.

    Returns:
        Groups in order of their first opening; every alert is in exactly one.
    """
    ancestors = {dataset: _ancestors(dataset, upstream or {}) for dataset in {a.dataset for a in alerts}}
    ordered = sorted(alerts, key=lambda alert: (alert.opened_ts, alert.alert_id))
    leader = list(range(len(ordered)))
    for i, later in enumerate(ordered):
        for j in range(i):
            if _related(ordered[j], later, ancestors, within):
                a, b = _find(leader, i), _find(leader, j)
                leader[max(a, b)] = min(a, b)
    members: dict[int, list[Alert]] = {}
    for i, alert in enumerate(ordered):
        members.setdefault(_find(leader, i), []).append(alert)
    return tuple(_group(group, ancestors) for group in members.values())


def _group(alerts: list[Alert], ancestors: Mapping[str, Set[str]]) -> AlertGroup:
    present = {alert.dataset for alert in alerts}
    root = min(
        alerts, key=lambda alert: (len(ancestors[alert.dataset] & present), alert.opened_ts, alert.alert_id)
    )
    return AlertGroup(root.alert_id, root, tuple(alerts))


def _related(a: Alert, b: Alert, ancestors: Mapping[str, Set[str]], within: timedelta) -> bool:
    linked = a.dataset == b.dataset or a.dataset in ancestors[b.dataset] or b.dataset in ancestors[a.dataset]
    same_batch = a.dataset == b.dataset and a.first_batch == b.first_batch
    return linked and (same_batch or abs(a.opened_ts - b.opened_ts) <= within)


def _find(leader: list[int], index: int) -> int:
    while leader[index] != index:
        index = leader[index]
    return index


def _ancestors(dataset: str, upstream: Mapping[str, Set[str]]) -> set[str]:
    found: set[str] = set()
    waiting = [dataset]
    while waiting:
        for parent in upstream.get(waiting.pop(), ()):
            if parent not in found:
                found.add(parent)
                waiting.append(parent)
    return found
