"""Alerts with a shared cause belong together: many columns of one dataset, or what lies downstream of it."""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime

from dqm_assets.quality.alert import Alert


@dataclass(frozen=True)
class AlertGroup:
    """Alerts that one batch opened in one dataset, and those downstream of them.

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
    alerts: Sequence[Alert], upstream: Mapping[str, Set[str]] | None = None
) -> tuple[AlertGroup, ...]:
    """Group alerts that share a cause.

    Two alerts of one dataset share it when the same batch opened them, whatever the pace of the batches; an
    alert shares that of one upstream of it which went on when it opened.

    Args:
        alerts: alerts in any order.
        upstream: for each dataset the datasets it is made from (direct parents).

    Returns:
        Groups in order of their first opening; every alert is in exactly one.
    """
    ancestors = {dataset: _ancestors(dataset, upstream or {}) for dataset in {a.dataset for a in alerts}}
    ordered = sorted(alerts, key=lambda alert: (alert.opened_ts, alert.alert_id))
    leader = list(range(len(ordered)))
    for i, j in _related(ordered, ancestors):
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


def _related(ordered: Sequence[Alert], ancestors: Mapping[str, Set[str]]) -> Iterator[tuple[int, int]]:
    """Pairs of places in ``ordered`` that belong together; enough of them to join all that do."""
    batches: dict[tuple[str, str], int] = {}
    of_dataset: dict[str, list[int]] = {}
    for i, alert in enumerate(ordered):
        yield batches.setdefault((alert.dataset, alert.first_batch), i), i
        for parent in ancestors[alert.dataset] & of_dataset.keys():
            yield from ((j, i) for j in of_dataset[parent] if _went_on(ordered[j], alert.opened_ts))
        of_dataset.setdefault(alert.dataset, []).append(i)


def _went_on(alert: Alert, at: datetime) -> bool:
    return alert.opened_ts <= at and (alert.resolved_ts is None or at <= alert.resolved_ts)


def _find(leader: list[int], index: int) -> int:
    while leader[index] != index:
        leader[index] = leader[leader[index]]
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
