"""From the outbox to notifications: each transition is routed once, whoever does it and however often."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dqm_assets.notify.outbox import OUTBOX, Transition
from dqm_assets.notify.routing import ALARMS, Decision, History, Told, decide, series_of
from dqm_assets.notify.rules import Rules
from dqm_assets.pipeline.rows import upsert_rows
from dqm_assets.quality.alert import Severity
from dqm_assets.store import Store, Transaction

NOTIFICATIONS = "monitoring.notifications"
#: How the last error of a delivery begins that was tried, and waits for the end of quiet hours.
HELD = "quiet hours"
#: Transitions routed in one transaction, so that it stays short.
_AT_ONCE = 500

_WAITING = """
    SELECT * FROM monitoring.outbox WHERE routed_at IS NULL
    ORDER BY created_at, ts, event_id LIMIT $at_once
"""

_TOLD_SERIES = """
    SELECT channel, series, max(created_at) AS at, arg_max(severity, created_at) AS severity
    FROM monitoring.notifications
    WHERE list_contains($series, series) AND list_contains($alarms, event) AND status <> 'dropped'
    GROUP BY channel, series
"""
_TOLD_ALERTS = """
    SELECT channel, alert_id, bool_or(status <> 'dropped') AS told
    FROM monitoring.notifications
    WHERE list_contains($alerts, alert_id) AND list_contains($alarms, event)
    GROUP BY channel, alert_id
"""
_HELD = """
    SELECT notification_id, channel, alert_id, due_at, if(delivery_id IS NULL, '', bundle) AS bundle
    FROM monitoring.notifications
    WHERE list_contains($alerts, alert_id) AND status = 'waiting'
      AND if(delivery_id IS NULL, bundle <> '', starts_with(last_error, $held))
"""
#: When the first alarm of each severity was told of groups of alerts, or is due, by channel.
TOLD_GROUPS = """
    SELECT channel, group_key, severity, min(if(bundle <> '', due_at, created_at)) AS due_at
    FROM monitoring.notifications
    WHERE list_contains($groups, group_key) AND list_contains($alarms, event)
      AND status NOT IN ('dropped', 'dead')
    GROUP BY ALL
"""
_ONGOING = """
    SELECT alert_id, last_ts FROM monitoring.alerts
    WHERE list_contains(?, alert_id) AND status IN ('open', 'acknowledged')
"""
_MUTED = """
    SELECT alert_id, arg_max(event, created_at) = 'muted' AS muted
    FROM monitoring.outbox
    WHERE list_contains($alerts, alert_id) AND routed_at IS NOT NULL
      AND event IN ('opened', 'reopened', 'acknowledged', 'muted')
    GROUP BY alert_id
