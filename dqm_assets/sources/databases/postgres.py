"""PostgreSQL through ADBC: Arrow batches straight from its binary protocol, in read-only sessions."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode, urlsplit

import adbc_driver_manager
import adbc_driver_postgresql.dbapi
import ibis.expr.schema as sch
import ibis.expr.types as ir
import pyarrow as pa
from ibis.backends.sql.datatypes import PostgresType

from dqm_assets.sources.databases.engine import ConnectionPool, DatabaseError, FoundTable, compiled, unbound
from dqm_assets.sources.databases.source import DatabaseSource

_TLS = {"verify": "verify-full", "require": "require", "off": "disable"}
_CANCELLED, _NO_TABLE = "57014", "42P01"
#: Classes of SQLSTATE in which the server answered that it will not: no rights, wrong SQL, no such thing.
_REFUSED = ("28", "3D", "42", "25", "22")

_TABLES = """
    SELECT n.nspname || '.' || c.relname AS name, greatest(c.reltuples, 0)::bigint AS rows
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'v', 'm', 'p', 'f') AND NOT c.relispartition
        AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_%'
        AND has_table_privilege(c.oid, 'SELECT')
    ORDER BY 1
"""
_COLUMNS = """
    SELECT a.attname, format_type(a.atttypid, a.atttypmod) FROM pg_attribute AS a
    WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
"""


class PostgresEngine:
    """One PostgreSQL database.

    Args:
        source: where it is and how gently it is asked.
    """

    def __init__(self, source: DatabaseSource) -> None:
        self._name = source.source
        self._timeout = source.statement_timeout.total_seconds()
        url = session_url(source)
        self._pool = ConnectionPool(
            lambda: adbc_driver_postgresql.dbapi.connect(url, autocommit=True),
            source.connections,
            self._timeout,
        )

    def tables(self) -> Sequence[FoundTable]:
        """Tables and views that this user may read."""
        return [FoundTable(row["name"], row["rows"]) for row in self._arrow(_TABLES).to_pylist()]

    def table(self, name: str) -> ir.Table:
        """A table, to say queries of."""
        rows = self._arrow(_COLUMNS, ".".join(f'"{part}"' for part in name.split("."))).to_pylist()
        if not rows:
            raise DatabaseError(f"{self._name} has no table {name}, or its user may not see it.", "refused")
        columns = {row["attname"]: PostgresType.from_string(row["format_type"]) for row in rows}
        return unbound(name, sch.Schema(columns))

    def query(self, expression: ir.Table) -> pa.Table:
        """The answer to a query."""
        return self._arrow(compiled(expression, "postgresql"))

    @contextmanager
    def stream(self, expression: ir.Table) -> Generator[pa.RecordBatchReader]:
        """The answer to a query, batch by batch."""
        with self._told(), self._pool.lent() as connection, connection.cursor() as cursor:
            cursor.execute(compiled(expression, "postgresql"))
            yield cursor.fetch_record_batch()

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()

    def _arrow(self, sql: str, *parameters: Any) -> pa.Table:
        with self._told(), self._pool.lent() as connection, connection.cursor() as cursor:
            cursor.execute(sql, parameters or None)
            return cursor.fetch_arrow_table()

    @contextmanager
    def _told(self) -> Generator[None]:
        try:
            yield
        except adbc_driver_manager.Error as error:
            raise _refusal(self._name, error, self._timeout) from None
        except pa.ArrowException as error:
            # What breaks off while rows stream comes through Arrow, with its text only.
            raise _broken(self._name, str(error), self._timeout) from None


def session_url(source: DatabaseSource) -> str:
    """The URL with what every session is: read-only, in UTC, with time limits, over TLS as asked."""
    milliseconds = int(source.statement_timeout.total_seconds() * 1000)
    options = {
        "connect_timeout": str(max(int(source.connect_timeout.total_seconds()), 2)),
        "application_name": "dqm",
        "keepalives_idle": "30",
        "options": "-c default_transaction_read_only=on -c TimeZone=UTC "
        f"-c statement_timeout={milliseconds} -c lock_timeout={milliseconds}",
    }
    if source.tls is not None:
        given = {
            "sslmode": _TLS[source.tls.mode],
            "sslrootcert": source.tls.ca,
            "sslcert": source.tls.certificate,
            "sslkey": source.tls.key,
        }
        options |= {name: value for name, value in given.items() if value}
    parts = urlsplit(source.url)
    # libpq wants %20, not +.
    query = "&".join(filter(None, (parts.query, urlencode(options).replace("+", "%20"))))
    return f"postgresql://{parts.netloc}{parts.path}?{query}"


def _refusal(name: str, error: adbc_driver_manager.Error, timeout: float) -> DatabaseError:
    state = error.sqlstate or ""
    if state == _CANCELLED:
        return _late(name, timeout)
    # The driver repeats the query, which may be long.
    said = " ".join(str(error).split(" Query was:")[0].split(" LINE ")[0].split("\nLINE ")[0].split())
    if state.startswith(_REFUSED):
        return DatabaseError(f"{name} refuses: {said}", "refused")
    return _broken(name, said, timeout)


def _broken(name: str, said: str, timeout: float) -> DatabaseError:
    if "statement timeout" in said:
        return _late(name, timeout)
    if "authentication failed" in said or "does not exist" in said:
        return DatabaseError(f"{name} refuses: {said} Check user, password and database.", "refused")
    return DatabaseError(f"{name} cannot be reached or broke off: {said}", "unreachable")


def _late(name: str, timeout: float) -> DatabaseError:
    return DatabaseError(
        f"{name} did not answer within {timeout:g} s (statement_timeout), so the query was ended. Index the "
        "freshness column, watch fewer columns, sample, or allow more time.",
        "timeout",
    )
