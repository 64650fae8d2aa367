"""Values of a run's columns as profiles: of a run that arrives from its rows, of an earlier one as stored."""

from collections.abc import Mapping, Sequence

import pyarrow as pa

from dqm_assets.quality.profile import ColumnProfile, profile
from dqm_assets.store import Store


def stored_profiles(
    store: Store, dataset: str, run_id: str, names: Sequence[str]
) -> dict[str, ColumnProfile]:
    """Profiles of some columns as they were measured; what was not measured is left out."""
    rows = store.rows(
        "SELECT column_name, state FROM metrics.profiles "
        "WHERE dataset = ? AND batch = ? AND segment = '' AND list_contains(?, column_name)",
        [dataset, run_id, list(names)],
    )
    return {row["column_name"]: ColumnProfile.from_bytes(row["state"], row["column_name"]) for row in rows}


def arrived_profiles(rows: pa.Table | None, names: Sequence[str]) -> Mapping[str, ColumnProfile]:
    """Profiles of some columns of rows in memory; columns that are not there are left out."""
    known = [name for name in names if rows is not None and name in rows.column_names]
    return profile(rows.select(known)).columns if rows is not None and known else {}
