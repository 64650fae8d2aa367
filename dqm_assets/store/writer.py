"""Writing: locks, one DuckDB transaction, one commit for everything that waits in this process."""

import threading
import uuid
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

import duckdb
import psycopg
import structlog
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    stop_after_attempt,
    wait_incrementing,
    wait_random,
)

from dqm_assets.errors import StoreError
from dqm_assets.store import locks
from dqm_assets.store.connection import LAKE, Lake
from dqm_assets.store.novelty import surely_new
from dqm_assets.store.operations import Append, Operation, Upsert, coalesced, rows_of
from dqm_assets.store.outage import surviving
from dqm_assets.store.postgres import connect
from dqm_assets.store.tables import TABLES

_log = structlog.get_logger(__name__)

#: Attempts of one commit before its conflict is given to the caller.
_ATTEMPTS = 20
_PAUSE_SECONDS = 0.02

#: Transactions with more rows than this are committed on their own, so that small ones never wait for them.
_SMALL_ROWS = 20_000


@dataclass
class _Ticket:
    """One transaction that waits to be committed."""

    operations: Sequence[Operation]
    locks: frozenset[str]
    done: bool = False
    mark: str = ""
    error: Exception | None = field(default=None)


class Writer:
    """The writing side of one store in one process."""

    def __init__(self, lake: Lake, url: str, rejoin: Callable[[], object]) -> None:
        self._lake = lake
        self._url = url
        self._rejoin = rejoin
        self._idle: list[psycopg.Connection] = []
        self._guard = threading.Lock()
        self._leading = threading.Lock()
        self._waiting: list[_Ticket] = []
        # Whether PostgreSQL was ever away: only then can a commit's end be unknown.
        self._lost = False
        #: Commits that were run again because of a conflict.
        self.retries = 0

    def commit(self, operations: Sequence[Operation]) -> str | None:
        """Write the operations of one transaction, all or none.

        Small transactions of several threads that wait at the same time share one commit: the first to
        get the process's turn writes for all. If that fails, each is tried on its own.

        Returns:
            The mark of the commit; None where nothing was to be written.

        Raises:
            StoreError: the operations cannot be written; nothing of them is.
        """
        if not operations:
            return None
        ticket = _Ticket(operations, frozenset(lock for operation in operations for lock in operation.locks))
        if not ticket.locks or sum(map(rows_of, operations)) > _SMALL_ROWS:
            self._write([ticket])
        else:
            self._write_together(ticket)
        if ticket.error is not None:
            raise ticket.error
        return ticket.mark

    def _write_together(self, ticket: _Ticket) -> None:
        with self._guard:
            self._waiting.append(ticket)
        with self._leading:
            if ticket.done:
                return
            with self._guard:
                group, self._waiting = self._waiting, []
            self._write(group)
            if ticket.error is not None and len(group) > 1:
                for member in group:
                    self._write([member])

    def _write(self, group: Sequence[_Ticket]) -> None:
        needed = frozenset().union(*(ticket.locks for ticket in group))
        mark = new_mark()
        # Whatever ends this, an interrupt of the leading thread too: nobody takes it for having been written.
        problem: Exception | None = StoreError(
            "The store was perhaps not written: the thread that wrote was interrupted."
        )
        try:
            operations = coalesced([operation for ticket in group for operation in ticket.operations])
            surviving(partial(self._unless_written, operations, needed, mark), self._after_outage)
            problem = None
        except StoreError as error:
            problem = error
        except Exception as error:
            problem = StoreError(f"The store could not be written: {error}")
            problem.__cause__ = error
        finally:
            for ticket in group:
                ticket.error, ticket.mark = problem, mark
                ticket.done = True

    def _unless_written(self, operations: Sequence[Operation], needed: frozenset[str], mark: str) -> None:
        """Write, unless an attempt whose end was lost with the connection did commit."""
        if not (self._lost and self._is_written(mark)):
            self._attempt(operations, needed, mark)

    def _is_written(self, mark: str) -> bool:
        with connect(self._url) as connection:
            found = connection.execute(
                "SELECT 1 FROM ducklake_snapshot_changes WHERE commit_extra_info = %s", [mark]
            ).fetchone()
        return found is not None

    def _after_outage(self) -> None:
        self._lost = True
        self.close()
        self._rejoin()

    def _attempt(self, operations: Sequence[Operation], needed: frozenset[str], mark: str) -> None:
        """Write; a commit that lost against another one is run again."""

        def tell(state: RetryCallState) -> None:
            self.retries += 1
            error = state.outcome.exception() if state.outcome else None
            _log.info(
                "store_commit_conflict",
                attempt=state.attempt_number,
                tables=sorted(needed),
                error=str(error),
            )

        Retrying(
            retry=retry_if_exception(is_conflict),
            stop=stop_after_attempt(_ATTEMPTS),
            wait=wait_incrementing(_PAUSE_SECONDS, _PAUSE_SECONDS) + wait_random(0, _PAUSE_SECONDS),
            before_sleep=tell,
            reraise=True,
        )(self._write_once, operations, needed, mark)

    def _write_once(self, operations: Sequence[Operation], needed: frozenset[str], mark: str) -> None:
        with self._begun(needed) as (postgres, cursor):
            _set_mark(cursor, mark)
            for operation in _planned(postgres, operations):
                operation.run(cursor)

    @contextmanager
    def session(
        self, needed: frozenset[str], mark: str | None = None
    ) -> Generator[duckdb.DuckDBPyConnection]:
        """Hold the locks and lend a cursor inside one transaction, which is committed at the end.

        Raises:
            StoreError: a statement or the commit failed, or the locks were lost; nothing is written.
        """
        with self._begun(needed) as (_, cursor):
            _set_mark(cursor, mark or new_mark())
            yield cursor

    @contextmanager
    def _begun(
        self, needed: frozenset[str]
    ) -> Generator[tuple[psycopg.Connection, duckdb.DuckDBPyConnection]]:
        with self.locked(needed) as postgres:
            try:
                with self._lake.cursor() as cursor:
                    cursor.execute("BEGIN")
                    yield postgres, cursor
                    # Locks that ended with their connection protect nothing any more.
                    postgres.execute("SELECT 1")
                    cursor.execute("COMMIT")
            except (duckdb.Error, psycopg.Error) as error:
                problem = f"The store could not be written: {str(error).strip()}"
                raise StoreError(problem) from (_gone(postgres) or error)

    @contextmanager
    def locked(self, needed: frozenset[str]) -> Generator[psycopg.Connection]:
        """Hold the locks, and lend the connection that holds them."""
        with self._guard:
            connection = self._idle.pop() if self._idle else None
        if connection is None:
            connection = connect(self._url)
        try:
            with locks.held(connection, needed):
                yield connection
        except BaseException:
            connection.close()
            raise
        with self._guard:
            self._idle.append(connection)

    def close(self) -> None:
        """Close the connections that locks are held on."""
        with self._guard:
            for connection in self._idle:
                connection.close()
            self._idle.clear()


