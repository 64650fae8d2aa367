"""Rules over a webhook, and transitions put into the outbox of a real store."""

from collections.abc import Sequence
from typing import Any

from dqm_assets.notify.outbox import OUTBOX, Transition, enqueue
from dqm_assets.notify.rules import Rules
from dqm_assets.pipeline.alert_rows import alert_row, event_row
from dqm_assets.pipeline.rows import upsert_rows
from dqm_assets.store import Store

#: Retries that a test need not wait for.
AT_ONCE = {"first": "0s", "longest": "0s"}


def rules(url: str, *, retry: dict[str, Any] | None = None, **route: Any) -> Rules:
    """One channel ``hook``, one route to it."""
    return Rules.model_validate(
        {
            "channels": {"hook": {"url": url, "retry": retry or AT_ONCE}},
            "routes": [{"name": "all", "to": "hook", **route}],
        }
    )


def tell(store: Store, transitions: Sequence[Transition]) -> None:
    """Write alerts, events and outbox as the pipeline does: in one transaction."""
    alerts = {transition.alert.alert_id: transition.alert for transition in transitions}
    events = [transition.event for transition in transitions]
    with store.transaction("monitoring.alerts", "monitoring.alert_events", OUTBOX) as tx:
        upsert_rows(tx, "monitoring.alerts", [alert_row(alert) for alert in alerts.values()])
        upsert_rows(tx, "monitoring.alert_events", [event_row(event) for event in events])
        enqueue(tx, events, list(alerts.values()))


def statuses(store: Store) -> dict[str, int]:
    """Notifications by status."""
    rows = store.rows("SELECT status, count(*) AS n FROM monitoring.notifications GROUP BY status")
    return {row["status"]: row["n"] for row in rows}
