"""What the rows of a dataset are like: the facts that a first contract is written from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from dqm_assets.quality.contracts.conditions.temporal_format import strptime_format
from dqm_assets.quality.contracts.logical_type import family
from dqm_assets.quality.contracts.rows import as_relation
from dqm_assets.quality.contracts.sql_text import identifier, text

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
    #: Whether a text was empty, and the longest, in code points.
    longest: int | None = None
    has_empty: bool = False
    #: All values with their counts, most frequent first, when there are few.
    categories: tuple[tuple[str, int], ...] = ()
    #: The format that every value is written in, when it is not ISO 8601.
    jdk_format: str = ""


def column_facts(batches: Sequence[pa.Table], written: Sequence[pa.Table] = ()) -> list[ColumnFacts]:
    """Look at every column of some batches of one dataset.

    Args:
        batches: the rows; columns whose name starts with ``_`` are dqm's own and left out.
        written: the same batches with all columns as text, to see how dates are written.
    """
    table = pa.concat_tables(batches, promote_options="permissive")
    texts = pa.concat_tables(written, promote_options="permissive") if written else None
    names = [name for name in table.column_names if not name.startswith("_")]
    return [_facts(table, name, texts, _worst_nulls(batches, name)) for name in names]


def _worst_nulls(batches: Sequence[pa.Table], name: str) -> float:
    filled = [batch for batch in batches if batch.num_rows and name in batch.column_names]
    return max((batch.column(name).null_count / batch.num_rows for batch in filled), default=0.0)


def _facts(table: pa.Table, name: str, written: pa.Table | None, worst_nulls: float) -> ColumnFacts:
    rows = as_relation(table.select([name]))
    kind = family(str(rows.types[0]))
    column = identifier(name)
    number = kind in {"integer", "float", "decimal"}
    length = f"length({column})" if kind == "string" else "NULL"
    value = f"nullif({column}, 'NaN')" if kind == "float" else column
    bounds = f"min({value}), max({value})" if number else "NULL, NULL"
    lengths = f"max({length}), min({length})"
    counts = f"count(*), count(*) - count({value}), count(DISTINCT {value})"
    found = rows.aggregate(f"{counts}, {bounds}, {lengths}").fetchall()[0]
    total, nulls, distinct, low, high, longest, shortest = found
    logical_type = _LOGICAL.get(kind, "string")
    return ColumnFacts(
        name=name,
        logical_type=logical_type,
        rows=total,
        nulls=nulls,
        distinct=distinct,
        worst_nulls=worst_nulls,
        minimum=None if low is None else float(low),
        maximum=None if high is None else float(high),
        longest=longest,
        has_empty=shortest == 0,
        categories=_categories(rows, column) if kind == "string" and distinct <= MOST_CATEGORIES else (),
        jdk_format=_format(written, name)
        if logical_type in {"date", "timestamp"} and written is not None
        else "",
    )


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
