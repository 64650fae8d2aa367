"""Keys of the rows that another dataset does not know."""

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from dqm_assets.quality.contracts.rows import SAMPLE_ROWS, JudgedRows
from dqm_assets.quality.contracts.sql_text import identifier


@dataclass(frozen=True, slots=True)
class OrphanKeys:
    """How many rows hold an unknown key, and some of these keys as text."""

    rows: int
    examples: tuple[tuple[str, ...], ...]


def orphan_keys(
    rows: JudgedRows, keys: Sequence[str], target: duckdb.DuckDBPyRelation, target_columns: Sequence[str]
) -> OrphanKeys:
    """Compare distinct keys as text, in a DuckDB of its own, since the two sides may live in different ones.

    Args:
        rows: the rows to judge.
        keys: SQL expressions of the key's columns.
        target: the dataset that should know the keys.
        target_columns: its columns, in the same order.
    """
    names = [f"k{index}" for index in range(len(keys))]
    own = ", ".join(f"CAST({key} AS VARCHAR) AS {name}" for key, name in zip(keys, names, strict=True))
    present = " AND ".join(f"{key} IS NOT NULL" for key in keys)
    counted = rows.query(f"SELECT {own}, count(*) AS n FROM {JudgedRows.SOURCE} WHERE {present} GROUP BY ALL")
    other = ", ".join(
        f"CAST({identifier(column)} AS VARCHAR) AS {name}"
        for column, name in zip(target_columns, names, strict=True)
    )
    known = target.query("__dqm_target", f"SELECT DISTINCT {other} FROM __dqm_target")
    with duckdb.connect() as connection:
        connection.register("own", counted.to_arrow_table())
        connection.register("known", known.to_arrow_table())
        connection.execute(f"CREATE TABLE orphans AS FROM own ANTI JOIN known USING ({', '.join(names)})")
        total = connection.execute("SELECT coalesce(sum(n), 0) FROM orphans").fetchall()[0][0]
        examples = connection.execute(
            f"SELECT {', '.join(names)} FROM orphans LIMIT {SAMPLE_ROWS}"
        ).fetchall()
    return OrphanKeys(int(total), tuple(examples))
