"""Alerts with a shared cause belong together: many columns of one dataset, or what lies downstream of it."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

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
    for i, j in _related(ordered, ancestors, within):
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


def _related(
    ordered: Sequence[Alert], ancestors: Mapping[str, Set[str]], within: timedelta
) -> Iterator[tuple[int, int]]:
    """Pairs of places in ``ordered`` that belong together; enough of them to join all that do.

    Alerts of one dataset that are near in time are a chain of neighbours, so that an alert of another
    dataset which is near any of them is near one of its own two neighbours among them.
    """
    places: dict[str, list[int]] = {}
    batches: dict[tuple[str, str], int] = {}
    for i, alert in enumerate(ordered):
        places.setdefault(alert.dataset, []).append(i)
        yield batches.setdefault((alert.dataset, alert.first_batch), i), i
    for own in places.values():
        yield from ((i, j) for i, j in pairwise(own) if _near(ordered[i], ordered[j], within))
    for dataset, own in places.items():
        for parent in ancestors[dataset] & places.keys():
            others = places[parent]
            for i in own:
                after = bisect_left(others, i)
                for j in others[max(after - 1, 0) : after + 1]:
                    if _near(ordered[i], ordered[j], within):
                        yield i, j


def _near(a: Alert, b: Alert, within: timedelta) -> bool:
    return abs(a.opened_ts - b.opened_ts) <= within


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
