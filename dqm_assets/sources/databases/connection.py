"""Asking a source gently: retries with back-off, and a circuit that leaves a dead one alone for a while."""

import importlib
import threading
from collections.abc import Callable
from datetime import timedelta
from types import TracebackType
from typing import Self, TypeVar

import pybreaker
import structlog
import tenacity

from dqm_assets.errors import SettingsError
from dqm_assets.settings import Settings
from dqm_assets.sources.breaker import FileBreaker
from dqm_assets.sources.databases.circuit import Circuit
from dqm_assets.sources.databases.engine import DatabaseError, Engine
from dqm_assets.sources.databases.source import DatabaseSource, SourceType

_log = structlog.get_logger(__name__)
_Answer = TypeVar("_Answer")

_HERE = "dqm_assets.sources.databases"
#: Module and class of each engine; a driver is imported when a source needs it.
_ENGINES: dict[SourceType, str] = {
    "postgresql": f"{_HERE}.postgres:PostgresEngine",
    "mysql": f"{_HERE}.mysql:MySqlEngine",
    "sqlite": f"{_HERE}.local_files:LocalEngine",
    "duckdb": f"{_HERE}.local_files:LocalEngine",
    "files": f"{_HERE}.local_files:LocalEngine",
    "snowflake": f"{_HERE}.warehouse:WarehouseEngine",
    "bigquery": f"{_HERE}.warehouse:WarehouseEngine",
    "trino": f"{_HERE}.warehouse:WarehouseEngine",
    "spark": f"{_HERE}.warehouse:WarehouseEngine",
    "databricks": f"{_HERE}.warehouse:WarehouseEngine",
}
#: Longest pause between two tries.
_LONGEST_WAIT = timedelta(seconds=8)


class SourceConnection:
    """One source as the pipeline asks it; opened with the first question.

    Args:
        source: where it is, and how gently it is asked.
        settings: where circuits are kept, so that runs, which are processes, share them.
        wait: pauses between tries; back-off with jitter when left out.
    """

    def __init__(
        self, source: DatabaseSource, settings: Settings, *, wait: tenacity.wait.wait_base | None = None
    ) -> None:
        self._source = source
        self._engine: Engine | None = None
        self._guard = threading.Lock()
        self._retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(_temporary),
            stop=tenacity.stop_after_attempt(source.attempts),
            wait=wait or tenacity.wait_random_exponential(0.5, _LONGEST_WAIT.total_seconds()),
            reraise=True,
        )
        self._kept = FileBreaker(settings.home / "circuits" / f"source_{source.source}.json")
        self._breaker = pybreaker.CircuitBreaker(
            fail_max=source.failures,
            reset_timeout=source.rest.total_seconds(),
            exclude=[lambda error: not _temporary(error)],
            state_storage=self._kept,
            throw_new_error_on_trip=False,
            name=source.source,
        )

    @property
    def circuit(self) -> Circuit:
        """The circuit as it is now."""
        opened = self._kept.opened_at
        is_open = opened is not None and self._kept.state == pybreaker.STATE_OPEN
        return Circuit(
            self._kept.state, self._kept.counter, opened + self._source.rest if opened and is_open else None
        )

    def ask(self, question: Callable[[Engine], _Answer]) -> _Answer:
        """Put a question, more than once when the source is away for a moment.

        Raises:
            DatabaseError: it cannot be answered, or the circuit is open.
            SourceError: the question itself is wrong.
        """
        try:
            return self._breaker.call(self._persevere, question)
        except pybreaker.CircuitBreakerError:
            raise DatabaseError(
                f"{self._source.source} failed {self._source.failures} times in a row and is left alone for "
                f"{self._source.rest.total_seconds():g} s, then tried again by itself. "
                f"The last failure: {self._kept.reason}",
                "circuit_open",
            ) from None
        except DatabaseError as error:
            if error.temporary:
                self._kept.reason = str(error)
            raise

    def close(self) -> None:
        """Close the connections."""
        if self._engine is not None:
            self._engine.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    def _persevere(self, question: Callable[[Engine], _Answer]) -> _Answer:
        return self._retrying.copy()(lambda: question(self._opened()))

    def _opened(self) -> Engine:
        with self._guard:
            if self._engine is None:
                self._engine = open_engine(self._source)
            return self._engine


def open_engine(source: DatabaseSource) -> Engine:
    """The engine of a source.

    Raises:
        SettingsError: its driver is not installed.
        DatabaseError: it cannot be opened.
    """
    module, _, name = _ENGINES[source.type].partition(":")
    try:
        engine = getattr(importlib.import_module(module), name)
        return engine(source)
    except ImportError as error:
        raise SettingsError(
            f"{source.source} needs a driver that is not installed ({error.name}): "
            f"pip install 'dqm[{source.type}]'."
        ) from None


def _temporary(error: BaseException) -> bool:
    return isinstance(error, DatabaseError) and error.temporary
