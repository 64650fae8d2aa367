"""Snowflake, BigQuery, Trino, Databricks and Spark through their own Ibis backends."""

import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from dqm_assets.sources.databases.engine import DatabaseError, FoundTable
from dqm_assets.sources.databases.source import DatabaseSource

_BATCH = 50_000


class WarehouseEngine:
    """One warehouse. The engine computes; what comes back are aggregates, or rows where they are asked for.

    Rights and read-only access are the account's own: these engines have no read-only session.

    Args:
        source: where it is and how gently it is asked.

    Raises:
        DatabaseError: it cannot be reached.
    """

    def __init__(self, source: DatabaseSource) -> None:
        self._name = source.source
        # A backend's connection is for one thread at a time.
        self._guard = threading.RLock()
        with self._told():
            self._backend = _connected(source)

    def tables(self) -> Sequence[FoundTable]:
        """Tables of the URL's schema."""
        with self._guard, self._told():
            return [FoundTable(name) for name in sorted(self._backend.list_tables())]

    def table(self, name: str) -> ir.Table:
        """A table, to say queries of; ``schema.table`` or ``catalog.schema.table``."""
        database, _, short = name.rpartition(".")
        where: Any = tuple(database.split(".")) if "." in database else database or None
        with self._guard, self._told():
            return self._backend.table(short, database=where)

    def query(self, expression: ir.Table) -> pa.Table:
        """The answer to a query."""
        with self._guard, self._told():
            return self._backend.to_pyarrow(expression)

    @contextmanager
    def stream(self, expression: ir.Table) -> Generator[pa.RecordBatchReader]:
        """The answer to a query, batch by batch where the driver can."""
        with self._guard, self._told():
            yield self._backend.to_pyarrow_batches(expression, chunk_size=_BATCH)

    def close(self) -> None:
        """Close the connection."""
        with self._guard:
            self._backend.disconnect()

    @contextmanager
    def _told(self) -> Generator[None]:
        try:
            yield
        except (DatabaseError, ImportError):
            raise
        except Exception as error:
            said = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise DatabaseError(f"{self._name}: {said}", _code(error, said)) from None


def _code(error: Exception, said: str) -> str:
    """What kind of failure it is; every driver has errors of its own, so that words have to do."""
    words = f"{type(error).__name__} {said}".lower()
    if "timeout" in words or "timed out" in words or "canceled" in words:
        return "timeout"
    away = ("connect", "unavailable", "unreachable", "reset", "refused to answer", "operationalerror")
    return "unreachable" if any(word in words for word in away) else "refused"


def _connected(source: DatabaseSource) -> Any:
    if source.type == "spark":
        return _spark(source)
    options = _session(source)
    backend = getattr(ibis, source.type)
    parts = urlsplit(source.url)
    given = dict(parse_qsl(parts.query)) | options
    path = [unquote(piece) for piece in parts.path.split("/") if piece]
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    match source.type:
        case "snowflake":
            where = dict(zip(("database", "schema"), path, strict=False))
            database = "/".join(where.values())
            return backend.connect(
                user=user, password=password, account=parts.hostname, database=database, **given
            )
        case "bigquery":
            return backend.connect(project_id=parts.hostname, dataset_id=path[0] if path else "", **given)
        case "trino":
            where = dict(zip(("database", "schema"), path, strict=False))
            return backend.connect(
                user=user,
                auth=password or None,
                host=parts.hostname,
                port=parts.port or 8080,
                **where,
                **given,
            )
    where = dict(zip(("catalog", "schema"), path, strict=False))
    return backend.connect(server_hostname=parts.hostname, access_token=password, **where, **given)


def _session(source: DatabaseSource) -> dict[str, Any]:
    """Limits of a session, in the words of each engine."""
    seconds = int(source.statement_timeout / timedelta(seconds=1))
    match source.type:
        case "snowflake":
            parameters = {"STATEMENT_TIMEOUT_IN_SECONDS": seconds, "TIMEZONE": "UTC", "QUERY_TAG": "dqm"}
            return {"session_parameters": parameters}
        case "trino":
            return {"session_properties": {"query_max_run_time": f"{seconds}s"}, "timezone": "UTC"}
        case "databricks":
            return {"session_configuration": {"STATEMENT_TIMEOUT": str(seconds), "TIMEZONE": "UTC"}}
    return {}


def _spark(source: DatabaseSource) -> Any:
    """A Spark session: ``spark://local`` is one in this process, anything else Spark Connect at that host."""
    from pyspark.sql import SparkSession  # noqa: PLC0415 - it starts a virtual machine

    parts = urlsplit(source.url)
    builder = SparkSession.builder.appName("dqm").config("spark.sql.session.timeZone", "UTC")
    if parts.hostname in (None, "local"):
        builder = builder.master(f"local[{source.connections}]").config("spark.ui.enabled", "false")
        for name, value in parse_qsl(parts.query):
            builder = builder.config(name, value)
    else:
        builder = builder.remote(f"sc://{parts.netloc}")
    return ibis.pyspark.connect(builder.getOrCreate())
