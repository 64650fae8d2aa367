"""MySQL and MariaDB through PyMySQL: read-only sessions, answers made into Arrow batch by batch."""

import ssl
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from urllib.parse import unquote, urlsplit

import ibis.expr.schema as sch
import ibis.expr.types as ir
import pyarrow as pa
import pymysql
import pymysql.cursors
from ibis.backends.sql.datatypes import MySQLType

from dqm_assets.sources.databases.engine import ConnectionPool, DatabaseError, FoundTable, compiled, unbound
from dqm_assets.sources.databases.source import DatabaseSource, Tls

#: Rows of a batch.
_BATCH = 50_000
_CONVERSIONS = ((pa.types.is_boolean, bool), (pa.types.is_floating, float), (pa.types.is_integer, int))
#: Errors of the server: a query took too long (MariaDB, MySQL, killed); it is away or goes away.
_LATE, _AWAY = {1969, 3024, 1317}, {1040, 1053, 1205, 1213, 2002, 2003, 2006, 2013, 2055}

_TABLES = """
    SELECT CONCAT(table_schema, '.', table_name) AS name, table_rows AS `rows` FROM information_schema.tables
    WHERE table_schema NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema') ORDER BY 1
"""
_COLUMNS = """
    SELECT column_name, column_type FROM information_schema.columns
    WHERE table_schema = coalesce(nullif(%s, ''), database()) AND table_name = %s ORDER BY ordinal_position
"""


class MySqlEngine:
    """One MySQL or MariaDB server, in the database that the URL names.

    Args:
        source: where it is and how gently it is asked.
    """

    def __init__(self, source: DatabaseSource) -> None:
        self._source = source
        self._timeout = source.statement_timeout.total_seconds()
        self._pool = ConnectionPool(self._connect, source.connections, self._timeout)

    def tables(self) -> Sequence[FoundTable]:
        """Tables and views that this user may read."""
        return [FoundTable(name, rows) for name, rows in self._fetched(_TABLES)]

    def table(self, name: str) -> ir.Table:
        """A table, to say queries of."""
        database, _, short = name.rpartition(".")
        rows = self._fetched(_COLUMNS, database, short)
        if not rows:
            told = f"{self._source.source} has no table {name}, or its user may not see it."
            raise DatabaseError(told, "refused")
        return unbound(name, sch.Schema({column: _type(kind) for column, kind in rows}))

    def query(self, expression: ir.Table) -> pa.Table:
        """The answer to a query."""
        with self.stream(expression) as stream:
            return stream.read_all()

    @contextmanager
    def stream(self, expression: ir.Table) -> Generator[pa.RecordBatchReader]:
        """The answer to a query, batch by batch: the cursor holds no more on this side."""
        schema = expression.schema()
        arrow = pa.schema([(name, _arrow(kind)) for name, kind in schema.items()])
        with (
            self._told(),
            self._pool.lent() as connection,
            connection.cursor(pymysql.cursors.SSCursor) as cursor,
        ):
            cursor.execute(compiled(expression, "mysql"))
            yield pa.RecordBatchReader.from_batches(arrow, _batches(cursor, arrow))

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()

    def _connect(self) -> Any:
        parts = urlsplit(self._source.url)
        connection = pymysql.connect(
            host=parts.hostname or "localhost",
            port=parts.port or 3306,
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            database=unquote(parts.path.lstrip("/")) or None,
            charset="utf8mb4",
            autocommit=True,
            connect_timeout=max(int(self._source.connect_timeout.total_seconds()), 1),
            # A server that went away without a word must not hold a thread for ever.
            read_timeout=self._timeout + 5,
            program_name="dqm",
            **_tls(self._source.source, self._source.tls),
        )
        with connection.cursor() as cursor:
            cursor.execute("SET SESSION TRANSACTION READ ONLY")
            # ANSI quotes are off: ibis quotes names with backticks.
            cursor.execute("SET time_zone = '+00:00'")
            cursor.execute("SELECT version()")
            version = str(cursor.fetchone()[0])
            if "mariadb" in version.lower():
                cursor.execute("SET max_statement_time = %s", [self._timeout])
            else:
                cursor.execute("SET max_execution_time = %s", [int(self._timeout * 1000)])
        return connection

    def _fetched(self, sql: str, *parameters: Any) -> Sequence[Any]:
        with self._told(), self._pool.lent() as connection, connection.cursor() as cursor:
            cursor.execute(sql, parameters or None)
            return cursor.fetchall()

    @contextmanager
    def _told(self) -> Generator[None]:
        name = self._source.source
        try:
            yield
        except pymysql.MySQLError as error:
            code = error.args[0] if error.args else 0
            said = str(error.args[1] if len(error.args) > 1 else error)
            if code in _LATE or "timed out" in said:
                raise DatabaseError(
                    f"{name} did not answer within {self._timeout:g} s (statement_timeout), so the query was "
                    "ended. Index the freshness column, watch fewer columns, sample, or allow more time.",
                    "timeout",
                ) from None
            if code in _AWAY:
                raise DatabaseError(f"{name} cannot be reached or broke off: {said}", "unreachable") from None
            raise DatabaseError(f"{name} refuses: {said} ({code})", "refused") from None


def _type(written: str) -> Any:
    """The type of a column; ``tinyint(1)`` is how this engine writes a boolean."""
    return MySQLType.from_string("boolean" if written == "tinyint(1)" else written)


def _arrow(kind: Any) -> pa.DataType:
    if kind.is_timestamp():
        return pa.timestamp("us")
    if kind.is_boolean():
        return pa.bool_()
    if kind.is_integer():
        return pa.int64() if not kind.is_unsigned_integer() else pa.uint64()
    if kind.is_floating() or kind.is_decimal():
        return pa.float64()
    if kind.is_date():
        return pa.date32()
    return pa.binary() if kind.is_binary() else pa.string()


def _batches(cursor: Any, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    while rows := cursor.fetchmany(_BATCH):
        columns = zip(*rows, strict=True)
        arrays = [
            pa.array([_plain(value, field.type) for value in column], field.type)
            for column, field in zip(columns, schema, strict=True)
        ]
        yield pa.record_batch(arrays, schema=schema)


def _plain(value: Any, wanted: pa.DataType) -> Any:
    """A value as Arrow takes it: the driver gives exact numbers, text for truncated times, and 0 and 1."""
    if value is None:
        return None
    if pa.types.is_timestamp(wanted):
        return datetime.fromisoformat(value) if isinstance(value, str) else value
    if pa.types.is_string(wanted):
        return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
    convert = next((to for is_wanted, to in _CONVERSIONS if is_wanted(wanted)), None)
    return convert(value) if convert else value


def _tls(name: str, tls: Tls | None) -> dict[str, Any]:
    """What the driver is given. The context is ours: the driver's own checks no host without a CA file.

    Raises:
        DatabaseError: a file of the authority or of a certificate cannot be used.
    """
    if tls is None:
        return {}
    if tls.mode == "off":
        return {"ssl_disabled": True}
    try:
        context = ssl.create_default_context(cafile=tls.ca)
        if tls.certificate:
            context.load_cert_chain(tls.certificate, tls.key)
    except (OSError, ValueError) as error:
        files = ", ".join(filter(None, (tls.ca, tls.certificate, tls.key)))
        raise DatabaseError(
            f"{name}: a file of its tls ({files}) cannot be used: {error}", "refused"
        ) from None
    if tls.mode == "require":
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return {"ssl": context}
