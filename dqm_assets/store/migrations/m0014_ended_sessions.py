"""Sessions that were signed out."""

import duckdb

from dqm_assets.store import schema
from dqm_assets.store.tables import TABLES


def apply(cursor: duckdb.DuckDBPyConnection) -> None:
    """Make the table."""
    schema.create(cursor, TABLES["monitoring.ended_sessions"])
