"""Alerts with a shared cause belong together: many columns of one dataset, and what lies downstream of it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import timedelta

from dqm_assets.quality.alert import Alert
from dqm_assets.quality.lineage import Lineage

#: Tables are often dated more coarsely than what they are made from, by the day for instance: data of one may
#: seem this much older than the fault upstream that broke it.
_COARSER = timedelta(days=1)


def grouped(opened: Sequence[Alert], known: Sequence[Alert], lineage: Lineage) -> tuple[Alert, ...]:
    """Give alerts that just opened the group of what caused them, and those that they explain theirs.

    An alert is caused by one upstream of it which went on when it opened, by the time of their data; of
    several by one that has no cause of its own, then by the one that began first. Without such a cause it
    belongs to what the same batch opened in its dataset. An alert that was open before, and whose data is no
    older than that of one upstream that opens now, is caused by that one.

    Args:
        opened: alerts that just opened.
        known: alerts that were there before: of their datasets and of what lies up and downstream of them.
        lineage: which datasets are made from which.

    Returns:
        The opened ones and those of the known ones that change, with ``group_key`` and ``caused_by``.
    """
    alerts = {alert.alert_id: alert for alert in [*known, *opened]}
    waiting = {alert.alert_id for alert in opened}
    changed: dict[str, Alert] = {}

    def put(alert: Alert, leader: Alert, caused_by: str) -> None:
        alerts[alert.alert_id] = replace(alert, group_key=leader.group_key, caused_by=caused_by)
        changed[alert.alert_id] = alerts[alert.alert_id]

    for alert in sorted(opened, key=lambda one: (len(lineage.ancestors(places_of(one))), *_began(one))):
        waiting.discard(alert.alert_id)
        others = [one for key, one in alerts.items() if key not in waiting and key != alert.alert_id]
        cause = _cause(alert, others, lineage)
        sibling = next(iter(sorted(filter(_same_batch(alert), others), key=_began)), None)
        if cause is not None:
            put(alert, cause, cause.caused_by or cause.alert_id)
        else:
            put(alert, sibling or alert, "")
        own = alerts[alert.alert_id]
        for one in _explained(own, others, lineage):
            put(one, own, own.caused_by or own.alert_id)
    return tuple(changed.values())


def places_of(alert: Alert) -> tuple[str, ...]:
    """Where an alert stands in the lineage: its dataset, or the pipeline and its step that failed."""
    return tuple(filter(None, (alert.dataset, alert.evidence.failed_step)))


def _cause(alert: Alert, others: Iterable[Alert], lineage: Lineage) -> Alert | None:
    above = lineage.ancestors(places_of(alert))
    found = [one for one in others if not above.isdisjoint(places_of(one)) and _went_on(one, alert)]
    return min(found, key=lambda one: (bool(one.caused_by), *_began(one)), default=None)


def _explained(alert: Alert, others: Sequence[Alert], lineage: Lineage) -> list[Alert]:
    below = lineage.descendants(places_of(alert))
    found = {
        one.alert_id: one
        for one in others
        if one.active
        and one.opened_ts >= alert.opened_ts
        and one.alert_id != alert.caused_by
        and not below.isdisjoint(places_of(one))
    }
    return [one for one in found.values() if one.caused_by in {"", *found}]


def _went_on(cause: Alert, alert: Alert) -> bool:
    """Whether a fault was there when an alert opened, by the time of their data."""
    begun = cause.opened_ts - _COARSER <= alert.opened_ts
    return begun and (cause.resolved_ts is None or alert.opened_ts <= cause.resolved_ts)


def _same_batch(alert: Alert) -> Callable[[Alert], bool]:
    return lambda one: (one.dataset, one.first_batch) == (alert.dataset, alert.first_batch)


def _began(alert: Alert) -> tuple:
    return alert.opened_ts, alert.alert_id
