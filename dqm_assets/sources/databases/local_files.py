"""DuckDB as the engine of DuckDB and SQLite databases, and of folders and buckets of files."""

import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

import duckdb
import ibis
import ibis.expr.schema as sch
import ibis.expr.types as ir
import pyarrow as pa
from ibis.backends.sql.datatypes import DuckDBType

from dqm_assets.sources.databases.engine import ConnectionPool, DatabaseError, FoundTable, compiled, unbound
from dqm_assets.sources.databases.source import DatabaseSource
from dqm_assets.store.connection import s3_secret, with_extensions
from dqm_assets.store.names import quoted, text

#: Name under which a database file is attached.
_ATTACHED = "watched"
#: Files that can be tables, and the function that reads them.
_READERS = {
    "parquet": "read_parquet({}, union_by_name => true)",
    "csv": "read_csv({}, union_by_name => true)",
    "csv.gz": "read_csv({}, union_by_name => true)",
    "tsv": "read_csv({}, union_by_name => true)",
    "json": "read_json({}, union_by_name => true)",
    "jsonl": "read_json({}, union_by_name => true)",
    "ndjson": "read_json({}, union_by_name => true)",
}
_BATCH = 50_000
#: Memory that one source's engine may use.
_MEMORY = "2GB"


class LocalEngine:
    """One DuckDB or SQLite file, attached read-only, or a folder or ``s3://`` prefix with files.

    Args:
        source: where it is and how gently it is asked.

    Raises:
        DatabaseError: it cannot be opened.
    """

    def __init__(self, source: DatabaseSource) -> None:
        self._source = source
        self._timeout = source.statement_timeout.total_seconds()
        self._main = duckdb.connect(
            ":memory:",
            config={
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "allow_community_extensions": "false",
                "memory_limit": _MEMORY,
                "threads": str(source.connections),
            },
        )
        with self._told():
            with_extensions(self._main, *_extensions(source))
            self._main.execute("SET GLOBAL TimeZone = 'UTC'")
            if source.type == "files":
                self._open_files()
            else:
                kind = "(TYPE sqlite, READ_ONLY)" if source.type == "sqlite" else "(READ_ONLY)"
                self._main.execute(f"ATTACH {text(str(_file(source)))} AS {_ATTACHED} {kind}")
        self._pool = ConnectionPool(self._cursor, source.connections, self._timeout)

    def tables(self) -> Sequence[FoundTable]:
        """Tables of the database, or what is in the folder: a folder of files, or a file, is a table."""
        if self._source.type == "files":
            return self._file_tables()
        sql = (
            "SELECT schema_name || '.' || table_name, estimated_size FROM duckdb_tables() "
            f"WHERE database_name = '{_ATTACHED}' UNION ALL "
            "SELECT schema_name || '.' || view_name, NULL FROM duckdb_views() "
            f"WHERE database_name = '{_ATTACHED}' AND NOT internal ORDER BY 1"
        )
        return [FoundTable(name, rows) for name, rows in self._fetched(sql)]

    def table(self, name: str) -> ir.Table:
        """A table, to say queries of."""
        if self._source.type == "files":
            return self._files_as_table(name)
        database, _, short = name.rpartition(".")
        described = self._described(f"{_ATTACHED}.{quoted(database or 'main')}.{quoted(short)}", name)
        return unbound(f"{database or 'main'}.{short}", described, _ATTACHED)

    def query(self, expression: ir.Table) -> pa.Table:
        """The answer to a query."""
        with self.stream(expression) as stream:
            return stream.read_all()

    @contextmanager
    def stream(self, expression: ir.Table) -> Generator[pa.RecordBatchReader]:
        """The answer to a query, batch by batch."""
        kind = self._source.type
        with self._told(), self._pool.lent() as cursor, self._in_time(cursor):
            yield cursor.execute(compiled(expression, kind)).to_arrow_reader(_BATCH)

    def close(self) -> None:
        """Close the database."""
        self._pool.close()
        self._main.close()

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        cursor = self._main.cursor()
        cursor.execute("SET enable_progress_bar = false")
        return cursor

    def _open_files(self) -> None:
        if self._source.url.startswith("s3://"):
            self._main.execute(s3_secret())
        elif not _folder(self._source).is_dir():
            raise DatabaseError(
                f"{self._source.source}: there is no folder {_folder(self._source)}.", "refused"
            )

    def _file_tables(self) -> list[FoundTable]:
        pattern = f"{_root(self._source)}/**"
        found = {}
        for (path,) in self._fetched(f"SELECT file FROM glob({text(pattern)}) ORDER BY 1"):
            if _suffix(path) is not None:
                within = path.removeprefix(f"{_root(self._source)}/")
                found[within.split("/")[0] if "/" in within else within] = None
        return [FoundTable(name) for name in found]

    def _files_as_table(self, name: str) -> ir.Table:
        """A view over the files of a table: a file, a pattern, or all files below a folder."""
        root = _root(self._source)
        if ".." in Path(name).parts or name.startswith("/") or "://" in name:
            raise DatabaseError(f"{self._source.source}: the table {name} leaves the folder.", "refused")
        suffix = _suffix(name)
        pattern = f"{root}/{name}"
        if suffix is None:
            files = [path for (path,) in self._fetched(f"SELECT file FROM glob({text(pattern + '/**')})")]
            kinds = sorted({kind for path in files if (kind := _suffix(path))})
            if not kinds:
                told = f"{self._source.source} has no file of a table {name} in {root}; "
                raise DatabaseError(f"{told}it reads {', '.join(_READERS)}.", "refused")
            if len(kinds) > 1:
                told = f"{self._source.source}: {name} holds files of several kinds ({', '.join(kinds)}); "
                raise DatabaseError(f"{told}name one as {name}/*.{kinds[0]}.", "refused")
            suffix, pattern = kinds[0], f"{pattern}/**/*.{kinds[0]}"
        reader = _READERS[suffix].format(text(pattern))
        with self._told(), self._pool.lent() as cursor:
            cursor.execute(f"CREATE OR REPLACE VIEW {quoted(name)} AS SELECT * FROM {reader}")
        return ibis.table(self._described(quoted(name), name), name=name)

    def _described(self, qualified: str, name: str) -> sch.Schema:
        try:
            rows = self._fetched(f"DESCRIBE {qualified}")
        except DatabaseError as error:
            if error.code != "refused" or "does not exist" not in str(error):
                raise
            raise DatabaseError(f"{self._source.source} has no table {name}.", "refused") from None
        return sch.Schema({row[0]: DuckDBType.from_string(row[1]) for row in rows})

    def _fetched(self, sql: str) -> list[tuple]:
        with self._told(), self._pool.lent() as cursor, self._in_time(cursor):
            return cursor.execute(sql).fetchall()

    @contextmanager
    def _in_time(self, cursor: duckdb.DuckDBPyConnection) -> Generator[None]:
        timer = threading.Timer(self._timeout, cursor.interrupt)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    @contextmanager
    def _told(self) -> Generator[None]:
        name = self._source.source
        try:
            yield
        except duckdb.InterruptException:
            raise self._late() from None
        except (duckdb.IOException, duckdb.HTTPException) as error:
            raise DatabaseError(f"{name} cannot be read: {error}", "unreachable") from None
        except duckdb.Error as error:
            raise DatabaseError(f"{name} refuses: {str(error).splitlines()[0]}", "refused") from None
        except pa.ArrowException as error:
            if "nterrupt" in str(error):
                raise self._late() from None
            raise DatabaseError(f"{name} broke off: {error}", "unreachable") from None

    def _late(self) -> DatabaseError:
        return DatabaseError(
            f"{self._source.source} did not answer within {self._timeout:g} s (statement_timeout), so the "
            "query was ended. Watch fewer columns, sample, or allow more time.",
            "timeout",
        )


def _extensions(source: DatabaseSource) -> tuple[str, ...]:
    if source.type == "sqlite":
        return ("sqlite_scanner",)
    return ("httpfs",) if source.url.startswith("s3://") else ()


def _file(source: DatabaseSource) -> Path:
    """The database file of ``sqlite:///relative.db``, ``sqlite:////absolute.db``, and the same of duckdb."""
    path = Path(unquote(urlsplit(source.url).path.removeprefix("/")))
    if not path.is_file():
        raise DatabaseError(f"{source.source}: there is no file {path.absolute()}.", "refused")
    return path


def _folder(source: DatabaseSource) -> Path:
    parts = urlsplit(source.url)
    return Path(unquote(parts.path) if parts.scheme == "file" else source.url).expanduser().absolute()


def _root(source: DatabaseSource) -> str:
    return source.url.rstrip("/") if source.url.startswith("s3://") else str(_folder(source))


def _suffix(path: str) -> str | None:
    name = path.rpartition("/")[2].lower()
    return next((kind for kind in sorted(_READERS, key=len, reverse=True) if name.endswith(f".{kind}")), None)
