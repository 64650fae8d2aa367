"""Reading what is dropped: any CSV or Parquet file, and the landing folder it comes through."""

from dqm_assets.ingest.landing import Claim, Landing
from dqm_assets.ingest.names import column_name, table_name
from dqm_assets.ingest.parsed import Dialect, ParsedFile, Reject
from dqm_assets.ingest.read import read_file
from dqm_assets.ingest.types import conform, widen, widen_schema, without_empty_columns

__all__ = [
    "Claim",
    "Dialect",
    "Landing",
    "ParsedFile",
    "Reject",
    "column_name",
    "conform",
    "read_file",
    "table_name",
    "widen",
    "widen_schema",
    "without_empty_columns",
]
