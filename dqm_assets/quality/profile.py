"""Profiles of tables: one mergeable state per column, read in one pass by the C++ kernel.

    from dqm_assets.quality.profile import profile

    today = profile(table)                     # pyarrow, pandas, polars, DuckDB: anything with Arrow
    today.columns["value"].metrics()["mean"]
    both = today.merge(yesterday)              # no rescan

The same data gives the same bytes at any number of threads, in any batches, on any processor.
"""

from dqm_assets.quality.profile_column import OUTLIER_Z, ColumnProfile, Histogram
from dqm_assets.quality.profile_files import profile_csv, profile_parquet
from dqm_assets.quality.profile_metrics import Metric
from dqm_assets.quality.profile_table import Profile, profile

__all__ = [
    "OUTLIER_Z",
    "ColumnProfile",
    "Histogram",
    "Metric",
    "Profile",
    "profile",
    "profile_csv",
    "profile_parquet",
]
