"""Tables of the notifications: what happened, and whom it is told."""

from dqm_assets.store.table import BIG, JSON, TEXT, TIME, declare

NOTIFY_TABLES = (
    # One row for each transition of an alert, written in the alert's own transaction.
    declare(
        "monitoring.outbox",
        "alert_id event_id",
        {"event": TEXT, "ts": TIME, "payload": JSON, "created_at": TIME, "routed_at": TIME},
        sort="created_at",
        time="created_at",
    ),
    # One row for each of those and each channel that is told.
    declare(
        "monitoring.notifications",
        "notification_id",
        {
            "alert_id": TEXT,
            "event_id": TEXT,
            "event": TEXT,
            "ts": TIME,
            "dataset": TEXT,
            "series": TEXT,
            "severity": TEXT,
            "group_key": TEXT,
            "route": TEXT,
            "channel": TEXT,
            "status": TEXT,
            "bundle": TEXT,
            "delivery_id": TEXT,
            "payload": JSON,
            "created_at": TIME,
            "due_at": TIME,
            "leased_by": TEXT,
            "leased_until": TIME,
            "attempts": BIG,
            "last_error": TEXT,
            "sent_at": TIME,
        },
        sort="created_at",
        time="created_at",
    ),
)
