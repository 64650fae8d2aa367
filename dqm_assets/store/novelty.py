"""Telling from the catalog alone that no row of a table can have the keys of new rows.

Most upserts bring a batch that was never there. DuckLake's catalog keeps the smallest and largest value of
each column of each data file (specification 1.0, ``ducklake_file_column_stats``); one query there takes less
than a millisecond, where a MERGE that finds nothing takes twenty.
"""

from collections.abc import Sequence

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
from psycopg import sql

#: The writer cuts longer texts in its statistics, so that they bound nothing.
_LONGEST_EXACT = 255

#: NOT IN, because PostgreSQL hashes it: whatever it estimates, the catalog is read once, not once a file.
_MAY_HOLD = sql.SQL("""
SELECT EXISTS (
    SELECT FROM ducklake_data_file AS f
    WHERE f.table_id = {table} AND f.end_snapshot IS NULL AND f.data_file_id NOT IN (
        SELECT s.data_file_id FROM ducklake_file_column_stats AS s JOIN ducklake_column AS c
            ON c.table_id = s.table_id AND c.column_id = s.column_id AND c.end_snapshot IS NULL
        JOIN unnest({names}::text[], {lows}::text[], {highs}::text[]) AS new (name, low, high)
            ON new.name = c.column_name
        WHERE s.table_id = {table} AND s.data_file_id IS NOT NULL
            AND octet_length(s.min_value) <= {longest} AND octet_length(s.max_value) <= {longest}
            AND (s.max_value COLLATE "C" < new.low OR s.min_value COLLATE "C" > new.high)
    )
)
""")

_TABLE = """
SELECT t.table_id, array(
    SELECT i.table_name FROM ducklake_inlined_data_tables AS i WHERE i.table_id = t.table_id
)
FROM ducklake_table AS t JOIN ducklake_schema AS s ON s.schema_id = t.schema_id
WHERE s.schema_name = %s AND t.table_name = %s AND t.end_snapshot IS NULL AND s.end_snapshot IS NULL
"""


def surely_new(postgres: psycopg.Connection, name: str, rows: pa.Table, key: Sequence[str]) -> bool:
    """Tell whether no live row can have one of these keys; False when that is not certain.

    The caller holds the table's lock and has not written to the table in the same transaction.

    Args:
        postgres: connection to the catalog.
        name: ``schema.table``.
        rows: the new rows; only key columns of texts are looked at.
        key: the table's key columns.
    """
    found = postgres.execute(_TABLE, name.split(".", 1)).fetchone()
    if found is None:
        return False
    table, inlined = found
    for part in inlined:
        live = sql.SQL("SELECT EXISTS (SELECT FROM {} WHERE end_snapshot IS NULL)").format(
            sql.Identifier(part)
        )
        if _yes(postgres, live):
            return False
    texts = [column for column in key if pa.types.is_string(rows.schema.field(column).type)]
    ranges = [pc.min_max(rows[column]).as_py() for column in texts]
    bounds = {
        "table": sql.Literal(table),
        "names": sql.Literal(texts),
        "lows": sql.Literal([bound["min"] for bound in ranges]),
        "highs": sql.Literal([bound["max"] for bound in ranges]),
        "longest": sql.Literal(_LONGEST_EXACT),
    }
    return not _yes(postgres, _MAY_HOLD.format(**bounds))


def _yes(postgres: psycopg.Connection, query: sql.Composed) -> bool:
    found = postgres.execute(query).fetchone()
    return found is None or bool(found[0])
