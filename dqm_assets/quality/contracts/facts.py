"""What the rows of a dataset are like: the facts that a first contract is written from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dqm_assets.quality.contracts.conditions.temporal_format import strptime_format
from dqm_assets.quality.contracts.logical_type import family
from dqm_assets.quality.contracts.rows import as_relation
from dqm_assets.quality.contracts.sql_text import identifier, text
from dqm_assets.quality.profile import ColumnProfile, Metric, profile

#: With fewer rows than this, that none is repeated says little unless the name says it too.
ENOUGH_ROWS = 100
#: Whole numbers that rise this often in a row do so by more than chance.
_RISING_ROWS = 8
#: From this share of distinct values on, by estimate, they are counted.
_MAYBE_ALL = 0.95
#: More distinct texts than this are no list of categories.
MOST_CATEGORIES = 30
#: Date and time formats that are tried, ISO first.
FORMATS = (
    "yyyy-MM-dd", "yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd'T'HH:mm:ss", "yyyy-MM-dd'T'HH:mm",
    "yyyy-MM-dd HH:mm", "MM-dd-yyyy'T'HH:mm", "MM-dd-yyyy", "dd-MM-yyyy",
    "MM/dd/yyyy", "dd/MM/yyyy", "M/d/yyyy HH:mm", "M/d/yy HH:mm",
    "M/d/yyyy H:mm", "M/d/yy H:mm", "MM/dd/yyyy HH:mm:ss", "dd.MM.yyyy",
    "dd.MM.yyyy HH:mm", "yyyy/MM/dd", "yyyyMMdd",
)  # fmt: skip
_ISO = frozenset(FORMATS[:5])
_LOGICAL = {
    "integer": "integer", "float": "number", "decimal": "number", "date": "date", "timestamp": "timestamp",
    "timestamptz": "timestamp", "time": "time", "boolean": "boolean", "array": "array", "object": "object",
    "map": "object",
}  # fmt: skip


@dataclass(frozen=True)
class ColumnFacts:
    """One column over all rows seen."""

    name: str
    logical_type: str
    rows: int
    nulls: int
    distinct: int
    #: Largest share of nulls in one batch, 0 to 1.
    worst_nulls: float = 0.0
    #: Smallest and largest value, of numbers only.
    minimum: float | None = None
    maximum: float | None = None
    #: Whether whole numbers rise from row to row in every batch, so that no limit would hold for long.
    grows: bool = False
    #: Whether a text was empty, and the longest, in code points.
    longest: int | None = None
    has_empty: bool = False
    #: All values with their counts, most frequent first, when there are few.
    categories: tuple[tuple[str, int], ...] = ()
    #: The format that every value is written in, when it is not ISO 8601.
    jdk_format: str = ""


def column_facts(batches: Sequence[pa.Table], written: Sequence[pa.Table] = ()) -> list[ColumnFacts]:
    """Look at every column of some batches of one dataset: one pass of the kernel over all of them.

    Args:
        batches: the rows; columns whose name starts with ``_`` are dqm's own and left out.
        written: the same batches with all columns as text, to see how dates are written.
    """
    table = pa.concat_tables(batches, promote_options="permissive")
    texts = pa.concat_tables(written, promote_options="permissive") if written else None
    names = [name for name in table.column_names if not name.startswith("_")]
    found = profile(table.select(names))
    return [
        _facts(
            table.select([name]),
            found.columns[name],
            texts,
            _worst_nulls(batches, name),
            _grows(batches, name),
        )
        for name in names
    ]


def _worst_nulls(batches: Sequence[pa.Table], name: str) -> float:
    filled = [batch for batch in batches if batch.num_rows and name in batch.column_names]
    return max((batch.column(name).null_count / batch.num_rows for batch in filled), default=0.0)


def _grows(batches: Sequence[pa.Table], name: str) -> bool:
    """Tell whether a number rises from row to row in every batch, as ids, counters and epochs do."""
    known = [batch.select([name]) for batch in batches if batch.num_rows and name in batch.column_names]
    known = [column for column in known if pa.types.is_integer(column.schema.field(0).type)]
    total = sum(column.num_rows for column in known)
    if total < _RISING_ROWS:
        return False
    metrics = [profile(column, sketches=False).columns[name].metrics() for column in known]
    # A few numbers with ties may be in order because somebody sorted them.
    rising = {"rising", "strictly rising"} if total >= ENOUGH_ROWS else {"strictly rising"}
    long = [one for one, column in zip(metrics, known, strict=True) if column.num_rows > 1]
    return bool(long) and all(one.get("monotonic") in rising for one in long)


def batch_times(batches: Sequence[pa.Table]) -> tuple[str, list[datetime]]:
    """The column that dates the rows (first timestamp, else first date), and the newest time of each batch.

    The name is empty when there is none; batches without a time are left out.
    """
    table = pa.concat_tables([batch.slice(0, 0) for batch in batches], promote_options="permissive")
    fields = [field for field in table.schema if not field.name.startswith("_")]
    dated = [f.name for f in fields if pa.types.is_timestamp(f.type)]
    dated += [f.name for f in fields if pa.types.is_date(f.type)]
    if not dated:
        return "", []
    known = [batch.column(dated[0]) for batch in batches if dated[0] in batch.column_names]
    newest = [pc.max(column.cast(pa.timestamp("us"))).as_py() for column in known if not _is_null(column)]
    return dated[0], [moment.replace(tzinfo=UTC) for moment in newest if moment is not None]


def _is_null(column: pa.ChunkedArray) -> bool:
    return pa.types.is_null(column.type)


def _facts(
    column: pa.Table, seen: ColumnProfile, written: pa.Table | None, worst_nulls: float, grows: bool
) -> ColumnFacts:
    name = column.column_names[0]
    rows = as_relation(column)
    kind = family(str(rows.types[0]))
    logical_type = _LOGICAL.get(kind, "string")
    metrics = seen.metrics()
    total = column.num_rows
    nulls = int(_number(metrics, "null_count") + _number(metrics, "nan_count"))
    distinct = _distinct(rows, name, metrics, total - nulls)
    numeric = kind in {"integer", "float", "decimal"}
    text = kind == "string"
    dated = logical_type in {"date", "timestamp"}
    return ColumnFacts(
        name=name,
        logical_type=logical_type,
        rows=total,
        nulls=nulls,
        distinct=distinct,
        worst_nulls=worst_nulls,
        minimum=_float(metrics.get("min")) if numeric else None,
        maximum=_float(metrics.get("max")) if numeric else None,
        grows=grows,
        longest=int(_number(metrics, "max_length")) if text and nulls < total else None,
        has_empty=text and _number(metrics, "empty_count") > 0,
        categories=_categories(rows, identifier(name)) if text and distinct <= MOST_CATEGORIES else (),
        jdk_format=_format(written, name) if dated else "",
    )


def _number(metrics: Mapping[str, Metric], name: str) -> float:
    value = metrics.get(name)
    return float(value) if isinstance(value, int | float) else 0.0


def _float(value: Metric) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _distinct(rows: Any, name: str, metrics: Mapping[str, Metric], values: int) -> int:
    """The kernel's estimate, counted exactly where it could mean that all values differ."""
    estimate = int(_number(metrics, "distinct_count"))
    if not values or estimate < _MAYBE_ALL * values:
        return estimate
    return int(rows.aggregate(f"count(DISTINCT {identifier(name)})").fetchone()[0])


def _categories(rows: Any, column: str) -> tuple[tuple[str, int], ...]:
    counted = rows.filter(f"{column} IS NOT NULL").aggregate(f"{column} AS value, count(*) AS n", column)
    return tuple((str(value), int(n)) for value, n in counted.order("n DESC, value").fetchall())


def _format(written: pa.Table | None, name: str) -> str:
    """Return the one non-ISO format that fits every text of the column, else the empty string."""
    if written is None:
        return ""
    rows = as_relation(written.select([name]))
    fitting = [f"bool_and({_fits(identifier(name), jdk)})" for jdk in FORMATS]
    (verdicts,) = rows.filter(f"{identifier(name)} IS NOT NULL").aggregate(", ".join(fitting)).fetchall()
    found: Sequence[str] = [jdk for jdk, fits in zip(FORMATS, verdicts, strict=True) if fits]
    return "" if not found or found[0] in _ISO else found[0]


def _fits(column: str, jdk: str) -> str:
    form = text(strptime_format(jdk))
    return f"coalesce(strftime(try_strptime({column}, {form}), {form}) = {column}, false)"
