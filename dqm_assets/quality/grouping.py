"""Alerts with a shared cause belong together: many columns of one dataset, and what lies downstream of it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache

from dqm_assets.quality.alert import Alert
from dqm_assets.quality.lineage import Lineage
from dqm_assets.quality.scorecard import SCORECARD

#: Tables are often dated more coarsely than what they are made from, by the day for instance: data of one may
#: seem this much older than the fault upstream that broke it.
_COARSER = timedelta(days=1)
#: For how long a fault explains what opens after it was last seen, as long as nobody says that it is over.
_RECENT = timedelta(days=1)


def grouped(opened: Sequence[Alert], known: Sequence[Alert], lineage: Lineage) -> tuple[Alert, ...]:
    """Give alerts that just opened the group of what caused them, and those that they explain theirs.

    An alert is caused by one upstream of it which went on when it opened and was last seen at most a day
    before, by the time of their data; of several by one that has no cause of its own, then by the one that
    began first. What is muted causes nothing. Scores neither cause nor follow: which of them leads is said
    by who opens them. Without such a cause it belongs to what the same batch opened in its dataset. An alert
    that was open before, and whose data is no older than that of one upstream that opens now, is caused by
    that one.

    Args:
        opened: alerts that just opened.
        known: alerts that were there before: of their datasets and of what lies up and downstream of them.
        lineage: which datasets are made from which.

    Returns:
        The opened ones and those of the known ones that change, with ``group_key`` and ``caused_by``.
    """
    waiting = {alert.alert_id for alert in opened}
    placed = _Placed((alert for alert in known if alert.alert_id not in waiting), lineage)
    changed: dict[str, Alert] = {}

    def put(alert: Alert, leader: Alert, caused_by: str) -> Alert:
        now = replace(alert, group_key=leader.group_key, caused_by=caused_by)
        placed.put(now)
        changed[alert.alert_id] = now
        return now

    def order(alert: Alert) -> tuple:
        return len(placed.above(places_of(alert))), alert.opened_ts, alert.alert_id

    for alert in sorted((one for one in opened if not _is_summary(one)), key=order):
        cause = placed.cause_of(alert)
        if cause is not None:
            own = put(alert, cause, cause.caused_by or cause.alert_id)
        else:
            own = put(alert, placed.sibling_of(alert) or alert, "")
        for one in placed.explained_by(own):
            put(one, own, own.caused_by or own.alert_id)
    return tuple(changed.values())


def is_recent(last_ts: datetime, ts: datetime) -> bool:
    """Whether a fault last seen at ``last_ts`` is near enough to explain what happens at ``ts``."""
    return ts - last_ts <= _RECENT


def places_of(alert: Alert) -> tuple[str, ...]:
    """Where an alert stands in the lineage: its dataset, or the pipeline and its step that failed."""
    return tuple(filter(None, (alert.dataset, alert.evidence.failed_step)))


class _Placed:
    """Alerts by their batch and by their place, where those lie together that no rule here tells apart."""

    def __init__(self, alerts: Iterable[Alert], lineage: Lineage) -> None:
        self.above = cache(lineage.ancestors)
        self.below = cache(lineage.descendants)
        self._alerts: dict[str, Alert] = {}
        self._first: dict[tuple[str, str], Alert] = {}
        self._alike: dict[str, dict[tuple, dict[str, Alert]]] = {}
        for alert in alerts:
            self.put(alert)

    def put(self, alert: Alert) -> None:
        """Take an alert in, or in place of what it was before."""
        before = self._alerts.get(alert.alert_id)
        self._alerts[alert.alert_id] = alert
        for place in places_of(alert):
            alike = self._alike.setdefault(place, {})
            if before is not None:
                alike[_likeness(before)].pop(before.alert_id, None)
            alike.setdefault(_likeness(alert), {})[alert.alert_id] = alert
        if _is_summary(alert):
            return
        first = self._first.setdefault(_batch(alert), alert)
        if (alert.opened_ts, alert.alert_id) <= (first.opened_ts, first.alert_id):
            self._first[_batch(alert)] = alert

    def sibling_of(self, alert: Alert) -> Alert | None:
        """What the same batch opened first in its dataset."""
        return self._first.get(_batch(alert))

    def cause_of(self, alert: Alert) -> Alert | None:
        """The alert upstream that it follows from."""
        found = [
            (bool(one.caused_by), one.opened_ts, min(alike))
            for one, alike in self._at(self.above(places_of(alert)))
            if _went_on(one, alert)
        ]
        return self._alerts[min(found)[-1]] if found else None

    def explained_by(self, alert: Alert) -> list[Alert]:
        """What goes on downstream and follows from an alert that was not known before."""
        below = self.below(places_of(alert))

        def follows(one: Alert | None) -> bool:
            return (
                one is not None
                and one.alert_id != alert.caused_by
                and not below.isdisjoint(places_of(one))
                and _explains(alert, one)
            )

        found = {
            key: each
            for one, alike in self._at(below)
            if _explains(alert, one) and (not one.caused_by or follows(self._alerts.get(one.caused_by)))
            for key, each in alike.items()
            if key != alert.caused_by
        }
        return list(found.values())

    def _at(self, places: Iterable[str]) -> Iterator[tuple[Alert, dict[str, Alert]]]:
        """Those alike at some places, each with one of them."""
        for place in sorted(places):
            for alike in self._alike.get(place, {}).values():
                if alike:
                    yield next(iter(alike.values())), alike


def _likeness(alert: Alert) -> tuple:
    """All that the rules below look at."""
    seen = alert.opened_ts, alert.last_ts, alert.resolved_ts
    return alert.status, _is_summary(alert), alert.caused_by, *seen


def _explains(cause: Alert, alert: Alert) -> bool:
    """Whether a fault that is found now explains what was open before."""
    return alert.active and alert.opened_ts >= cause.opened_ts and _went_on(cause, alert)


def _went_on(cause: Alert, alert: Alert) -> bool:
    """Whether a fault was there when an alert opened, by the time of their data, and can be its cause."""
    if _is_summary(cause) or _is_summary(alert) or cause.status == "muted":
        return False
    begun = cause.opened_ts - _COARSER <= alert.opened_ts
    recent = is_recent(cause.last_ts, alert.opened_ts)
    return begun and recent and (cause.resolved_ts is None or alert.opened_ts <= cause.resolved_ts)


def _is_summary(alert: Alert) -> bool:
    """Whether it sums up a day of all that is watched: it tells nothing of where a fault came from."""
    return alert.detector == SCORECARD


def _batch(alert: Alert) -> tuple[str, str]:
    return alert.dataset, alert.first_batch
