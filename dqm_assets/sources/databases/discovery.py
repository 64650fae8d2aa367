"""Discovery: what a table seems to be, from the names and types of its columns and a look at some rows."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import ibis.expr.types as ir
import pyarrow as pa

from dqm_assets.sources.databases.engine import Engine
from dqm_assets.sources.databases.moment import as_utc, moment_of
from dqm_assets.sources.databases.plan import sample_query
from dqm_assets.sources.databases.source import WatchedTable

#: Rows that a contract is proposed from.
SAMPLE_ROWS = 20_000
#: Rows that columns are compared on.
_LOOKED_AT = 10_000
_TOMORROW = timedelta(days=1)

#: Names of columns with the time of a row, the surest first. A time of change comes last: a row that is
#: changed moves to another day.
_TIME_NAMES = (
    r"(_?(loaded|ingested|inserted|ingest|load)_?(at|on|time|ts|date)?)",
    r"((created|creation|create|added|placed|ordered|received|recorded)_?(at|on|time|ts|date|timestamp)?)",
    r"((event|occurred|observed|measured|sold|order|sale|transaction|txn)_?(at|on|time|ts|date|timestamp))",
    r"(ts|at|time|timestamp|date|day|datetime|dt|when)",
    r"(.*_(at|on|ts|time|timestamp|date|day|dt))",
    r"((updated|modified|changed|update)_?(at|on|time|ts|date|timestamp)?)",
)
_LAST = re.compile(_TIME_NAMES[-1])
_OPERATION = re.compile(r"_*(op|operation|op_type|change_type|dml_type|dml|cdc_op|action)")
_OPERATIONS = {"i", "u", "d", "c", "r", "insert", "update", "delete", "create", "read"}
_SECONDS = range(631_152_000, 4_102_444_800)  # 1990 to 2100


@dataclass(frozen=True)
class Proposal:
    """How a table would be watched, and why."""

    table: str
    columns: int
    rows: int | None
    watched: WatchedTable
    reason: str
    #: Time of the newest of the rows that were looked at.
    newest: datetime | None = None


def propose(engine: Engine, table: str, rows: int | None = None) -> Proposal:
    """Say which column tells freshness and whether the table is a change log.

    Args:
        engine: the open source.
        table: name of the table.
        rows: rows that the engine believes it has.

    Raises:
        DatabaseError: the table cannot be asked.
    """
    found = engine.table(table)
    seen = engine.query(_compared(found))
    operation = _operation(found, seen)
    freshness, why, newest = _freshness(found, seen)
    document: dict = {"table": table, "freshness": freshness}
    if operation and freshness:
        document |= {"kind": "cdc", "operation": {"column": operation}}
        why = f"{operation} says what was done and {freshness} when: rates by hour"
    return Proposal(table, len(found.columns), rows, WatchedTable.model_validate(document), why, newest)


def sampled(engine: Engine, watched: WatchedTable, newest: datetime | None) -> pa.Table:
    """Rows of the newest days, to propose a contract from."""
    end = (newest or datetime.now(UTC)) + _TOMORROW
    first = end - timedelta(days=30)
    query = sample_query(engine.table(watched.table), watched, first, end, SAMPLE_ROWS)
    with engine.stream(query) as stream:
        return stream.read_all()


def _compared(table: ir.Table) -> ir.Table:
    """Nulls and largest value of what may be a time, and the values of what may be an operation."""
    rows = table.limit(_LOOKED_AT)
    values: dict[str, ir.Value] = {"n": rows.count()}
    for number, name in enumerate(table.columns):
        if _may_be_time(table[name]):
            values[f"nulls{number}"] = rows[name].isnull().sum().cast("float64")
            values[f"newest{number}"] = (
                rows[name].max() if table[name].type().is_integer() else moment_of(rows, name).max()
            )
        elif _may_be_operation(table, name):
            values[f"known{number}"] = rows[name].lower().isin(sorted(_OPERATIONS)).sum().cast("float64")
    return rows.aggregate(**values)


def _may_be_time(column: ir.Column) -> bool:
    kind = column.type()
    if kind.is_timestamp() or kind.is_date():
        return True
    return kind.is_int64() and _rank(column.get_name()) is not None and column.get_name().lower() != "day"


def _may_be_operation(table: ir.Table, name: str) -> bool:
    return table[name].type().is_string() and _OPERATION.fullmatch(name.lower()) is not None


def _operation(table: ir.Table, seen: pa.Table) -> str | None:
    (row,) = seen.to_pylist()
    for number, name in enumerate(table.columns):
        if row["n"] and row.get(f"known{number}") == row["n"]:
            return name
    return None


def _freshness(table: ir.Table, seen: pa.Table) -> tuple[str | None, str, datetime | None]:
    """The column that dates the rows, why, and the newest time in it."""
    (row,) = seen.to_pylist()
    candidates: list[tuple[tuple[int, bool, int], str]] = []
    for number, name in enumerate(table.columns):
        newest = row.get(f"newest{number}")
        if f"newest{number}" not in row or not _is_past(newest, row["n"]):
            continue
        if row["n"] and row[f"nulls{number}"] == row["n"]:
            continue
        rank = _rank(name)
        unnamed = rank if rank is not None else len(_TIME_NAMES) - 1
        candidates.append(((unnamed, bool(row[f"nulls{number}"]), number), name))
    if not candidates:
        return None, "no column tells the time of a row: the table is looked at as it is at each run", None
    (_, nulls, number), best = min(candidates)
    told = f"{best} dates the rows"
    if _LAST.fullmatch(best.lower()):
        told += ", though a row that is changed moves to another day"
    return best, f"{told}; some rows have none" if nulls else told, _moment(row[f"newest{number}"])


def _moment(newest: object) -> datetime | None:
    return datetime.fromtimestamp(newest, UTC) if isinstance(newest, int) else as_utc(newest)


def _is_past(newest: object, rows: int) -> bool:
    if not rows:
        return True
    if isinstance(newest, int) and newest not in _SECONDS:
        return False
    moment = _moment(newest)
    return moment is not None and moment <= datetime.now(UTC) + _TOMORROW


def _rank(name: str) -> int | None:
    # The time of a change also looks like any other time: it is asked for first.
    if _LAST.fullmatch(name.lower()):
        return len(_TIME_NAMES) - 1
    return next((rank for rank, form in enumerate(_TIME_NAMES) if re.fullmatch(form, name.lower())), None)


def chosen_tables(proposals: Sequence[Proposal], names: Sequence[str]) -> list[Proposal]:
    """Those of the given names, with or without their schema; all when none is given."""
    wanted = set(names)
    return [one for one in proposals if not wanted or {one.table, one.table.rpartition(".")[2]} & wanted]
