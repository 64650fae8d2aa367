"""Incidents of one dataset: findings in, changed alerts and their events out."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from dqm_assets.pipeline.alert_rows import alert_of
from dqm_assets.pipeline.alert_writing import write_alerts
from dqm_assets.quality.alert import Alert, AlertEvent, SeriesKey
from dqm_assets.quality.alerts import AlertPolicy, Finding, advance, resolve_by_engine
from dqm_assets.quality.segments import Explanation
from dqm_assets.store import Transaction

#: Alerts that findings from ``$since`` on can concern: those that are active, and those that ended so lately
#: that they can reopen or cover a point that comes late.
_CONCERNED = """
    SELECT * FROM monitoring.alerts
    WHERE dataset = $dataset AND (status <> 'resolved' OR resolved_ts >= $since)
    ORDER BY opened_ts, alert_id
"""


@dataclass
class Incidents:
    """Alerts of one dataset while findings are taken into account, each once.

    Attributes:
        by_series: alerts of each series by their opening, the newest last.
        changed: alerts that differ from the stored ones.
        events: what happened, in order.
    """

    by_series: dict[SeriesKey, list[Alert]] = field(default_factory=lambda: defaultdict(list))
    changed: dict[str, Alert] = field(default_factory=dict)
    events: list[AlertEvent] = field(default_factory=list)

    @classmethod
    def of(cls, alerts: Iterable[Alert]) -> "Incidents":
        """Start from stored alerts, in order of their opening."""
        incidents = cls()
        for alert in alerts:
            incidents.by_series[alert.series].append(alert)
        return incidents

    @property
    def active(self) -> list[Alert]:
        """Alerts whose incident goes on."""
        return [alert for alerts in self.by_series.values() for alert in alerts if alert.active]

    @property
    def newly_told(self) -> list[Alert]:
        """Changed alerts that were opened or got worse, so that an explanation is worth its price."""
        told = {event.alert_id for event in self.events if event.event in {"opened", "escalated", "updated"}}
        return [alert for alert in self.changed.values() if alert.alert_id in told]

    def take(self, finding: Finding, policy: AlertPolicy, message: str = "") -> None:
        """Take one finding into account; one that was seen before changes nothing.

        Args:
            finding: verdict and address; findings of a series come in the order of their places.
            policy: how alerts of the series live.
            message: says more than numbers do; becomes title and explanation.
        """
        alerts = self.by_series[finding.series]
        newest = alerts[-1] if alerts else None
        if newest is not None and finding.place <= newest.evidence.seen:
            self._take_late(finding, policy, message)
            return
        after, events = advance(newest, finding, policy)
        if after is None or after is newest:
            return
        self._put(_said(after, finding, message), _reasons(events, finding, message))

    def resolve(self, alert: Alert, reason: str, at: datetime) -> None:
        """End an incident that no finding will ever end."""
        after, events = resolve_by_engine(alert, reason, at)
        if after is not None:
            self._put(after, events)

    def put(self, alert: Alert) -> None:
        """Replace an alert by one that says more."""
        self._put(alert, ())

    def _take_late(self, finding: Finding, policy: AlertPolicy, message: str) -> None:
        """An anomaly older than what was seen is an incident of its own, unless a known one covers it."""
        alerts = self.by_series[finding.series]
        ts = finding.verdict.ts
        if finding.verdict.verdict != "anomalous" or any(_covers(alert, finding) for alert in alerts):
            return
        after, events = advance(None, finding, policy)
        if after is None:
            return
        self._put(_said(after, finding, message), _reasons(events, finding, message))
        follower = next((alert for alert in alerts if alert.opened_ts > ts), None)
        if follower is not None:
            self.resolve(
                self.changed[after.alert_id], "it came late; what followed was judged", follower.opened_ts
            )

    def _put(self, alert: Alert, events: Sequence[AlertEvent]) -> None:
        alerts = [other for other in self.by_series[alert.series] if other.alert_id != alert.alert_id]
        alerts.append(alert)
        alerts.sort(key=lambda one: (one.opened_ts, one.alert_id))
        self.by_series[alert.series] = alerts
        self.changed[alert.alert_id] = alert
        self.events += events


def concerned_alerts(tx: Transaction, dataset: str, since: datetime, policy: AlertPolicy) -> list[Alert]:
    """Alerts of a dataset that findings from ``since`` on can concern, as the transaction sees them."""
    rows = tx.query(_CONCERNED, {"dataset": dataset, "since": since - policy.reopen_within}).to_pylist()
    return [alert_of(row) for row in rows]


def with_explanations(incidents: Incidents, explain: Callable[[Alert], Explanation | None]) -> None:
    """Say of each alert that was just opened or got worse what explains it."""
    opened = {event.alert_id for event in incidents.events if event.event == "opened"}
    for alert in incidents.newly_told:
        found = explain(alert)
        if found is None:
            continue
        evidence = replace(alert.evidence, explanation=f"{alert.evidence.explanation}; {found.text}")
        title = f"{alert.title}: {found.text}" if alert.alert_id in opened else alert.title
        incidents.put(replace(alert, title=title, evidence=evidence))


def write_incidents(tx: Transaction, incidents: Incidents) -> None:
    """Write changed alerts, their events and what has to be told of them."""
    write_alerts(tx, list(incidents.changed.values()), incidents.events)


def _said(alert: Alert, finding: Finding, message: str) -> Alert:
    if not message or finding.verdict.verdict != "anomalous":
        return alert
    return replace(alert, title=message, evidence=replace(alert.evidence, explanation=message))


def _covers(alert: Alert, finding: Finding) -> bool:
    end = alert.resolved_ts or max(alert.evidence.seen_ts, alert.last_ts)
    return alert.opened_ts <= finding.verdict.ts <= end


def _reasons(events: Sequence[AlertEvent], finding: Finding, message: str) -> list[AlertEvent]:
    """Put the message in the place of what the verdict's numbers alone say."""
    said = finding.verdict.explanation
    return [replace(event, reason=message) if message and event.reason == said else event for event in events]
