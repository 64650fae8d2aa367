"""What a transaction can write: each operation is checked when recorded and can be run again."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import duckdb
import pyarrow as pa

from dqm_assets.errors import StoreError
from dqm_assets.store.names import quoted, quoted_table
from dqm_assets.store.tables import BATCH_COLUMN, LOADED_COLUMN, TABLES, Table

#: Name under which the rows of one statement are visible to DuckDB.
_INCOMING = "dqm_incoming"


@dataclass(frozen=True)
class Upsert:
    """Insert rows, or update those whose key is there; columns that are not given keep their value."""

    table: str
    rows: pa.Table

    @property
    def locks(self) -> tuple[str, ...]:
        """The table: two inserts of one key do not conflict, so only the lock keeps keys unique."""
        return (self.table,)

    def run(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """MERGE on the declared key."""
        key = TABLES[self.table].key
        match = " AND ".join(f"old.{quoted(column)} = new.{quoted(column)}" for column in key)
        changed = [quoted(column) for column in self.rows.column_names if column not in key]
        update = (
            f"WHEN MATCHED THEN UPDATE SET {', '.join(f'{c} = new.{c}' for c in changed)}" if changed else ""
        )
        _with_rows(
            cursor,
            self.rows,
            f"MERGE INTO {quoted_table(self.table)} AS old USING {_INCOMING} AS new ON ({match}) "
            f"{update} WHEN NOT MATCHED THEN INSERT BY NAME",
        )


@dataclass(frozen=True)
class Append:
    """Insert rows; needs no lock."""

    table: str
    rows: pa.Table

    @property
    def locks(self) -> tuple[str, ...]:
        """None: appends never conflict."""
        return ()

    def run(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """INSERT by column name."""
        _with_rows(cursor, self.rows, _insert(self.table))


@dataclass(frozen=True)
class Replace:
    """Make the rows of some batches these rows, whatever was there: loading twice is loading once."""

    table: str
    rows: pa.Table
    batches: tuple[str, ...]
    column: str

    @property
    def locks(self) -> tuple[str, ...]:
        """The batches, and the table where it has a key."""
        return (*(f"{self.table}/{batch}" for batch in self.batches), *_keyed(self.table))

    def run(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """DELETE the batches, INSERT their rows."""
        table = quoted_table(self.table)
        where = f"{quoted(self.column)} IN ({', '.join('?' for _ in self.batches)})"
        # A DELETE that finds nothing would still mark the table as changed and so conflict with others.
        found = cursor.execute(f"SELECT 1 FROM {table} WHERE {where} LIMIT 1", self.batches).fetchone()
        if found:
            cursor.execute(f"DELETE FROM {table} WHERE {where}", self.batches)
        if self.rows.num_rows:
            _with_rows(cursor, self.rows, _insert(self.table))


@dataclass(frozen=True)
class Delete:
    """Remove the rows that a condition finds."""

    table: str
    where: str
    parameters: tuple[Any, ...]

    @property
    def locks(self) -> tuple[str, ...]:
        """The table."""
        return (self.table,)

    def run(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """DELETE; the condition is the caller's SQL, its values are parameters."""
        cursor.execute(f"DELETE FROM {quoted_table(self.table)} WHERE {self.where}", list(self.parameters))


Operation = Upsert | Append | Replace | Delete


def upsert(table: str, rows: Any) -> Upsert:
    """Check rows against a keyed table and keep the last row of each key.

    Raises:
        StoreError: the table has no key, or the rows lack key columns, hold NULL in one or name others.
    """
    declared = TABLES.get(table)
    if declared is None or not declared.key:
        raise StoreError(f"{table} has no declared key to upsert on; use append or replace.")
    arrow = _checked(declared, rows)
    missing = [column for column in declared.key if column not in arrow.column_names]
    if missing:
        raise StoreError(f"Rows for {table} lack its key columns {', '.join(missing)}.")
    empty = [column for column in declared.key if arrow[column].null_count]
    if empty:
        raise StoreError(
            f"Rows for {table} hold NULL in its key columns {', '.join(empty)}; write '' instead."
        )
    return Upsert(table, _last_of_each(arrow, declared.key))


def append(table: str, rows: Any) -> Append:
    """Check rows that will be inserted.

    Raises:
        StoreError: the rows name columns that the table does not have.
    """
    return Append(table, _checked(TABLES.get(table), rows))


