"""PostgreSQL going away for a moment: how it is told from other errors, and how it is survived."""

import time
from collections.abc import Callable
from typing import TypeVar

import duckdb
import psycopg
import structlog
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    stop_after_attempt,
    wait_exponential,
    wait_random,
)

from dqm_assets.errors import StoreError

_log = structlog.get_logger(__name__)
_T = TypeVar("_T")

#: Attempts of one action, with pauses of 0.1, 0.2, 0.4, … seconds between them: about six seconds.
_ATTEMPTS = 7
_FIRST_PAUSE_SECONDS = 0.1

#: What libpq says when a server stopped, was killed, is starting, or cannot be reached.
_SIGNS = (
    "connection refused",
    "unable to connect",
    "server closed the connection",
    "connection to server",
    "no connection to the server",
    "connection not open",
    "terminating connection",
    "the database system is",
    "connection reset",
    "broken pipe",
    "could not receive data from server",
    "ssl connection has been closed",
    # These fail only with the connection itself, sometimes without a further word.
    'failed to execute query "rollback"',
    'failed to execute query "commit"',
    'failed to execute query "begin',
    "no such file or directory\n\tis the server running",
)


def is_outage(error: BaseException | None) -> bool:
    """Tell whether this error, or one that caused it, is PostgreSQL being away."""
    while error is not None:
        if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
            return True
        if isinstance(error, duckdb.Error | StoreError) and any(
            sign in str(error).lower() for sign in _SIGNS
        ):
            return True
        error = error.__cause__
    return False


def surviving(action: Callable[[], _T], rejoin: Callable[[], object]) -> _T:
    """Do something; when PostgreSQL is away, bring it back and do it again.

    Args:
        action: what to do; it must be safe to do twice.
        rejoin: starts the embedded server again, or waits for the external one.

    Raises:
        StoreError | duckdb.Error: the last attempt's error.
    """

    def wait_and_rejoin(seconds: float) -> None:
        time.sleep(seconds)
        try:
            rejoin()
        except StoreError as error:
            _log.warning("store_postgres_still_away", error=str(error).splitlines()[0])

    return Retrying(
        retry=retry_if_exception(is_outage),
        stop=stop_after_attempt(_ATTEMPTS),
        wait=wait_exponential(_FIRST_PAUSE_SECONDS) + wait_random(0, _FIRST_PAUSE_SECONDS),
        before_sleep=_tell,
        sleep=wait_and_rejoin,
        reraise=True,
    )(action)


def _tell(state: RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    first_line = str(error).strip().splitlines()[:1]
    _log.warning("store_postgres_away", attempt=state.attempt_number, error="".join(first_line))
