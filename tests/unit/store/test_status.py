"""What ``dqm store status`` knows."""

import pyarrow as pa

from dqm_assets.store import Store
from dqm_assets.store.migrations import known
from dqm_assets.store.status import status


def test_status_counts_rows_and_files_of_each_table(store: Store) -> None:
    with store.transaction() as tx:
        rows = pa.table({"dataset": ["d"] * 30, "run_id": [f"r{i}" for i in range(30)]})
        tx.upsert("metrics.runs", rows)
    found = status(store)
    runs = next(table for table in found.tables if table.table == "metrics.runs")
    assert (runs.rows, runs.files) == (30, 1)
    assert found.version == store.version()
    assert found.migration == known()[-1].version
    assert found.postgres.startswith("external")
