"""The tables of the device fleet."""

import duckdb

from dqm_assets.store import schema
from dqm_assets.store.tables import TABLES


def apply(cursor: duckdb.DuckDBPyConnection) -> None:
    """Make them."""
    for name in (
        "raw.devices",
        "raw.device_payloads",
        "raw.segment_timeseries",
        "monitoring.device_incidents",
    ):
        schema.create(cursor, TABLES[name])
