"""Scan: one look at a table → what each of its periods holds."""

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import ibis.expr.datatypes as dt
import ibis.expr.types as ir
from ibis.common.exceptions import IbisError

from dqm_assets.quality.profile import Profile, profile
from dqm_assets.sources.databases.engine import Engine
from dqm_assets.sources.databases.measures import COUNTED, PUSHED_DOWN, ColumnKind, kind_of
from dqm_assets.sources.databases.moment import as_utc, floor
from dqm_assets.sources.databases.plan import (
    NEWEST,
    PERIOD,
    ROWS,
    aggregate_plan,
    stream_query,
    watched_columns,
)
from dqm_assets.sources.databases.source import SourceType, WatchedTable

#: Metrics of a column by name.
Numbers = Mapping[str, float]


@dataclass(frozen=True)
class Period:
    """What a table holds of one day or hour (or, without a freshness column, now).

    Attributes:
        start: beginning of the period, UTC.
        rows: number of rows; an estimate when only a share was looked at.
        newest: time of the newest row.
        operations: number of ``inserts``, ``updates`` and ``deletes`` of a change log.
        columns: metrics of each measured column.
        profile: the kernel's states, when rows were looked at.
        error: relative standard error of ``rows``; 0 when every row was counted.
    """

    start: datetime
    rows: int
    newest: datetime | None = None
    operations: Mapping[str, int] = field(default_factory=dict)
    columns: Mapping[str, Numbers] = field(default_factory=dict)
    profile: Profile | None = None
    error: float = 0.0


@dataclass(frozen=True)
class Scan:
    """One look at a table.

    Attributes:
        first: time from which rows were looked at.
        periods: those that have rows, ascending; the last may not be over.
        seconds: how long it took.
        schema: name and type of every column of the table.
    """

    first: datetime
    periods: tuple[Period, ...]
    seconds: float
    schema: Mapping[str, str]

    @property
    def rows(self) -> int:
        """Rows that were looked at, or are thought to be there."""
        return sum(period.rows for period in self.periods)

    @property
    def error(self) -> float:
        """Largest relative standard error of a period's row count."""
        return max((period.error for period in self.periods), default=0.0)

    @property
    def newest(self) -> datetime | None:
        """Time of the newest row that was seen."""
        return max((period.newest for period in self.periods if period.newest), default=None)


def scan(
    engine: Engine, kind: SourceType, watched: WatchedTable, watermark: datetime | None, now: datetime
) -> Scan:
    """Look at what is new in a table: all since the watermark and the periods that are counted again.

    Args:
        engine: the open source.
        kind: what it is.
        watched: the table.
        watermark: end of the last whole period that was counted; ``None`` at the first run.
        now: the present; rows that claim to be of a later period are not believed.

    Raises:
        SourceError: the table cannot be asked.
    """
    started = time.monotonic()
    first = first_looked_at(watched, watermark, now)
    table = engine.table(watched.table)
    plan = aggregate_plan(table, watched, first, kind)
    answer = engine.query(plan.query).to_pylist()
    periods = [_period(row, plan.operations, plan.measured, watched, now) for row in answer]
    if watched.profile == "kernel":
        periods = _profiled(engine, table, watched, first, periods)
    known = sorted((period for period in periods if period.start <= now), key=lambda period: period.start)
    schema = {name: _arrow_name(dtype) for name, dtype in table.schema().items()}
    return Scan(first, tuple(known), time.monotonic() - started, schema)


def _arrow_name(dtype: dt.DataType) -> str:
    try:
        return str(dtype.copy(nullable=True).to_pyarrow())
    except (NotImplementedError, IbisError, KeyError):
        return str(dtype)


def first_looked_at(watched: WatchedTable, watermark: datetime | None, now: datetime) -> datetime:
    """Beginning of the first period that is looked at."""
    oldest = floor(now - watched.history, watched.period)
    if watermark is None:
        return oldest
    return max(floor(watermark, watched.period) - watched.look_back * watched.period, oldest)


def _period(
    row: Mapping[str, object],
    operations: Sequence[str],
    measured: Mapping[str, tuple[str, str]],
    watched: WatchedTable,
    now: datetime,
) -> Period:
    fraction = watched.sample.fraction if watched.sample else 1.0
    looked_at = int(row[ROWS])  # ty: ignore[invalid-argument-type]
    columns: dict[str, dict[str, float]] = {}
    for alias, (column, metric) in measured.items():
        value = row[alias]
        if value is not None and not (fraction < 1.0 and metric == "distinct_count"):
            number = float(value)  # ty: ignore[invalid-argument-type]
            columns.setdefault(column, {})[metric] = number / fraction if metric in COUNTED else number
    rows = round(looked_at / fraction)
    return Period(
        start=(as_utc(row[PERIOD]) if watched.freshness else now) or now,
        rows=rows,
        newest=as_utc(row.get(NEWEST)),
        operations={name: int(row[name] or 0) for name in operations},  # ty: ignore[invalid-argument-type]
        columns={name: _with_shares(numbers, rows) for name, numbers in columns.items()},
        error=math.sqrt((1.0 - fraction) / looked_at) if fraction < 1.0 and looked_at else 0.0,
    )


def _with_shares(numbers: dict[str, float], rows: int) -> Numbers:
    nulls = numbers.get("null_count", 0.0)
    if rows:
        numbers["null_fraction"] = nulls / rows
    if "distinct_count" in numbers:
        # An estimate may be above the number of values.
        numbers["distinct_count"] = min(numbers["distinct_count"], rows - nulls)
        if rows > nulls:
            numbers["distinct_fraction"] = numbers["distinct_count"] / (rows - nulls)
    return numbers


def _profiled(
    engine: Engine, table: ir.Table, watched: WatchedTable, first: datetime, periods: Sequence[Period]
) -> list[Period]:
    """The periods with the kernel's profile of their rows: one pass over the stream, a state a period."""
    kinds = {name: kind_of(table[name]) for name in watched_columns(table, watched)}
    by_start: dict[datetime | None, Profile] = {}
    with engine.stream(stream_query(table, watched, first)) as stream:
        found = profile(stream, segment_by=PERIOD if watched.freshness else None)
    if watched.freshness is None:
        by_start[periods[0].start] = found
    else:
        by_start = {as_utc(name): part for name, part in found.segments.items()}
    fraction = watched.sample.fraction if watched.sample else 1.0
    return [
        replace(period, profile=part, columns=_columns(part, kinds, fraction)) if part else period
        for period in periods
        for part in (by_start.get(period.start),)
    ]


def _columns(part: Profile, kinds: Mapping[str, ColumnKind], fraction: float) -> dict[str, Numbers]:
    found = {}
    for name, kind in kinds.items():
        numbers = part.columns[name].metrics()
        wanted = [*PUSHED_DOWN["other"], "null_fraction"] if kind == "other" else list(numbers)
        found[name] = {
            metric: float(value) / (fraction if metric in COUNTED else 1.0)
            for metric in wanted
            if isinstance(value := numbers[metric], int | float) and metric != "row_count"
        }
    return found
