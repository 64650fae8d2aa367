"""The crypto prices, and every attempt to fetch them."""

import duckdb

from dqm_assets.store import schema
from dqm_assets.store.tables import TABLES


def apply(cursor: duckdb.DuckDBPyConnection) -> None:
    """Make the tables."""
    schema.create(cursor, TABLES["raw.crypto_prices"])
    schema.create(cursor, TABLES["monitoring.pipeline_attempts"])
