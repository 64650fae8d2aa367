"""The store: one way to read, one way to write, over many processes and machines."""

from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Self, TypeVar

import duckdb
import psycopg
import pyarrow as pa

from dqm_assets.errors import StoreError
from dqm_assets.settings import Settings
from dqm_assets.store import evolve, migrations
from dqm_assets.store.change_log import ChangeLog, Changes
from dqm_assets.store.connection import LAKE, Lake
from dqm_assets.store.outage import surviving
from dqm_assets.store.postgres import Postgres, public
from dqm_assets.store.transaction import Transaction
from dqm_assets.store.writer import Writer

_T = TypeVar("_T")

Parameters = Sequence[Any] | Mapping[str, Any] | None


class Store:
    """DuckDB over a DuckLake whose catalog is in PostgreSQL.

    Open one per process and keep it: attaching costs about 0.3 s. All methods may be called from
    several threads.
    """

    def __init__(self, settings: Settings, threads: int | None = None) -> None:
        self.settings = settings
        self._postgres = Postgres(settings)
        self._databases = self._postgres.join()
        try:
            self._lake = Lake(
                self._databases.lake, settings.store_location, settings.home.absolute() / "scratch", threads
            )
            self._changes = ChangeLog(self._databases.lake)
            self._writer = Writer(self._lake, self._databases.lake, self._postgres.join)
            migrations.migrate(self._lake, self._writer)
        except BaseException:
            self._postgres.leave()
            raise

    @property
    def postgres_url(self) -> str:
        """URL of the PostgreSQL database that holds the lake's catalog."""
        return self._databases.lake

    @property
    def dagster_postgres_url(self) -> str:
        """URL of the database for Dagster's instance, on the same server; works with psycopg2."""
        return self._databases.dagster

    @property
    def postgres_description(self) -> str:
        """Which PostgreSQL this is, without its password."""
        embedded = self._postgres.embedded
        return f"embedded (process {embedded.pid})" if embedded else f"external ({public(self.postgres_url)})"

    @property
    def retries(self) -> int:
        """Commits of this process that had to be run again because of a conflict."""
        return self._writer.retries

    def query(self, sql: str, params: Parameters = None, *, snapshot: int | None = None) -> pa.Table:
        """Read; never waits for a writer, and cannot write.

        Args:
            sql: one statement; tables are ``raw.x``, ``metrics.x``, ``monitoring.x``.
            params: values for ``?``, or for ``$name`` as a mapping.
            snapshot: read the store as it was at this `version`.

        Raises:
            StoreError: the statement failed, or the snapshot has expired.
        """

        def read() -> pa.Table:
            borrowed = self._lake.cursor() if snapshot is None else self._lake.snapshot_cursor(snapshot)
            with borrowed as cursor:
                cursor.execute("BEGIN TRANSACTION READ ONLY")
                table = cursor.execute(sql, params).to_arrow_table()
                cursor.execute("COMMIT")
                return table

        return self._reading(read)

    def rows(
        self, sql: str, params: Parameters = None, *, snapshot: int | None = None
    ) -> list[dict[str, Any]]:
        """Read as Python dictionaries; see `query`."""
        return self.query(sql, params, snapshot=snapshot).to_pylist()

    @contextmanager
    def transaction(self, *tables: str) -> Generator[Transaction]:
        """Write several tables together: all when the block ends, or nothing when it raises.

        Args:
            tables: declared tables that `Transaction.query` will read to decide what to write; they are
                locked from the first query on. Tables that are only written need not be named.

        Raises:
            StoreError: the transaction cannot be written; nothing of it is.
        """
        transaction = Transaction(self._writer, tables)
        try:
            yield transaction
        except BaseException as error:
            transaction.rollback(error)
            raise
        transaction.commit()

    def ensure_table(self, name: str, wanted: pa.Schema) -> pa.Schema:
        """Make a raw table or let it grow so that rows of this schema fit in.

        Returns:
            Arrow schema of the whole table, with ``_run_id``, ``_line`` and ``_loaded_at``.

        Raises:
            StoreError: see `evolve_table`.
        """
        return self.evolve_table(name, wanted).schema

    def evolve_table(self, name: str, wanted: pa.Schema) -> evolve.Evolution:
        """Do as `ensure_table` and say what was changed.

        Raises:
            StoreError: the name is not one for a table of files, or columns cannot be told apart.
        """
        try:
            return evolve.evolve(self._lake, self._writer, name, wanted)
        except duckdb.Error as error:
            raise StoreError(f"{name} cannot be changed: {error}") from error

    def version(self) -> int:
        """Number of the current snapshot; grows with every commit of any process; costs about 1 ms."""

        def read() -> int:
            with self._lake.cursor() as cursor:
                found = cursor.execute(f"FROM ducklake_current_snapshot('{LAKE}')").fetchone()
            if found is None:
                raise StoreError("The store has no snapshot; its catalog is damaged.")
            return int(found[0])

        return self._reading(read)

    def changes(self, since: int | None = None, without: Collection[str] = ()) -> Changes:
        """Tell the current version, and the tables whose rows changed after version ``since``.

        It asks the catalog directly, for a thirtieth of what `version` costs.

        Args:
            since: a version; without one any table may have changed.
            without: marks of transactions (`Transaction.mark`) whose changes the caller knows.

        Raises:
            StoreError: PostgreSQL does not answer.
        """
        try:
            return self._reading(lambda: self._changes.since(since, without))
        except psycopg.Error as error:
            raise StoreError(f"PostgreSQL does not answer: {str(error).strip()}") from error

    def stay_small(self) -> None:
        """Keep no memory between reads: for a process that lives long and mostly waits."""
        self._lake.stay_small()

    @contextmanager
    def locked(self, *names: str) -> Generator[None]:
        """Hold named locks for work that is no transaction, such as maintenance.

        Raises:
            StoreError: the locks cannot be taken.
        """
        with self._writer.locked(frozenset(names)):
            yield

    @contextmanager
    def connection(self) -> Generator[duckdb.DuckDBPyConnection]:
        """Lend a bare DuckDB connection with the lake as its default; writes through it take no lock."""
        with self._lake.cursor() as cursor:
            yield cursor

    def close(self) -> None:
        """Close every connection; the last process that closes stops the embedded PostgreSQL."""
        self._writer.close()
        self._changes.close()
        self._lake.close()
        self._postgres.leave()

    def _reading(self, read: Callable[[], _T]) -> _T:
        try:
            return surviving(read, self._postgres.join)
        except duckdb.Error as error:
            raise StoreError(f"Query failed: {error}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_store(settings: Settings, threads: int | None = None) -> Store:
    """Start or join PostgreSQL, attach the lake, bring its tables up to date.

    Args:
        settings: Where everything is.
        threads: DuckDB's threads; None: as many as there are cores. A process that mostly commits small
            batches wants one: waking others for each look into the catalog doubles its CPU seconds.

    Raises:
        StoreError: one of these cannot be done; the message says which and how to mend it.
    """
    return Store(settings, threads)