"""


@dataclass(frozen=True)
class NotificationRow:
    """A line of ``monitoring.notifications`` as routing makes it."""

    notification_id: str
    alert_id: str
    event_id: str
    event: str
    ts: datetime
    dataset: str
    series: str
    severity: str
    group_key: str
    route: str
    channel: str
    status: str
    bundle: str
    payload: str
    created_at: datetime
    due_at: datetime
    attempts: int
    last_error: str


@dataclass(frozen=True)
class _RoutedRow:
    alert_id: str
    event_id: str
    routed_at: datetime


@dataclass(frozen=True)
class _ForwardRow:
    notification_id: str
    due_at: datetime
    bundle: str


@dataclass(frozen=True)
class Routed:
    """What routing made."""

    transitions: int = 0
    waiting: int = 0
    dropped: int = 0


def route_outbox(store: Store, rules: Rules, now: datetime) -> Routed:
    """Make the notifications of every transition that has none yet; with nothing to do it takes no lock."""
    total = Routed()
    while store.rows("SELECT 1 FROM monitoring.outbox WHERE routed_at IS NULL LIMIT 1"):
        done = _route_some(store, rules, now)
        total = Routed(
            total.transitions + done.transitions, total.waiting + done.waiting, total.dropped + done.dropped
        )
    return total


def _route_some(store: Store, rules: Rules, now: datetime) -> Routed:
    with store.transaction(OUTBOX, NOTIFICATIONS) as tx:
        found = tx.query(_WAITING, {"at_once": _AT_ONCE}).to_pylist()
        transitions = [Transition.from_json(row["payload"]) for row in found]
        history = _history(tx, transitions)
        rows = [
            _row(transition, decision, row["payload"], row["created_at"])
            for row, transition in zip(found, transitions, strict=True)
            for decision in decide(rules, transition, row["created_at"], history, now)
        ]
        upsert_rows(tx, NOTIFICATIONS, rows)
        upsert_rows(tx, NOTIFICATIONS, _brought_forward(tx, rows))
        upsert_rows(tx, OUTBOX, [_RoutedRow(row["alert_id"], row["event_id"], now) for row in found])
    dropped = sum(row.status == "dropped" for row in rows)
    return Routed(len(found), len(rows) - dropped, dropped)


def _brought_forward(tx: Transaction, rows: Sequence[NotificationRow]) -> list[_ForwardRow]:
    """What is held back of an alert goes out before later news of it that is not, so that the order stays."""
    soonest: dict[tuple[str, str], datetime] = {}
    for row in rows:
        if row.status == "waiting" and not row.bundle:
            soonest.setdefault((row.channel, row.alert_id), row.due_at)
    if not soonest:
        return []
    asked = {"alerts": sorted({alert_id for _, alert_id in soonest}), "held": HELD}
    held = tx.query(_HELD, asked).to_pylist()
    return [
        _ForwardRow(row["notification_id"], soonest[key], row["bundle"])
        for row in held
        if (key := (row["channel"], row["alert_id"])) in soonest and row["due_at"] > soonest[key]
    ]


def _history(tx: Transaction, transitions: Sequence[Transition]) -> History:
    alerts = sorted({transition.alert.alert_id for transition in transitions})
    series = sorted({series_of(transition.alert) for transition in transitions})
    alarms = list(ALARMS)
    told = tx.query(_TOLD_SERIES, {"series": series, "alarms": alarms}).to_pylist()
    known = tx.query(_TOLD_ALERTS, {"alerts": alerts, "alarms": alarms}).to_pylist()
    muted = tx.query(_MUTED, {"alerts": alerts}).to_pylist()
    return History(
        {(row["channel"], row["series"]): Told(row["at"], row["severity"]) for row in told},
        {(row["channel"], row["alert_id"]): row["told"] for row in known},
        {row["alert_id"]: row["muted"] for row in muted},
        *_causes(tx, transitions),
    )


def _causes(
    tx: Transaction, transitions: Sequence[Transition]
) -> tuple[dict[tuple[str, str, Severity], datetime], dict[str, datetime]]:
    """What was told of the groups of alerts that have a cause, and which causes go on unmuted."""
    caused = [transition.alert for transition in transitions if transition.alert.caused_by]
    if not caused:
        return {}, {}
    groups = sorted({alert.group_key for alert in caused})
    rows = tx.query(TOLD_GROUPS, {"groups": groups, "alarms": list(ALARMS)}).to_pylist()
    told = {(row["channel"], row["group_key"], row["severity"]): row["due_at"] for row in rows}
    causes = sorted({alert.caused_by for alert in caused})
    ongoing = tx.query(_ONGOING, [causes]).to_pylist()
    return told, {row["alert_id"]: row["last_ts"] for row in ongoing}


def _row(transition: Transition, decision: Decision, payload: str, created_at: datetime) -> NotificationRow:
    alert, event = transition.alert, transition.event
    return NotificationRow(
        notification_id=decision.notification_id,
        alert_id=event.alert_id,
        event_id=event.event_id,
        event=event.event,
        ts=event.ts,
        dataset=alert.dataset,
        series=series_of(alert),
        severity=alert.severity,
        group_key=alert.group_key,
        route=decision.route,
        channel=decision.channel,
        status="dropped" if decision.dropped else "waiting",
        bundle=decision.due.bundle,
        payload=payload,
        created_at=created_at,
        due_at=decision.due.at,
        attempts=0,
        last_error=decision.dropped,
    )
