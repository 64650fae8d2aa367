"""Events of streams, and the records that could not become events."""

import duckdb

from dqm_assets.store import schema
from dqm_assets.store.tables import TABLES


def apply(cursor: duckdb.DuckDBPyConnection) -> None:
    """Make the tables."""
    schema.create(cursor, TABLES["raw.stream_events"])
    schema.create(cursor, TABLES["raw.dead_letters"])
