"""Deliveries: which notifications are one message, who is sending it, and how it ended."""

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from dqm_assets.notify.fan_out import HELD, NOTIFICATIONS, TOLD_GROUPS
from dqm_assets.notify.message import Cause, Item, Kind, delivery_id_of
from dqm_assets.notify.outbox import Transition
from dqm_assets.notify.routing import ALARMS, CAUSE_TOLD
from dqm_assets.notify.rules import Retry
from dqm_assets.notify.schedule import quiet_bundle, retry_at
from dqm_assets.pipeline.rows import upsert_rows
from dqm_assets.quality.alert import SEVERITIES, Severity
from dqm_assets.store import Store, Transaction

#: A drainer that says nothing for so long is dead, and another one sends what it had.
LEASE = timedelta(seconds=120)
#: Rows looked at in one lease; more are looked at in the next one.
_LOOK_AT = 2_000

_DUE = """
    SELECT 1 FROM monitoring.notifications
    WHERE status = 'waiting' AND due_at <= $now AND (leased_until IS NULL OR leased_until < $now)
      AND NOT list_contains($without, channel)
    LIMIT 1
"""
_COLUMNS = """
    SELECT n.*, coalesce(a.status = 'muted' AND n.event <> 'muted' AND n.attempts = 0, false) AS muted,
           coalesce(a.severity, n.severity) AS severity_now, r.dagster_run_id, c.alert_id AS cause_id,
           c.title AS cause_title, d.datasets AS affected
    FROM monitoring.notifications AS n
    LEFT JOIN monitoring.alerts AS a USING (alert_id)
    LEFT JOIN monitoring.alerts AS c ON a.caused_by <> '' AND c.alert_id = a.caused_by
    LEFT JOIN (
        SELECT caused_by, list(DISTINCT dataset ORDER BY dataset) AS datasets FROM monitoring.alerts
        WHERE caused_by <> '' AND status <> 'resolved' GROUP BY caused_by
    ) AS d ON d.caused_by = n.alert_id
    LEFT JOIN metrics.runs AS r
      ON r.dataset = n.dataset AND r.run_id = json_extract_string(n.payload, '$.alert.last_batch')
"""
#: Deliveries that were tried before, whole.
_AGAIN = (
    _COLUMNS  # noqa: S608 - two constants
    + """
    WHERE n.status = 'waiting' AND n.delivery_id IN (
        SELECT delivery_id FROM monitoring.notifications
        WHERE status = 'waiting' AND due_at <= $now AND (leased_until IS NULL OR leased_until < $now)
          AND delivery_id IS NOT NULL AND NOT list_contains($without, channel)
        GROUP BY delivery_id ORDER BY min(created_at), delivery_id LIMIT $limit
    )
    ORDER BY n.created_at, n.ts, n.event_id
"""
)
#: Rows that are in no delivery yet. What is under way holds back later news of the same alert in the same
#: channel, so that nobody reads of the end before the beginning.
_NEW = (
    _COLUMNS  # noqa: S608 - two constants
    + """
    WHERE n.status = 'waiting' AND n.delivery_id IS NULL AND n.due_at <= $now
      AND NOT list_contains($without, n.channel)
      AND NOT EXISTS (
        SELECT 1 FROM monitoring.notifications AS w
        WHERE w.status = 'waiting' AND w.delivery_id IS NOT NULL
          AND w.channel = n.channel AND w.alert_id = n.alert_id
      )
    ORDER BY n.created_at, n.ts, n.event_id
    LIMIT $look_at
"""
)


#: What was not told because its cause was, and goes on.
_FOLLOWERS = """
    SELECT n.notification_id, n.channel, n.group_key, n.severity, n.due_at
    FROM monitoring.notifications AS n JOIN monitoring.alerts AS a USING (alert_id)
    WHERE list_contains($groups, n.group_key) AND n.status = 'dropped' AND starts_with(n.last_error, $reason)
      AND a.status IN ('open', 'acknowledged')
"""


@dataclass(frozen=True)
class Delivery:
    """One message to one channel; its id stays, however often it is tried.

    Attributes:
        severity: of the worst of its alerts as it is now, which may be worse than what is told of it.
    """

    delivery_id: str
    channel: str
    route: str
    severity: Severity
    kind: Kind
    attempts: int
    items: tuple[Item, ...]


