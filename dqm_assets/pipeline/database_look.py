"""Looking at one table: one query, then points, verdicts, alerts, and how far the table is known."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

import pyarrow as pa
import structlog

from dqm_assets.errors import DqmError
from dqm_assets.pipeline.database_contract import MOST_ROWS, NewRows, failed, judge_contract
from dqm_assets.pipeline.database_freshness import AgeLimit, Told, age_limit, freshness_series, tell_freshness
from dqm_assets.pipeline.database_points import (
    age_points,
    batch_of,
    points_of,
    profile_rows,
    watches,
    whole_periods,
)
from dqm_assets.pipeline.database_schema import keep_schema
from dqm_assets.pipeline.datasets import Dataset, find_dataset, register_source
from dqm_assets.pipeline.observe import ObserveSummary, observe
from dqm_assets.pipeline.pipeline_alerts import pipeline_alert
from dqm_assets.pipeline.rows import upsert_rows
from dqm_assets.pipeline.source_tables import (
    Known,
    LookedRow,
    keep_looks,
)
from dqm_assets.settings import Settings
from dqm_assets.sources.databases.connection import SourceConnection
from dqm_assets.sources.databases.engine import Engine
from dqm_assets.sources.databases.plan import sample_query
from dqm_assets.sources.databases.scan import Period, scan
from dqm_assets.sources.databases.source import DatabaseSource, WatchedTable
from dqm_assets.store import Store

_log = structlog.get_logger(__name__)
#: New periods that a contract is judged on in one look; of more, the newest.
_MOST_JUDGED = 7


@dataclass(frozen=True)
class Looked:
    """What a look at one table brought.

    Attributes:
        reason: why it failed; empty when it did not.
        rows: rows that the query covered.
        late: whether the newest row is older than it may be.
        failed_clauses: clauses of its contract that do not hold.
    """

    dataset: str
    table: str
    reason: str = ""
    rows: int = 0
    periods: int = 0
    seconds: float = 0.0
    newest: datetime | None = None
    late: bool = False
    failed_clauses: int = 0
    observed: ObserveSummary = field(default_factory=ObserveSummary)


@dataclass(frozen=True)
class Look:
    """What every table of one look shares."""

    store: Store
    settings: Settings
    source: DatabaseSource
    connection: SourceConnection
    now: datetime


def look_at(look: Look, watched: WatchedTable, known: Known) -> Looked:
    """Look at one table: what fails there is recorded, told, and ends nothing else.

    Args:
        look: what the tables of the source share.
        watched: the table.
        known: how far it is known from earlier looks.
    """
    dataset = look.source.dataset_of(watched)
    owner = look.source.owner_of(watched)
    try:
        looked = _judged(look, watched, known)
    except Exception as error:
        if not isinstance(error, DqmError):
            _log.exception("table_look_failed", dataset=dataset)
        at = datetime.now(UTC)
        pipeline_alert(look.store, dataset, True, "look", str(error), at, owner=owner)
        return Looked(dataset, watched.table, str(error))
    pipeline_alert(look.store, dataset, False, "look", "", datetime.now(UTC), owner=owner)
    return looked


def _judged(look: Look, watched: WatchedTable, known: Known) -> Looked:
    store, source, now = look.store, look.source, look.now
    dataset = _registered(look, watched)
    told = Told(source.owner_of(watched) or dataset.owner, source.simulated)
    found = look.connection.ask(lambda engine: scan(engine, source.type, watched, known.watermark, now))
    periods = whole_periods(found, watched, now, known.watermark)
    newest = max(filter(None, (found.newest, known.newest)), default=None)
    states = list(profile_rows(dataset.name, periods, watched))
    if states:
        with store.transaction("metrics.profiles") as tx:
            upsert_rows(tx, "metrics.profiles", states)
    observed = _observed(look, watched, dataset, periods, newest, known, told)
    keep_schema(store, dataset, found.schema, now, owner=told.owner)
    limit, late = AgeLimit(None, promised=False), False
    if newest is not None:
        limit = age_limit(store, dataset.name, watched, _latency(dataset), now)
        late = tell_freshness(
            store, freshness_series(dataset.name, watched), now - newest, limit, now, told=told
        )
    broken = _contract(look, watched, dataset, periods, known)
    end = periods[-1].start + watched.period if periods and watched.freshness else None
    row = LookedRow(
        source=source.source,
        table_name=watched.table,
        late=late,
        looked_at=now,
        watermark=max(filter(None, (end, known.watermark)), default=None),
        newest=newest,
        age_limit_seconds=limit.limit.total_seconds() if limit.limit else None,
        rows_scanned=found.rows,
        seconds=found.seconds,
        sampling_error=found.error,
    )
    keep_looks(store, source, [(watched, row)])
    return Looked(
        dataset.name,
        watched.table,
        rows=found.rows,
        periods=len(periods),
        seconds=found.seconds,
        newest=newest,
        late=late,
        failed_clauses=broken,
        observed=observed,
    )


def _observed(  # noqa: PLR0917 - what is observed, of whom, and who is told
    look: Look,
    watched: WatchedTable,
    dataset: Dataset,
    periods: Sequence[Period],
    newest: datetime | None,
    known: Known,
    told: Told,
) -> ObserveSummary:
    """Keep and judge the periods; at the first look the past only teaches, and the newest one is judged."""
    points = points_of(periods, watched)
    if known.watermark is None and watched.freshness is not None:
        last = max((point.ts for point in points), default=look.now)
        observe(look.store, dataset.name, [point for point in points if point.ts < last], [])
        points = [point for point in points if point.ts == last]
    return observe(
        look.store,
        dataset.name,
        [*points, *age_points(newest, look.now)],
        watches(watched, dataset.calendar),
        owner=told.owner,
        simulated=told.simulated,
    )


def _registered(look: Look, watched: WatchedTable) -> Dataset:
    source = look.source
    dataset = find_dataset(look.settings, source.dataset_of(watched))
    register_source(
        look.store,
        dataset.name,
        watched.table,
        source.owner_of(watched) or dataset.owner,
        str(dataset.contract_path or ""),
        f"{watched.table} of {source.source} ({source.type}), watched where it is.",
        source.simulated,
        timestamp_column=watched.freshness,
        discovered=dataset.contract is None,
    )
    return dataset


def _latency(dataset: Dataset) -> timedelta | None:
    return dataset.contract.sla.latency if dataset.contract else None


def _contract(
    look: Look, watched: WatchedTable, dataset: Dataset, periods: Sequence[Period], known: Known
) -> int:
    """Judge the rows of each period that is new by the contract.

    At the first look the newest period stands for all: a contract is about what comes, not about the past.
    """
    contract = dataset.contract
    fresh = [one for one in periods if known.watermark is None or one.start >= known.watermark]
    if contract is None or not contract.clauses or watched.keep_rows_there:
        return 0
    owner = look.source.owner_of(watched) or dataset.owner
    broken = 0
    for period in fresh[-1:] if known.watermark is None else fresh[-_MOST_JUDGED:]:
        rows = look.connection.ask(partial(_rows_of, watched=watched, period=period))
        new = NewRows(dataset.name, batch_of(period, watched), rows, look.now)
        broken = failed(judge_contract(look.store, contract, new, owner=owner))
    return broken


def _rows_of(engine: Engine, watched: WatchedTable, period: Period) -> pa.Table:
    end = period.start + watched.period
    query = sample_query(engine.table(watched.table), watched, period.start, end, MOST_ROWS)
    with engine.stream(query) as stream:
        return stream.read_all()
