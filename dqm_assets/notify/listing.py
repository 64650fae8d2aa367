"""What became of notifications: lists and counts for people, and another chance for the dead."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from dqm_assets.pipeline.rows import upsert_rows
from dqm_assets.store import Store

NotificationStatus = Literal["waiting", "sent", "dropped", "dead"]
STATUSES: tuple[NotificationStatus, ...] = ("waiting", "sent", "dropped", "dead")


@dataclass(frozen=True)
class Queue:
    """How many notifications there are, by status, and how long the oldest has been waiting past its time."""

    unrouted: int
    waiting: int
    sent: int
    dropped: int
    dead: int
    overdue_seconds: float


@dataclass(frozen=True)
class _RevivedRow:
    notification_id: str
    status: str
    attempts: int
    due_at: datetime
    leased_until: datetime | None


def list_notifications(store: Store, status: str = "all", limit: int = 50) -> list[dict[str, Any]]:
    """Notifications, newest first, without their payload."""
    return store.rows(
        """
        SELECT notification_id, status, channel, route, event, severity, dataset,
               json_extract_string(payload, '$.alert.title') AS title, alert_id, delivery_id, bundle,
               created_at, due_at, attempts, last_error, sent_at
        FROM monitoring.notifications
        WHERE $status = 'all' OR status = $status
        ORDER BY created_at DESC, notification_id LIMIT $limit
        """,
        {"status": status, "limit": limit},
    )


def queue(store: Store, now: datetime | None = None) -> Queue:
    """Count the notifications."""
    counts = {
        row["status"]: row["n"]
        for row in store.rows("SELECT status, count(*) AS n FROM monitoring.notifications GROUP BY status")
    }
    found = store.rows(
        """
        SELECT (SELECT count(*) FROM monitoring.outbox WHERE routed_at IS NULL) AS unrouted,
               (SELECT min(due_at) FROM monitoring.notifications WHERE status = 'waiting') AS oldest
        """
    )[0]
    overdue = ((now or datetime.now(UTC)) - found["oldest"]).total_seconds() if found["oldest"] else 0.0
    numbers = [counts.get(status, 0) for status in STATUSES]
    return Queue(found["unrouted"], *numbers, max(0.0, overdue))


def revive(store: Store, channels: Sequence[str] = ()) -> int:
    """Let dead notifications wait for a new first attempt, with the delivery ids that they had.

    Args:
        store: the open store.
        channels: of these channels only; of all when empty.

    Returns:
        How many.
    """
    with store.transaction("monitoring.notifications") as tx:
        dead = tx.query(
            "SELECT notification_id FROM monitoring.notifications "
            "WHERE status = 'dead' AND (len($channels) = 0 OR list_contains($channels, channel))",
            {"channels": list(channels)},
        ).to_pylist()
        now = datetime.now(UTC)
        rows = [_RevivedRow(row["notification_id"], "waiting", 0, now, None) for row in dead]
        upsert_rows(tx, "monitoring.notifications", rows)
    return len(rows)