def replace(table: str, rows: Any, batch: str | Sequence[str]) -> Replace:
    """Check the rows of one batch, and mark each with it; rows of several batches must be marked already.

    Raises:
        StoreError: the table knows no batches, or not the rows' columns, or rows of several batches do not
            say which they are of.
    """
    declared = TABLES.get(table)
    arrow = _checked(declared, rows)
    column = _batch_column(table, declared)
    if isinstance(batch, str):
        batches, arrow = (batch,), _with_constant(arrow, column, pa.scalar(batch))
    else:
        batches = tuple(batch)
        if column not in arrow.column_names:
            raise StoreError(f"Rows of several batches for {table} need the column {column}.")
    if declared is None and LOADED_COLUMN not in arrow.column_names:
        now = pa.scalar(datetime.now(UTC), pa.timestamp("us", "UTC"))
        arrow = _with_constant(arrow, LOADED_COLUMN, now)
    if declared is not None and declared.key:
        arrow = _last_of_each(arrow, declared.key)
    return Replace(table, arrow, batches, column)


def _batch_column(table: str, declared: Table | None) -> str:
    if declared is None:
        return BATCH_COLUMN
    column = next((name for name in ("run_id", "batch") if name in declared.column_names), None)
    if column is None:
        raise StoreError(f"{table} does not know batches; use upsert or append.")
    return column


def delete(table: str, where: str, parameters: Sequence[Any]) -> Delete:
    """Keep a condition and its values.

    Raises:
        StoreError: the condition is empty.
    """
    if not where.strip():
        raise StoreError(f"Delete from {table} needs a condition; write 'true' to empty the table.")
    return Delete(table, where, tuple(parameters))


def coalesced(operations: Sequence[Operation]) -> list[Operation]:
    """Join neighbouring upserts, and neighbouring appends, of one table into one statement each.

    Operations of one table keep their order; those of different tables are independent.
    """
    by_table: dict[str, list[Operation]] = {}
    for operation in operations:
        chain = by_table.setdefault(operation.table, [])
        joined = _joined(chain[-1], operation) if chain else None
        if joined is None:
            chain.append(operation)
        else:
            chain[-1] = joined
    return [operation for chain in by_table.values() for operation in chain]


def rows_of(operation: Operation) -> int:
    """Rows that an operation brings along."""
    return 0 if isinstance(operation, Delete) else operation.rows.num_rows


def _joined(first: Operation, second: Operation) -> Operation | None:
    if (
        isinstance(first, Upsert)
        and isinstance(second, Upsert)
        and first.rows.schema.equals(second.rows.schema)
    ):
        both = pa.concat_tables([first.rows, second.rows])
        return Upsert(first.table, _last_of_each(both, TABLES[first.table].key))
    if (
        isinstance(first, Append)
        and isinstance(second, Append)
        and first.rows.schema.equals(second.rows.schema)
    ):
        return Append(first.table, pa.concat_tables([first.rows, second.rows]))
    return None


def _checked(declared: Table | None, rows: Any) -> pa.Table:
    arrow = rows if isinstance(rows, pa.Table) else pa.table(rows)
    if declared is not None:
        unknown = [column for column in arrow.column_names if column not in declared.column_names]
        if unknown:
            raise StoreError(f"{declared.name} has no columns {', '.join(unknown)}.")
    return arrow


def _last_of_each(rows: pa.Table, key: Sequence[str]) -> pa.Table:
    numbered = rows.select(list(key)).append_column("row", pa.array(range(rows.num_rows), pa.int64()))
    last = numbered.group_by(list(key), use_threads=False).aggregate([("row", "max")])
    if last.num_rows == rows.num_rows:
        return rows
    return rows.take(last["row_max"].sort())


def _with_constant(rows: pa.Table, name: str, value: pa.Scalar) -> pa.Table:
    column = pa.repeat(value, rows.num_rows)
    if name in rows.column_names:
        return rows.set_column(rows.column_names.index(name), name, column)
    return rows.append_column(name, column)


def _keyed(table: str) -> Iterator[str]:
    if table in TABLES and TABLES[table].key:
        yield table


def _insert(table: str) -> str:
    return f"INSERT INTO {quoted_table(table)} BY NAME SELECT * FROM {_INCOMING}"


def _with_rows(cursor: duckdb.DuckDBPyConnection, rows: pa.Table, statement: str) -> None:
    if not rows.num_rows:
        return
    cursor.register(_INCOMING, rows)
    try:
        cursor.execute(statement)
    finally:
        cursor.unregister(_INCOMING)
