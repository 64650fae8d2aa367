"""The one query of a table and run: rows of each period, its newest row, and every measure of its columns."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import ibis
import ibis.expr.types as ir

from dqm_assets.errors import SourceError
from dqm_assets.sources.databases.measures import Measure, kind_of, measures
from dqm_assets.sources.databases.moment import moment_of, since, truncated
from dqm_assets.sources.databases.source import SourceType, WatchedTable

PERIOD, ROWS, NEWEST = "dqm_period", "dqm_rows", "dqm_newest"
#: Columns that are measured when nobody names them: wider tables are rarely wanted whole.
MOST_COLUMNS = 60


@dataclass(frozen=True)
class Plan:
    """A query, and what its columns mean.

    Attributes:
        query: one row a period (one row, when the table has no freshness column).
        operations: columns with the number of inserts, updates and deletes, by that name.
        measured: (column, metric) of each measure, by the name of its column in the answer.
    """

    query: ir.Table
    operations: tuple[str, ...]
    measured: dict[str, tuple[str, str]]


def watched_columns(table: ir.Table, watched: WatchedTable) -> list[str]:
    """Columns that are measured.

    Raises:
        SourceError: a column that is named does not exist.
    """
    if watched.columns is not None:
        missing = [name for name in watched.columns if name not in table.columns]
        if missing:
            listed = ", ".join(table.columns)
            raise SourceError(f"there is no column {missing[0]}; the table has {listed}.")
        return list(watched.columns)
    if watched.profile == "none" or watched.kind == "cdc":
        return []
    left_out = {watched.freshness}
    return [name for name in table.columns if name not in left_out][:MOST_COLUMNS]


def aggregate_plan(table: ir.Table, watched: WatchedTable, first: datetime, kind: SourceType) -> Plan:
    """Say the query whose answer has everything that is watched.

    Args:
        table: the table.
        watched: how it is watched.
        first: earliest time that is looked at; without a freshness column all rows are.
        kind: the engine, for what only some can.

    Raises:
        SourceError: a column does not exist or cannot be used so.
    """
    columns = watched_columns(table, watched) if watched.profile != "kernel" else []
    rows = _rows(table, watched, first)
    values: dict[str, ir.Value] = {ROWS: rows.count()}
    if watched.freshness is not None:
        values[NEWEST] = moment_of(rows, watched.freshness).max()
    operations = _operations(rows, watched)
    values |= operations
    measured: dict[str, tuple[str, str]] = {}
    for number, measure in enumerate(_measures(rows, columns, watched, kind)):
        alias = f"m{number}"
        values[alias] = measure.value.cast("float64")
        measured[alias] = measure.column, measure.metric
    query = rows.group_by(PERIOD).aggregate(**values) if watched.freshness else rows.aggregate(**values)
    return Plan(query, tuple(operations), measured)


def stream_query(table: ir.Table, watched: WatchedTable, first: datetime) -> ir.Table:
    """The rows themselves, in types that the kernel reads, with the period of each as text.

    Raises:
        SourceError: a column does not exist or cannot be used so.
    """
    rows = _rows(table, watched, first)
    chosen: dict[str, ir.Value] = {name: _readable(rows[name]) for name in watched_columns(table, watched)}
    if watched.freshness is not None:
        chosen[PERIOD] = rows[PERIOD].cast("string")
    return rows.select(**chosen)


def sample_query(
    table: ir.Table, watched: WatchedTable, first: datetime, end: datetime, most: int
) -> ir.Table:
    """Rows of some periods as they are, at most so many, for a contract to be judged on."""
    rows = table
    if watched.freshness is not None:
        rows = rows.filter(since(rows, watched.freshness, first), ~since(rows, watched.freshness, end))
    rows = rows.select(**{name: _plain(rows[name]) for name in rows.columns})
    return rows.limit(most)


def _plain(column: ir.Column) -> ir.Value:
    """The column in a type that every driver gives as Arrow: exact numbers as text lose their meaning."""
    kind = column.type()
    if kind.is_decimal():
        return column.cast("float64")
    return column.cast("string") if kind.is_uuid() or kind.is_json() else column


def _rows(table: ir.Table, watched: WatchedTable, first: datetime) -> ir.Table:
    rows = table
    if watched.freshness is not None:
        rows = rows.filter(since(rows, watched.freshness, first))
    if watched.sample is not None:
        rows = rows.sample(watched.sample.fraction)
    if watched.freshness is not None:
        moment = moment_of(rows, watched.freshness)
        rows = rows.mutate(**{PERIOD: truncated(moment, watched.period)})
    return rows


def _operations(rows: ir.Table, watched: WatchedTable) -> dict[str, ir.Value]:
    wanted = watched.operation
    if wanted is None:
        return {}
    if wanted.column not in rows.columns:
        listed = ", ".join(name for name in rows.columns if name != PERIOD)
        raise SourceError(f"there is no column {wanted.column}; the table has {listed}.")
    column = rows[wanted.column].cast("string")
    named = {"inserts": wanted.insert, "updates": wanted.update, "deletes": wanted.delete}
    return {name: column.isin(list(values)).sum() for name, values in named.items()}


def _measures(
    rows: ir.Table, columns: Sequence[str], watched: WatchedTable, kind: SourceType
) -> list[Measure]:
    return [
        measure
        for name in columns
        for measure in measures(rows, name, distinct=watched.distinct, floats_are_finite=kind == "mysql")
    ]


def _readable(column: ir.Column) -> ir.Value:
    kind = kind_of(column)
    if kind == "number" and not column.type().is_integer():
        return column.cast("float64") if column.type().is_decimal() else column
    if kind == "other":
        # Only whether there is a value can be said of it.
        return column.isnull().ifelse(ibis.null("boolean"), ibis.literal(True))
    return column
