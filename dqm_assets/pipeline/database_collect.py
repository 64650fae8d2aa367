"""Looking at sources: all at once, each in threads of its own, and how asking each of them went."""

from collections.abc import Collection, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime

import tenacity

from dqm_assets.pipeline.attempts import Attempt, attempt
from dqm_assets.pipeline.database_look import Look, Looked, look_at
from dqm_assets.pipeline.source_circuits import tell_circuit
from dqm_assets.pipeline.source_tables import (
    FailedRow,
    Known,
    keep_looks,
    known_tables,
    pipeline_of,
)
from dqm_assets.settings import Settings
from dqm_assets.sources.databases.connection import SourceConnection
from dqm_assets.sources.databases.source import DatabaseSource, WatchedTable
from dqm_assets.store import Store


@dataclass(frozen=True)
class SourceSummary:
    """What looking at a source brought.

    Attributes:
        reason: why nothing could be asked; empty when something could.
        tables: one for each watched table.
    """

    source: str
    reason: str
    tables: tuple[Looked, ...]
    seconds: float

    @property
    def failed(self) -> int:
        """Number of tables that could not be looked at."""
        return sum(bool(one.reason) for one in self.tables)


def collect_sources(
    store: Store,
    settings: Settings,
    sources: Sequence[DatabaseSource],
    now: datetime | None = None,
    *,
    wait: tenacity.wait.wait_base | None = None,
) -> list[SourceSummary]:
    """Look at many sources at once, each in threads of its own: a slow or dead one delays no other.

    Args:
        store: The open store.
        settings: Where contracts and circuits are.
        sources: The sources.
        now: The present; the clock's when left out.
        wait: Pauses between two tries of a question.
    """
    if not sources:
        return []
    with ThreadPoolExecutor(len(sources), thread_name_prefix="source") as pool:
        looks = [pool.submit(collect_source, store, settings, one, now, wait=wait) for one in sources]
        return [look.result() for look in looks]


def collect_source(
    store: Store,
    settings: Settings,
    source: DatabaseSource,
    now: datetime | None = None,
    *,
    only: Collection[str] | None = None,
    dagster_run_id: str = "",
    wait: tenacity.wait.wait_base | None = None,
) -> SourceSummary:
    """Look at the tables of a source; the same again, with nothing new there, changes nothing.

    A table that cannot be asked fails alone. When the source cannot be reached nothing of it is asked, its
    pipeline (``sources/<name>``) is FAILED and has an alert, until it answers again.

    Args:
        store: The open store.
        settings: Where contracts and circuits are.
        source: The source.
        now: The present; the clock's when left out.
        only: Tables to look at, by dataset; all when left out.
        dagster_run_id: The Dagster run that this belongs to.
        wait: Pauses between two tries of a question.
    """
    started = datetime.now(UTC)
    now = now or started
    watched = [table for table in source.tables if only is None or source.dataset_of(table) in only]
    name = pipeline_of(source.source)
    looked: list[Looked] = []
    reason = ""
    try:
        with (
            attempt(store, name, owner=source.owner, dagster_run_id=dagster_run_id) as current,
            SourceConnection(source, settings, wait=wait) as connection,
        ):
            current.simulated = source.simulated
            current.stage = "connect"
            try:
                connection.ask(lambda engine: engine.tables())
                current.stage = "look"
                looked = _looks(Look(store, settings, source, connection, now), watched)
                _tell_attempt(current, looked)
            finally:
                tell_circuit(current, connection.circuit)
    except Exception as error:
        # It is recorded, logged and told: the other sources, and this one's next look, go on.
        reason = str(error)
        looked = [Looked(source.dataset_of(table), table.table, reason) for table in watched]
        _keep_failures(store, source, looked, now)
    return SourceSummary(source.source, reason, tuple(looked), (datetime.now(UTC) - started).total_seconds())


def _looks(look: Look, watched: Sequence[WatchedTable]) -> list[Looked]:
    """Look at the tables, as many at once as there are connections."""
    known = known_tables(look.store, look.source.source)
    with ThreadPoolExecutor(look.source.connections, thread_name_prefix=look.source.source) as pool:
        pending: list[Future[Looked]] = [
            pool.submit(look_at, look, table, known.get(table.table, Known())) for table in watched
        ]
        looked = [one.result() for one in pending]
    _keep_failures(look.store, look.source, [one for one in looked if one.reason], look.now)
    return looked


def _tell_attempt(current: Attempt, looked: Sequence[Looked]) -> None:
    broken = [one for one in looked if one.reason]
    late = [one.dataset for one in looked if one.late]
    current.details.update(
        tables=len(looked), failed=len(broken), late=late, rows=sum(one.rows for one in looked)
    )
    if broken:
        first = broken[0]
        current.reservation = f"{len(broken)} of {len(looked)} tables failed; {first.table}: {first.reason}"


def _keep_failures(store: Store, source: DatabaseSource, looked: Sequence[Looked], now: datetime) -> None:
    reasons = {one.table: one.reason for one in looked}
    failures = [
        (
            table,
            FailedRow(
                source=source.source, table_name=table.table, reason=reasons[table.table], looked_at=now
            ),
        )
        for table in source.tables
        if table.table in reasons
    ]
    keep_looks(store, source, failures)
