"""When an alert was raised, beside the time of its data; clauses without their column; progress of alerts."""

import duckdb

from dqm_assets.store import schema
from dqm_assets.store.tables import TABLES

_TABLES = (
    "monitoring.alerts",
    "monitoring.alert_events",
    "monitoring.alert_progress",
    "monitoring.contract_violations",
)


def apply(cursor: duckdb.DuckDBPyConnection) -> None:
    """Make the table and fill in the columns; the outbox knows when alerts of before were raised."""
    for name in _TABLES:
        schema.create(cursor, TABLES[name])
    cursor.execute(
        "UPDATE monitoring.alert_events AS e SET recorded_at = coalesce((SELECT min(o.created_at) "
        "FROM monitoring.outbox AS o WHERE o.alert_id = e.alert_id AND o.event_id = e.event_id), e.ts) "
        "WHERE recorded_at IS NULL"
    )
    cursor.execute(
        "UPDATE monitoring.alerts AS a SET raised_at = coalesce((SELECT max(e.recorded_at) "
        "FROM monitoring.alert_events AS e WHERE e.alert_id = a.alert_id "
        "AND e.event IN ('opened', 'reopened')), a.opened_ts) WHERE raised_at IS NULL"
    )
