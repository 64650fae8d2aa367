"""The latest batches of a stored table, for those who look at what it usually holds."""

import pyarrow as pa

from dqm_assets.errors import StoreError
from dqm_assets.quality.contracts.problem import nearest
from dqm_assets.store import Store
from dqm_assets.store.maintenance import tables
from dqm_assets.store.names import quoted_table

#: Batches and rows that are looked at, the newest first.
MOST_BATCHES, MOST_ROWS = 50, 1_000_000


def table_batches(store: Store, name: str) -> list[pa.Table]:
    """Rows of the latest batches of a raw table, oldest first, without dqm's own columns.

    Args:
        store: The open store.
        name: Name of the table, with or without ``raw.``.

    Raises:
        StoreError: there is no such table, or it is empty.
    """
    table = name if name.startswith("raw.") else f"raw.{name}"
    known = [one for one in tables(store) if one.startswith("raw.")]
    if table not in known:
        raise StoreError(f"{name!r} is neither a file nor a raw table{nearest(table, known)}.")
    quoted = quoted_table(table)
    columns = store.query(f"SELECT * FROM {quoted} LIMIT 0").column_names  # noqa: S608 - quoted by the store
    if "_run_id" not in columns:
        rows = store.query(f"SELECT * FROM {quoted} LIMIT ?", [MOST_ROWS])  # noqa: S608 - quoted
        found = [rows] if rows.num_rows else []
    else:
        batches = store.rows(
            f"SELECT _run_id, count(*) AS n FROM {quoted} GROUP BY 1 "  # noqa: S608 - quoted
            "ORDER BY max(_loaded_at) DESC, 1 DESC LIMIT ?",
            [MOST_BATCHES],
        )
        found = []
        room = MOST_ROWS
        for batch in batches:
            room -= batch["n"]
            if found and room < 0:
                break
            rows = store.query(
                f"SELECT * EXCLUDE (_run_id, _loaded_at) FROM {quoted} WHERE _run_id = ? ORDER BY _line",  # noqa: S608
                [batch["_run_id"]],
            )
            found.insert(0, rows)
    if not found:
        raise StoreError(f"{table} is empty: there is nothing to write a contract from.")
    return found
