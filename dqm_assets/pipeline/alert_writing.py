"""Writing alerts: each with its group, its events and what has to be told of them, in one transaction."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from dqm_assets.notify.outbox import OUTBOX, enqueue
from dqm_assets.pipeline.alert_groups import with_groups
from dqm_assets.pipeline.alert_rows import alert_row, event_row
from dqm_assets.pipeline.rows import upsert_rows
from dqm_assets.quality.alert import Alert, AlertEvent
from dqm_assets.store import Transaction

#: Tables to name in ``store.transaction(…)`` of whoever reads alerts to write them.
ALERT_TABLES = ("monitoring.alerts", "monitoring.alert_events", OUTBOX)
_RAISES = {"opened", "reopened"}


def write_alerts(tx: Transaction, alerts: Sequence[Alert], events: Sequence[AlertEvent]) -> list[Alert]:
    """Write changed alerts and their events, stamped with the time, and put the events into the outbox.

    What just opened gets its group; others that this explains get theirs too.

    Args:
        tx: the open transaction; it has named `ALERT_TABLES` if it has read anything.
        alerts: the alerts as they are afterwards, at least those of the events.
        events: what happened.

    Returns:
        The given alerts as written.
    """
    now = datetime.now(UTC)
    together, happened = with_groups(tx, alerts, events)
    raised = {event.alert_id for event in happened if event.event in _RAISES}
    stamped = [replace(alert, raised_at=now) if alert.alert_id in raised else alert for alert in together]
    recorded = [replace(event, recorded_at=now) for event in happened]
    upsert_rows(tx, "monitoring.alerts", [alert_row(alert) for alert in stamped])
    upsert_rows(tx, "monitoring.alert_events", [event_row(event) for event in recorded])
    if recorded:
        enqueue(tx, recorded, stamped)
    return stamped[: len(alerts)]
