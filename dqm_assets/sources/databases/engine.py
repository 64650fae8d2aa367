"""What every engine can do: list tables, tell their columns, answer a query as Arrow."""

from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import ibis
import ibis.expr.schema as sch
import ibis.expr.types as ir
import pyarrow as pa
import sqlalchemy.pool
from ibis.backends.sql.compilers import (
    BigQueryCompiler,
    DatabricksCompiler,
    DuckDBCompiler,
    MySQLCompiler,
    PostgresCompiler,
    SnowflakeCompiler,
    TrinoCompiler,
)

from dqm_assets.errors import SourceError
from dqm_assets.sources.databases.source import SourceType

#: How each engine writes SQL. Spark's and Databricks' dialects are one; files and SQLite are read by DuckDB.
COMPILERS: dict[SourceType, Any] = {
    "postgresql": PostgresCompiler,
    "mysql": MySQLCompiler,
    "sqlite": DuckDBCompiler,
    "duckdb": DuckDBCompiler,
    "files": DuckDBCompiler,
    "snowflake": SnowflakeCompiler,
    "bigquery": BigQueryCompiler,
    "trino": TrinoCompiler,
    "spark": DatabricksCompiler,
    "databricks": DatabricksCompiler,
}


class DatabaseError(SourceError):
    """A database cannot be asked.

    ``code``: ``unreachable``, ``timeout``, ``circuit_open``, ``refused`` (it answered that it will not).
    """

    @property
    def temporary(self) -> bool:
        """Whether asking again may help."""
        return self.code == "unreachable"


@dataclass(frozen=True)
class FoundTable:
    """A table of a source, as ``schema.table``, and how many rows the engine believes it has."""

    name: str
    rows: int | None = None


class Engine(Protocol):
    """One open source; calls come from several threads."""

    def tables(self) -> Sequence[FoundTable]:
        """Tables and views that can be watched, by name."""
        ...

    def table(self, name: str) -> ir.Table:
        """A table, to say queries of.

        Raises:
            DatabaseError: there is no such table.
        """
        ...

    def query(self, expression: ir.Table) -> pa.Table:
        """The answer to a query.

        Raises:
            DatabaseError: it cannot be answered, or takes longer than the statement timeout.
        """
        ...

    def stream(self, expression: ir.Table) -> AbstractContextManager[pa.RecordBatchReader]:
        """The answer to a query, batch by batch with bounded memory.

        Raises:
            DatabaseError: it cannot be answered, or takes longer than the statement timeout.
        """
        ...

    def close(self) -> None:
        """Close every connection."""
        ...


def compiled(expression: ir.Table, kind: SourceType, *, pretty: bool = False) -> str:
    """The query as the engine wants it; ``pretty`` lays it out for people."""
    compiler = COMPILERS[kind]()
    return compiler.to_sqlglot(expression.unbind()).sql(dialect=compiler.dialect, pretty=pretty)


def unbound(name: str, schema: sch.Schema, catalog: str | None = None) -> ir.Table:
    """A table known by its name and columns only; ``schema.table`` names where it is."""
    database, _, short = name.rpartition(".")
    where = {"database": database or None}
    if catalog:
        where["catalog"] = catalog
    return ibis.table(schema, name=short, **where)


class ConnectionPool:
    """Connections of one source, as many as its setting allows; lent to one thread at a time."""

    def __init__(self, connect: Any, size: int, patience: float) -> None:
        self._pool = sqlalchemy.pool.QueuePool(
            connect, pool_size=size, max_overflow=0, timeout=patience, reset_on_return=None
        )

    @contextmanager
    def lent(self) -> Generator[Any]:
        """A connection; one that raised is closed, since nobody knows its state."""
        lent = self._pool.connect()
        try:
            yield lent.dbapi_connection
        except BaseException:
            lent.invalidate()
            raise
        finally:
            lent.close()

    def close(self) -> None:
        """Close the connections."""
        self._pool.dispose()
