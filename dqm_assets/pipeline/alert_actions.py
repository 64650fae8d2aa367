"""What people do with alerts: acknowledge, mute, resolve; written with its event, audited."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from dqm_assets.errors import StoreError
from dqm_assets.pipeline.alert_rows import alert_of
from dqm_assets.pipeline.alert_writing import ALERT_TABLES, write_alerts
from dqm_assets.pipeline.label_rows import LabelRow, label_id_of
from dqm_assets.pipeline.rows import append_rows, as_json, upsert_rows
from dqm_assets.quality.alert import Alert, AlertEvent
from dqm_assets.quality.alerts import Change
from dqm_assets.store import Store

_LABELS = "monitoring.labels"


@dataclass(frozen=True)
class AuditRow:
    """A line of ``monitoring.audit``: who did what to what, and why."""

    ts: datetime
    actor: str
    action: str
    target: str
    reason: str
    details: str


def find_alert_id(store: Store, start: str) -> str:
    """The id of the one alert whose id starts so.

    Raises:
        StoreError: there is none, or several.
    """
    found = store.rows(
        "SELECT alert_id FROM monitoring.alerts WHERE starts_with(alert_id, ?) LIMIT 2", [start]
    )
    if len(found) != 1:
        problem = "several alerts start" if found else "no alert starts"
        raise StoreError(
            f"{problem.capitalize()} with {start!r}; `dqm alerts list --status all` shows their ids."
        )
    return found[0]["alert_id"]


def act(store: Store, alert_id: str, action: Callable[[Alert], Change]) -> Alert:
    """Apply an action to an alert and write the alert, its events and the audit line together.

    Args:
        store: The open store.
        alert_id: Whole id of the alert.
        action: One of the lifecycle functions, with actor, reason and time filled in.

    Raises:
        StoreError: no such alert.
        SettingsError: the alert's state does not allow the action.
    """
    with store.transaction(*ALERT_TABLES, _LABELS) as tx:
        rows = tx.query("SELECT * FROM monitoring.alerts WHERE alert_id = ?", [alert_id]).to_pylist()
        if not rows:
            raise StoreError(
                f"There is no alert {alert_id}; `dqm alerts list --status all` shows what there is."
            )
        alert, events = action(alert_of(rows[0]))
        if alert is None:
            raise StoreError(f"The action left no alert {alert_id}; nothing was changed.")
        [alert] = write_alerts(tx, [alert], events)
        mutes = [_muted_span(alert, event) for event in events if event.event == "muted"]
        upsert_rows(tx, _LABELS, mutes)
        append_rows(
            tx,
            "monitoring.audit",
            [
                AuditRow(
                    datetime.now(UTC),
                    event.actor,
                    f"alert.{event.event}",
                    alert_id,
                    event.reason,
                    as_json(event.details),
                )
                for event in events
            ],
        )
    return alert


def _muted_span(alert: Alert, event: AlertEvent) -> LabelRow:
    """What is muted teaches nothing, until the mute ends or the incident does."""
    series = alert.series
    return LabelRow(
        label_id=label_id_of(alert.alert_id, "muted"),
        dataset=series.dataset,
        column_name=series.column_name,
        segment=series.segment,
        metric=series.metric,
        detector=series.detector,
        kind="muted",
        start_ts=alert.opened_ts,
        end_ts=alert.evidence.muted_until,
        alert_id=alert.alert_id,
        actor=event.actor,
        reason=event.reason,
        created_at=event.ts,
        accepted_at=event.ts,
    )
