"""The tables of detector runs, their metrics, baselines, verdicts and alerts."""

import duckdb

from dqm_assets.store import schema
from dqm_assets.store.connection import LAKE
from dqm_assets.store.tables import TABLES

_MADE = (
    "monitoring.migrations",
    "raw.quarantine",
    "metrics.profiles",
    "metrics.metrics",
    "metrics.runs",
    "monitoring.datasets",
    "monitoring.baselines",
    "monitoring.verdicts",
    "monitoring.alerts",
    "monitoring.alert_events",
    "monitoring.contract_violations",
    "monitoring.schema_history",
    "monitoring.pipeline_status",
    "monitoring.outbox",
    "monitoring.offsets",
    "monitoring.scores",
    "monitoring.audit",
)


def apply(cursor: duckdb.DuckDBPyConnection) -> None:
    """Make them."""
    schema.create_schemas(cursor)
    # Larger files of a sorted table cannot be skipped as well: a point look-up reads at least one whole.
    cursor.execute(f"CALL {LAKE}.set_option('target_file_size', '32MB')")
    for name in _MADE:
        schema.create(cursor, TABLES[name])
