"""One transaction: what it writes is gathered first and written at the end, all or nothing."""

import threading
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

import duckdb
import pyarrow as pa

from dqm_assets.errors import StoreError
from dqm_assets.store import operations
from dqm_assets.store.operations import Operation
from dqm_assets.store.tables import TABLES
from dqm_assets.store.writer import Writer, new_mark

_thread = threading.local()


class Transaction:
    """Writes that are committed together when the ``with`` block of `Store.transaction` ends.

    Until then they are only gathered, so that no lock is held while the caller computes. The first
    `query` takes the locks and begins: from there on the transaction sees its own writes, and nobody
    else changes the tables that it declared.
    """

    def __init__(self, writer: Writer, tables: Sequence[str]) -> None:
        for table in tables:
            if table not in TABLES:
                raise StoreError(f"{table} is not a declared table; only those can be locked.")
        self._writer = writer
        self._tables = tuple(tables)
        self._gathered: list[Operation] = []
        self._stack = ExitStack()
        self._cursor: duckdb.DuckDBPyConnection | None = None
        self._locks: frozenset[str] = frozenset()
        #: Name of its commit in the store's list of changes; it has one when something was written.
        self.mark: str | None = None

    def upsert(self, table: str, rows: Any) -> None:
        """Insert or update rows by the table's key; of equal keys in the rows the last one counts.

        Columns that the rows do not have keep their value, or are NULL in a new row.

        Raises:
            StoreError: unknown columns, or a key column that is missing or NULL.
        """
        self._add(operations.upsert(table, rows))

    def append(self, table: str, rows: Any) -> None:
        """Insert rows.

        Raises:
            StoreError: unknown columns.
        """
        self._add(operations.append(table, rows))

    def replace(self, table: str, rows: Any, batch: str | Sequence[str]) -> None:
        """Make these rows the only rows of a batch, or of several; loading again changes nothing.

        Raises:
            StoreError: unknown columns, or a table that knows no batches.
        """
        self._add(operations.replace(table, rows, batch))

    def delete(self, table: str, where: str, params: Sequence[Any] = ()) -> None:
        """Remove the rows that a condition (trusted SQL, values as parameters) finds.

        Raises:
            StoreError: the condition is empty.
        """
        self._add(operations.delete(table, where, params))

    def update(self, sql: str, params: Sequence[Any] | dict[str, Any] | None = None) -> int:
        """Run an UPDATE (trusted SQL, values as parameters) of declared tables.

        Returns:
            How many rows were changed.

        Raises:
            StoreError: the statement failed.
        """
        return int(self.query(sql, params)[0][0].as_py())

    def query(self, sql: str, params: Sequence[Any] | dict[str, Any] | None = None) -> pa.Table:
        """Read inside the transaction: own writes are seen, declared tables are locked until the end.

        Raises:
            StoreError: the statement failed.
        """
        cursor = self._begun()
        try:
            return cursor.execute(sql, params).to_arrow_table()
        except duckdb.Error as error:
            raise StoreError(f"Query failed: {error}") from error

    def commit(self) -> None:
        """Write everything; called by `Store.transaction`."""
        if self._cursor is not None:
            self._end(None)
        elif self._gathered:
            _refuse_nesting()
            self.mark = self._writer.commit(self._gathered)

    def rollback(self, error: BaseException) -> None:
        """Write nothing; called by `Store.transaction`."""
        self._gathered.clear()
        if self._cursor is not None:
            self._end(error)

    def _add(self, operation: Operation) -> None:
        if self._cursor is None:
            self._gathered.append(operation)
            return
        free = set(operation.locks) - self._locks
        if free:
            raise StoreError(
                f"The transaction has begun without {', '.join(sorted(free))}; "
                "name its tables in store.transaction(…), or write them before the first query."
            )
        try:
            operation.run(self._cursor)
        except duckdb.Error as error:
            raise StoreError(f"{operation.table} could not be written: {error}") from error

    def _begun(self) -> duckdb.DuckDBPyConnection:
        if self._cursor is None:
            _refuse_nesting()
            self._locks = frozenset(self._tables).union(*(operation.locks for operation in self._gathered))
            self.mark = new_mark()
            self._cursor = self._stack.enter_context(self._writer.session(self._locks, self.mark))
            _thread.busy = True
            for operation in self._gathered:
                operation.run(self._cursor)
            self._gathered.clear()
        return self._cursor

    def _end(self, error: BaseException | None) -> None:
        _thread.busy = False
        try:
            if error is None:
                self._stack.close()
            else:
                self._stack.__exit__(type(error), error, error.__traceback__)
        finally:
            self._cursor = None


def _refuse_nesting() -> None:
    """A thread that waits for a lock which it holds itself, on another connection, would wait for good."""
    if getattr(_thread, "busy", False):
        raise StoreError("This thread already holds locks in another transaction; end that one first.")
