"""Users and API tokens."""

import duckdb

from dqm_assets.store import schema
from dqm_assets.store.tables import TABLES


def apply(cursor: duckdb.DuckDBPyConnection) -> None:
    """Make the tables."""
    schema.create(cursor, TABLES["monitoring.users"])
    schema.create(cursor, TABLES["monitoring.tokens"])
