"""DuckDB with the lake attached: extensions from their wheels, secrets, settings, pooled cursors."""

import itertools
import os
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import duckdb
import psycopg
from psycopg.conninfo import make_conninfo

from dqm_assets.errors import StoreError
from dqm_assets.store import locks
from dqm_assets.store.names import quoted, text
from dqm_assets.store.postgres import KEEPALIVE, connect, parts

#: Name under which the lake is attached; every cursor has it as its default catalog.
LAKE = "lake"

#: DuckDB's extensions, each from the wheel ``duckdb-extension-<name>`` of DuckDB's own version; the last is
#: for a lake on S3 only: it takes 10 MB.
_EXTENSIONS = ("ducklake", "postgres_scanner")
_REMOTE_EXTENSION = "httpfs"

_CONFIGURATION = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "allow_unsigned_extensions": "false",
}

#: A commit that finds its snapshot number taken waits 20 ms, 24 ms, … and takes the next.
_SETTINGS = {
    "ducklake_max_retry_count": 100,
    "ducklake_retry_wait_ms": 20,
    # Beside a stream, which commits several times a second, a slow commit may lose dozens of times: at 1.2 it
    # then slept for minutes, with its locks. So it waits 145 ms at most.
    "ducklake_retry_backoff": 1.02,
    "TimeZone": "'UTC'",
}

#: Writes of at most so many rows go into PostgreSQL rather than into a Parquet file of their own.
_INLINED_ROWS = 10


class Lake:
    """One process's DuckDB instance with the DuckLake attached.

    Args:
        url: PostgreSQL database of the catalog.
        location: folder or ``s3://bucket/prefix`` of the data files.
        scratch: folder that DuckDB may spill to.
        threads: DuckDB's threads; None: as many as there are cores.

    Raises:
        StoreError: an extension is missing, or the lake cannot be attached.
    """

    def __init__(self, url: str, location: str, scratch: Path, threads: int | None = None) -> None:
        self._url = url
        self._location = location if "://" in location else str(Path(location).absolute())
        self._idle: list[duckdb.DuckDBPyConnection] = []
        self._guard = threading.Lock()
        self._aliases = itertools.count()
        self._moved = False
        remote = self._location.startswith("s3://")
        self._main = _duckdb(scratch, (*_EXTENSIONS, *((_REMOTE_EXTENSION,) if remote else ())))
        if threads is not None:
            self._main.execute(f"SET GLOBAL threads = {int(threads)}")
        try:
            self._main.execute(_postgres_secret(url))
            if remote:
                self._main.execute(s3_secret())
            else:
                Path(self._location).mkdir(parents=True, exist_ok=True)
            self._attach()
        except duckdb.Error as error:
            self._main.close()
            raise StoreError(f"The store at {self._location} cannot be attached: {error}") from error

    def _attach(self) -> None:
        inlining = f"DATA_INLINING_ROW_LIMIT {_INLINED_ROWS}"
        with connect(self._url) as postgres:
            recorded = _recorded_location(postgres)
            if recorded is not None:
                self._moved = self._is_moved(recorded)
                self._main.execute(self._attachment(LAKE, inlining))
                return
            # The first attachment makes the catalog: one process at a time.
            with locks.held(postgres, [locks.DDL]):
                self._main.execute(self._attachment(LAKE, inlining))

    def _is_moved(self, recorded: str) -> bool:
        """Tell whether the data files were moved here from where the catalog says they were made."""
        if recorded.rstrip("/") == self._location.rstrip("/"):
            return False
        if "://" in recorded + self._location or Path(recorded).exists():
            raise StoreError(
                f"The store's files are in {recorded}, not in {self._location}: "
                "unset DQM_STORE_PATH or correct it."
            )
        return True

    def _attachment(self, alias: str, *options: str) -> str:
        moved = ("OVERRIDE_DATA_PATH true",) if self._moved else ()
        listed = ", ".join((f"DATA_PATH {text(self._location)}", "META_SECRET dqm_catalog", *moved, *options))
        address = text(f"ducklake:postgres:{make_conninfo(**KEEPALIVE)}")
        return f"ATTACH {address} AS {quoted(alias)} ({listed})"

    def stay_small(self) -> None:
        """Let DuckDB give memory back after each query rather than keep it for the next."""
        with self.cursor() as cursor:
            for setting in ("allocator_flush_threshold", "allocator_bulk_deallocation_flush_threshold"):
                cursor.execute(f"SET GLOBAL {setting} = '1MB'")

    @contextmanager
    def cursor(self) -> Generator[duckdb.DuckDBPyConnection]:
        """Lend a connection whose default catalog is the lake; it is for one thread at a time."""
        with self._guard:
            cursor = self._idle.pop() if self._idle else None
        if cursor is None:
            cursor = self._main.cursor()
            cursor.execute(f"USE {LAKE}")
            # Only settable here: a slow query would draw its progress over a command's output.
            cursor.execute("SET enable_progress_bar = false")
        try:
            yield cursor
        except BaseException:
            _discard(cursor)
            raise
        with self._guard:
            self._idle.append(cursor)

    @contextmanager
    def snapshot_cursor(self, snapshot: int) -> Generator[duckdb.DuckDBPyConnection]:
        """Lend a connection to the lake as it was at a snapshot; attaching costs about 50 ms."""
        alias = f"snapshot_{snapshot}_{next(self._aliases)}"
        self._main.cursor().execute(self._attachment(alias, f"SNAPSHOT_VERSION {int(snapshot)}", "READ_ONLY"))
        try:
            cursor = self._main.cursor()
            try:
                cursor.execute(f"USE {quoted(alias)}")
                cursor.execute("SET enable_progress_bar = false")
                yield cursor
            finally:
                _discard(cursor)
        finally:
            self._main.cursor().execute(f"DETACH {quoted(alias)}")

    def close(self) -> None:
        """Close every connection; the instance ends with the last."""
        with self._guard:
            for cursor in self._idle:
                cursor.close()
            self._idle.clear()
        self._main.close()


