"""Alerts of one cause, told once: those that began together, and those downstream of them."""

from dash_app.services.alerts import ALERT_COLUMNS, alert_of_row
from dash_app.services.records import Alert
from dqm_assets.store import Store

SIBLINGS = f"""
SELECT {ALERT_COLUMNS} FROM monitoring.alerts
WHERE alert_id <> $alert_id
    AND group_key = (SELECT group_key FROM monitoring.alerts WHERE alert_id = $alert_id)
ORDER BY opened_ts, title
LIMIT 50
"""  # noqa: S608 - a constant

DAGSTER_RUN = """
SELECT dagster_run_id FROM metrics.runs WHERE dataset = $dataset AND run_id = $run_id
"""


def grouped_with(store: Store, alert_id: str) -> tuple[Alert, ...]:
    """Read the other alerts of the same group, in the order they opened."""
    return tuple(alert_of_row(row) for row in store.rows(SIBLINGS, {"alert_id": alert_id}))


def dagster_run_of(store: Store, dataset: str, run_id: str) -> str | None:
    """Name the Dagster run that brought a batch, or ``None`` when it is not known."""
    rows = store.rows(DAGSTER_RUN, {"dataset": dataset, "run_id": run_id})
    return rows[0]["dagster_run_id"] if rows else None
