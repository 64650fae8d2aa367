"""When a dead letter was forwarded."""

import duckdb

from dqm_assets.store import schema
from dqm_assets.store.tables import TABLES


def apply(cursor: duckdb.DuckDBPyConnection) -> None:
    """Fill in the column."""
    schema.create(cursor, TABLES["raw.dead_letters"])