@dataclass(frozen=True)
class _LeaseRow:
    notification_id: str
    delivery_id: str
    leased_by: str
    leased_until: datetime


@dataclass(frozen=True)
class _DroppedRow:
    notification_id: str
    status: str
    last_error: str


@dataclass(frozen=True)
class _SentRow:
    notification_id: str
    status: str
    attempts: int
    last_error: str
    sent_at: datetime
    leased_until: datetime | None


@dataclass(frozen=True)
class _FailedRow:
    notification_id: str
    status: str
    attempts: int
    last_error: str
    due_at: datetime
    leased_until: datetime | None


@dataclass(frozen=True)
class _RevivedRow:
    notification_id: str
    status: str
    last_error: str
    due_at: datetime


@dataclass(frozen=True)
class _HeldRow:
    notification_id: str
    delivery_id: str | None
    bundle: str
    last_error: str
    due_at: datetime
    leased_until: datetime | None


@dataclass(frozen=True)
class _ReleasedRow:
    notification_id: str
    leased_until: datetime | None


def lease(
    store: Store, drainer: str, now: datetime, *, limit: int, without: Collection[str] = ()
) -> list[Delivery]:
    """Take deliveries that are due; nobody else gets them until `LEASE` has passed.

    Args:
        store: the open store.
        drainer: name of who takes them.
        now: the time.
        limit: the most deliveries to take.
        without: channels to leave alone.
    """
    if not store.rows(_DUE, {"now": now, "without": sorted(without)}):
        return []
    asked = {"now": now, "without": sorted(without)}
    with store.transaction(NOTIFICATIONS) as tx:
        again = tx.query(_AGAIN, {**asked, "limit": limit}).to_pylist()
        new = tx.query(_NEW, {**asked, "look_at": _LOOK_AT}).to_pylist()
        dropped = [row["notification_id"] for row in new if row["muted"]]
        upsert_rows(
            tx, NOTIFICATIONS, [_DroppedRow(each, "dropped", "the alert is muted") for each in dropped]
        )
        _tell_followers(tx, {(row["channel"], row["group_key"]) for row in new if row["muted"]}, now)
        groups = [*_by_delivery(again), *compose([row for row in new if not row["muted"]])][:limit]
        deliveries = [_delivery(group) for group in groups]
        upsert_rows(
            tx,
            NOTIFICATIONS,
            [
                _LeaseRow(item.notification_id, delivery.delivery_id, drainer, now + LEASE)
                for delivery in deliveries
                for item in delivery.items
            ],
        )
    return deliveries


