"""What detectors have learned of each series, what people said of it, and whether a dataset is simulated."""

import duckdb

from dqm_assets.store import schema
from dqm_assets.store.tables import TABLES

_MADE = (
    "monitoring.datasets",
    "monitoring.detector_states",
    "monitoring.labels",
    "monitoring.learned",
)


def apply(cursor: duckdb.DuckDBPyConnection) -> None:
    """Make the tables, and the column that the datasets lack."""
    for name in _MADE:
        schema.create(cursor, TABLES[name])
