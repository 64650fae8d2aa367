"""Which form of a clause was judged, and how the columns of a run break their contract."""

import duckdb

from dqm_assets.store import schema
from dqm_assets.store.tables import TABLES


def apply(cursor: duckdb.DuckDBPyConnection) -> None:
    """Fill in the columns."""
    schema.create(cursor, TABLES["monitoring.contract_violations"])
    schema.create(cursor, TABLES["monitoring.schema_history"])