def _recorded_location(postgres: psycopg.Connection) -> str | None:
    """Where the catalog says that the data files are; None when there is no catalog yet."""
    try:
        found = postgres.execute("SELECT value FROM ducklake_metadata WHERE key = 'data_path'").fetchone()
    except psycopg.errors.UndefinedTable:
        return None
    return found[0] if found else None


def _discard(cursor: duckdb.DuckDBPyConnection) -> None:
    """Close a connection whose transaction may still be open.

    Closing alone would roll back inside a destructor, where an error (PostgreSQL is away) ends the process.
    """
    with suppress(duckdb.Error):
        cursor.execute("ROLLBACK")
    with suppress(duckdb.Error):
        cursor.close()


def _duckdb(scratch: Path, extensions: Sequence[str]) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(":memory:", config={**_CONFIGURATION, "temp_directory": str(scratch)})
    with_extensions(connection, *extensions)
    for setting, value in _SETTINGS.items():
        connection.execute(f"SET GLOBAL {setting} = {value}")
    return connection


def with_extensions(connection: duckdb.DuckDBPyConnection, *names: str) -> None:
    """Load extensions from their wheels; nothing is fetched from elsewhere.

    Raises:
        StoreError: the wheel of one is missing, or is for another DuckDB.
    """
    for name in names:
        connection.execute(f"LOAD {text(str(_extension(name)))}")


def _extension(name: str) -> Path:
    wheel = find_spec(f"duckdb_extension_{name}")
    if wheel is None or not wheel.submodule_search_locations:
        package = f"duckdb-extension-{name.replace('_', '-')}=={duckdb.__version__}"
        raise StoreError(f"DuckDB's extension {name} is missing; run: pip install {package}")
    folder = Path(wheel.submodule_search_locations[0]) / "extensions" / f"v{duckdb.__version__}"
    path = folder / f"{name}.duckdb_extension"
    if not path.exists():
        raise StoreError(
            f"The wheel of extension {name} is not for DuckDB {duckdb.__version__}: no file {path}."
        )
    return path


def _postgres_secret(url: str) -> str:
    pieces = parts(url)
    named = {
        "HOST": pieces.get("host", "localhost"),
        "DATABASE": pieces["dbname"],
        "USER": pieces.get("user", ""),
        "PASSWORD": pieces.get("password", ""),
    }
    listed = ", ".join(f"{name} {text(value)}" for name, value in named.items())
    return f"CREATE SECRET dqm_catalog (TYPE postgres, PORT {int(pieces.get('port', 5432))}, {listed})"


def s3_secret() -> str:
    """Write the S3 secret from the environment variables that every S3 tool reads."""
    endpoint = urlsplit(os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or "")
    named = {
        "KEY_ID": os.environ.get("AWS_ACCESS_KEY_ID"),
        "SECRET": os.environ.get("AWS_SECRET_ACCESS_KEY"),
        "SESSION_TOKEN": os.environ.get("AWS_SESSION_TOKEN"),
        "REGION": os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1",
        "ENDPOINT": endpoint.netloc or None,
        # Servers at an address of their own rarely have one host name per bucket.
        "URL_STYLE": "path" if endpoint.netloc else None,
    }
    listed = [f"{name} {text(value)}" for name, value in named.items() if value]
    if endpoint.scheme == "http":
        listed.append("USE_SSL false")
    return f"CREATE SECRET dqm_files (TYPE s3, {', '.join(listed)})"
