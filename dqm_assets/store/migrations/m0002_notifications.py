"""The outbox of alert transitions, and the notifications made from it."""

import duckdb

from dqm_assets.store import schema
from dqm_assets.store.tables import TABLES


def apply(cursor: duckdb.DuckDBPyConnection) -> None:
    """Make the tables; an older outbox gets the columns that it lacks."""
    schema.create(cursor, TABLES["monitoring.outbox"])
    schema.create(cursor, TABLES["monitoring.notifications"])
