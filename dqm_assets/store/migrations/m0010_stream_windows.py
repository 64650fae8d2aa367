"""Windows of the event streams, how far each partition is counted in them, and the consumers' health."""

import duckdb

from dqm_assets.store import schema
from dqm_assets.store.tables import TABLES
from dqm_assets.store.views import create_views


def apply(cursor: duckdb.DuckDBPyConnection) -> None:
    """Make the tables, the columns and the view."""
    for name in ("metrics.stream_windows", "monitoring.stream_health", "monitoring.offsets"):
        schema.create(cursor, TABLES[name])
    create_views(cursor)