def compose(rows: Sequence[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Put rows, in their order, together that are one message.

    Rows of one bundle are one, and so are the same transitions of alerts with one cause. Of one alert,
    what came later waits for what came before.
    """
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    first: dict[tuple[str, str], tuple[str, ...]] = {}
    for row in rows:
        key = _key(row)
        if first.setdefault((row["channel"], row["alert_id"]), key) == key:
            groups.setdefault(key, []).append(row)
    return list(groups.values())


def _key(row: dict[str, Any]) -> tuple[str, ...]:
    if row["bundle"]:
        return (row["channel"], row["route"], row["bundle"])
    return (row["channel"], row["route"], row["group_key"], row["event"])


def _by_delivery(rows: Sequence[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault(row["delivery_id"], []).append(row)
    return list(groups.values())


def _delivery(group: Sequence[dict[str, Any]]) -> Delivery:
    first = group[0]
    items = tuple(_item(row) for row in group)
    kind: Kind = "digest" if first["bundle"] else "alert" if len(group) == 1 else "group"
    known = first["delivery_id"] or delivery_id_of([item.notification_id for item in items])
    worst = max((row["severity_now"] for row in group), key=SEVERITIES.index)
    return Delivery(known, first["channel"], first["route"], worst, kind, first["attempts"], items)


def _item(row: dict[str, Any]) -> Item:
    transition = Transition.from_json(row["payload"])
    # The batch of a pipeline's alert is Dagster's run itself.
    of_pipeline = transition.alert.last_batch if transition.alert.detector == "pipeline" else ""
    return Item(
        row["notification_id"],
        transition,
        row["dagster_run_id"] or of_pipeline,
        Cause(row["cause_id"], row["cause_title"]) if row["cause_id"] else None,
        tuple(row["affected"] or ()),
    )


def mark_sent(store: Store, delivery: Delivery, at: datetime) -> None:
    """Note that the channel took it."""
    rows = [
        _SentRow(item.notification_id, "sent", delivery.attempts + 1, "", at, None) for item in delivery.items
    ]
    with store.transaction() as tx:
        upsert_rows(tx, NOTIFICATIONS, rows)


def mark_failed(
    store: Store, delivery: Delivery, at: datetime, *, drainer: str, error: str, retry: Retry
) -> bool:
    """Note that the channel did not take it: it waits for its next attempt, or is dead after the last one.

    Returns:
        Whether it is dead. What another drainer has taken over meanwhile is left to that one.
    """
    attempts = delivery.attempts + 1
    dead = attempts >= retry.attempts
    # Jitter against many homes that knock at once; not a secret.
    again = retry_at(retry, attempts, at, random.Random())  # noqa: S311
    status = "dead" if dead else "waiting"
    ids = [item.notification_id for item in delivery.items]
    with store.transaction(NOTIFICATIONS) as tx:
        if not _mine(tx, [delivery], drainer):
            return False
        upsert_rows(
            tx, NOTIFICATIONS, [_FailedRow(each, status, attempts, error, again, None) for each in ids]
        )
        if dead:
            alerts = [item.transition.alert for item in delivery.items]
            _tell_followers(tx, {(delivery.channel, alert.group_key) for alert in alerts}, at)
    return dead


def _tell_followers(tx: Transaction, untold: Collection[tuple[str, str]], now: datetime) -> None:
    """Let wait what was not told because its cause was, where nothing as severe of that is told after all.

    Args:
        tx: the open transaction.
        untold: channels, and groups of alerts of which something went untold there.
        now: the time.
    """
    if not untold:
        return
    groups = sorted({group for _, group in untold})
    told = tx.query(TOLD_GROUPS, {"groups": groups, "alarms": list(ALARMS)}).to_pylist()
    worst: dict[tuple[str, str], int] = {}
    for row in told:
        place = (row["channel"], row["group_key"])
        worst[place] = max(worst.get(place, -1), SEVERITIES.index(row["severity"]))
    followers = tx.query(_FOLLOWERS, {"groups": groups, "reason": CAUSE_TOLD}).to_pylist()
    rows = [
        _RevivedRow(row["notification_id"], "waiting", "", max(row["due_at"], now))
        for row in followers
        if (place := (row["channel"], row["group_key"])) in untold
        and SEVERITIES.index(row["severity"]) > worst.get(place, -1)
    ]
    upsert_rows(tx, NOTIFICATIONS, rows)


def hold(store: Store, delivery: Delivery, drainer: str, until: datetime) -> None:
    """Let a delivery wait for the end of quiet hours; what was never tried comes then as one message.

    What another drainer has taken over meanwhile is left to that one.
    """
    with store.transaction(NOTIFICATIONS) as tx:
        mine = _mine(tx, [delivery], drainer)
        tried = delivery.attempts > 0
        said = f"{HELD} until {until.isoformat(timespec='minutes')}"
        rows = [
            _HeldRow(
                row["notification_id"],
                delivery.delivery_id if tried else None,
                row["bundle"] if tried else quiet_bundle(until),
                f"{said}; before: {row['last_error']}" if tried else "",
                until,
                None,
            )
            for row in mine
        ]
        upsert_rows(tx, NOTIFICATIONS, rows)


def release(store: Store, deliveries: Sequence[Delivery], drainer: str) -> None:
    """Give back what was taken and not tried; what another drainer has taken over meanwhile stays its own."""
    with store.transaction(NOTIFICATIONS) as tx:
        mine = _mine(tx, deliveries, drainer)
        upsert_rows(tx, NOTIFICATIONS, [_ReleasedRow(row["notification_id"], None) for row in mine])


def _mine(tx: Transaction, deliveries: Sequence[Delivery], drainer: str) -> list[dict[str, Any]]:
    """Rows of deliveries that a drainer still has."""
    ids = [item.notification_id for delivery in deliveries for item in delivery.items]
    return tx.query(
        "SELECT notification_id, bundle, last_error FROM monitoring.notifications "
        "WHERE list_contains(?, notification_id) AND leased_by = ? AND status = 'waiting'",
        [ids, drainer],
    ).to_pylist()