def new_mark() -> str:
    """A name for one commit that no other has."""
    return uuid.uuid4().hex


def _set_mark(cursor: duckdb.DuckDBPyConnection, mark: str) -> None:
    cursor.execute(f"CALL {LAKE}.set_commit_message('dqm', NULL, extra_info => '{mark}')")


def is_conflict(error: BaseException) -> bool:
    """Tell a commit that lost against another (worth another try) from one that can never succeed."""
    return isinstance(error, StoreError) and "conflict" in str(error).lower()


def _planned(postgres: psycopg.Connection, operations: Sequence[Operation]) -> Iterator[Operation]:
    """Insert where an upsert cannot meet a row with one of its keys: half the work of a MERGE."""
    written: set[str] = set()
    for operation in operations:
        first = operation.table not in written
        written.add(operation.table)
        if isinstance(operation, Upsert) and first:
            key = TABLES[operation.table].key
            if surely_new(postgres, operation.table, operation.rows, key):
                yield Append(operation.table, operation.rows)
                continue
        yield operation


def _gone(postgres: psycopg.Connection) -> psycopg.Error | None:
    """Tell whether PostgreSQL is away: what DuckDB says then is not always about the connection."""
    try:
        postgres.execute("SELECT 1")
    except psycopg.Error as error:
        return error
    return None
