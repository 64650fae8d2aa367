"""What an alert follows from, and the lineage that tells it."""

import duckdb

from dqm_assets.store import schema
from dqm_assets.store.tables import TABLES


def apply(cursor: duckdb.DuckDBPyConnection) -> None:
    """Make the table and fill in the column; alerts of before stand for themselves."""
    for name in ("monitoring.alerts", "monitoring.lineage"):
        schema.create(cursor, TABLES[name])
    cursor.execute("UPDATE monitoring.alerts SET caused_by = '' WHERE caused_by IS NULL")
