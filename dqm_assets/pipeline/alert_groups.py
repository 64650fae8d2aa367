"""Which alerts belong together: what just opened finds its cause, and leaves one that is over."""

from collections.abc import Sequence
from dataclasses import replace

from dqm_assets.pipeline.alert_rows import alert_of
from dqm_assets.pipeline.lineage_rows import read_lineage
from dqm_assets.quality.alert import Alert, AlertEvent, event_of
from dqm_assets.quality.alerts import DETECTOR_ACTOR
from dqm_assets.quality.grouping import grouped, places_of
from dqm_assets.store import Transaction

#: Alerts that can share a cause with what opens now: of the same batch, or of a place up or downstream that
#: was active at that time of the data.
_RELATED = """
    SELECT * FROM monitoring.alerts
    WHERE (dataset IN (SELECT unnest($datasets)) AND list_contains($batches, first_batch))
       OR ((status <> 'resolved' OR resolved_ts >= $since) AND (
            list_contains($places, dataset)
            OR (detector = 'pipeline'
                AND list_contains($places, coalesce(json_extract_string(evidence, '$.failed_step'), '')))
          ))
"""
_CAUSES = "SELECT * FROM monitoring.alerts WHERE list_contains(?, alert_id)"


def with_groups(
    tx: Transaction, alerts: Sequence[Alert], events: Sequence[AlertEvent]
) -> tuple[list[Alert], list[AlertEvent]]:
    """Give each alert that just opened its group; let those go on alone whose cause is over.

    Args:
        tx: the open transaction, which has locked the alerts.
        alerts: changed alerts.
        events: what happened to them.

    Returns:
        The alerts in their order, then others that change with them; the events, and those that follow.
    """
    alerts, parted = _parted(tx, alerts)
    opened = {event.alert_id for event in events if event.event == "opened"}
    new = [alert for alert in alerts if alert.alert_id in opened]
    if not new:
        return alerts, [*events, *parted]
    lineage = read_lineage(lambda sql: tx.query(sql).to_pylist())
    places = {place for alert in new for place in places_of(alert)}
    related = tx.query(
        _RELATED,
        {
            "datasets": sorted({alert.dataset for alert in new}),
            "batches": sorted({alert.first_batch for alert in new}),
            "places": sorted(lineage.ancestors(places) | lineage.descendants(places)),
            "since": min(alert.opened_ts for alert in new),
        },
    ).to_pylist()
    mine = {alert.alert_id: alert for alert in alerts}
    stored = [alert_of(row) for row in related if row["alert_id"] not in mine]
    old = [alert for alert in alerts if alert.alert_id not in opened]
    changed = {alert.alert_id: alert for alert in grouped(new, [*old, *stored], lineage)}
    own = [changed.pop(alert.alert_id, alert) for alert in alerts]
    return [*own, *changed.values()], [*events, *parted]


def _parted(tx: Transaction, alerts: Sequence[Alert]) -> tuple[list[Alert], list[AlertEvent]]:
    """An alert that is anomalous after its cause was over stands for itself, and is told as such."""
    caused = [
        alert for alert in alerts if alert.caused_by and alert.active and not alert.evidence.normal_points
    ]
    if not caused:
        return list(alerts), []
    rows = tx.query(_CAUSES, [sorted({alert.caused_by for alert in caused})]).to_pylist()
    causes = {row["alert_id"]: alert_of(row) for row in rows}
    causes |= {alert.alert_id: alert for alert in alerts}
    parted, events = {}, []
    for alert in caused:
        cause = causes.get(alert.caused_by)
        if cause is not None and (cause.resolved_ts is None or alert.last_ts <= cause.resolved_ts):
            continue
        parted[alert.alert_id] = replace(alert, caused_by="", group_key=alert.alert_id)
        if alert.status == "open":
            said = f"still anomalous, though what caused it is over: {cause.title}" if cause else "on its own"
            events.append(
                event_of(
                    alert.alert_id,
                    alert.last_ts,
                    "reopened",
                    actor=DETECTOR_ACTOR,
                    reason=said,
                    details={"severity": alert.severity},
                )
            )
    return [parted.get(alert.alert_id, alert) for alert in alerts], events
