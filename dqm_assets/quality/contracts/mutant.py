"""Mutants: data changed on purpose so that one clause must fail."""

import json
from collections.abc import Iterator
from datetime import date, time, timedelta
from typing import Any

import pyarrow as pa

from dqm_assets.quality.contracts.conditions.all_of import AllOf
from dqm_assets.quality.contracts.conditions.base import PythonCondition
from dqm_assets.quality.contracts.conditions.bounds import Bound
from dqm_assets.quality.contracts.conditions.each_item import EachItem
from dqm_assets.quality.contracts.conditions.length import Length
from dqm_assets.quality.contracts.conditions.membership import NotMissing
from dqm_assets.quality.contracts.conditions.multiple import MultipleOf
from dqm_assets.quality.contracts.conditions.nested import ItemCount, Keys, UniqueItems
from dqm_assets.quality.contracts.conditions.presence import NotNull, OfType

#: Shares of the rows that a mutation is tried on, mildest first.
SHARES = (0.0, 0.01, 0.1, 0.5, 1.0)
#: Texts that break patterns, formats and lists of allowed values.
_STRANGE = ("\u2620 mutant", "", " ", "\x7f" * 300, "0", "a", "-1", "1e999", "A" * 65, "9" * 40)


def breaking_values(condition: PythonCondition, logical_type: str | None) -> Iterator[Any]:
    """Yield values that may break a condition; the judge decides which do."""
    match condition:
        case NotNull():
            yield None
        case NotMissing(values=values):
            yield from values
        case OfType(logical_type=wanted):
            yield from ([7] if wanted == "string" else ["\u2620 mutant", 7])
        case Bound():
            yield from _past(condition)
        case MultipleOf(step=step):
            yield from (step * 1.5, step + 1)
        case Length(minimum=minimum, maximum=maximum):
            yield "x" * ((minimum or 1) - 1) if maximum is None else "x" * (maximum + 1)
        case ItemCount() | UniqueItems() | Keys():
            yield from ("[]", "[1, 1]", "[" + ", ".join(map(str, range(10_000))) + "]", "{}", _many_keys())
        case EachItem(condition=inner, logical_type=item_type):
            for value in breaking_values(inner, item_type):
                yield from ([value], json.dumps([value], default=str))
        case AllOf(conditions=parts):
            for part in parts:
                yield from breaking_values(part, logical_type)
        case _:
            yield from (123456789, -987654321) if logical_type in {"integer", "number"} else _STRANGE


def _past(bound: Bound) -> Iterator[Any]:
    upward = bound.comparison.startswith("<")
    limit = bound.limit
    if isinstance(limit, date):  # a datetime is one
        yield limit + timedelta(days=1 if upward else -1)
    elif isinstance(limit, time):
        yield from (time.max, time.min)
    else:
        yield limit + (abs(limit) + 1 if upward else -abs(limit) - 1)


def _many_keys() -> str:
    return "{" + ", ".join(f'"k{index}": 1' for index in range(1000)) + "}"


def with_value(table: pa.Table, column: str, value: Any, share: float) -> pa.Table:
    """Put a value into the first rows of a column; its type gives way where it cannot hold the value.

    Args:
        table: the rows.
        column: name of the column to change.
        value: what to put there.
        share: share of the rows, 0 to 1; at least one row.
    """
    count = min(table.num_rows, max(1, round(share * table.num_rows)))
    if column not in table.column_names:
        return _with_value_inside(table, column.split("."), value, count)
    old = table.column(column)
    try:
        fresh = pa.array([value] * count, old.type)
        changed = pa.chunked_array([fresh, *old.slice(count).chunks], old.type)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError):
        changed = _forced(old, value, count)
    return table.set_column(table.column_names.index(column), column, changed)


def _with_value_inside(table: pa.Table, path: list[str], value: Any, count: int) -> pa.Table:
    """Put a value into a field of the objects in a column, be they structs or JSON text."""
    column, *keys = path
    old = table.column(column)
    text = pa.types.is_string(old.type) or pa.types.is_large_string(old.type)
    rows = old.to_pylist()
    for row in range(count):
        whole = (json.loads(rows[row]) if text else rows[row]) if rows[row] else {}
        inner = whole
        for key in keys[:-1]:
            inner = inner.setdefault(key, {})
        inner[keys[-1]] = value
        rows[row] = json.dumps(whole, default=str) if text else whole
    try:
        changed = pa.array(rows, None if not text else old.type)
    except (pa.ArrowInvalid, pa.ArrowTypeError):  # the field cannot hold both: it gives way as a column would
        changed = pa.array([None if row is None else json.dumps(row, default=str) for row in rows])
    return table.set_column(table.column_names.index(column), column, changed)


def _forced(old: pa.ChunkedArray, value: Any, count: int) -> pa.ChunkedArray:
    """Rewrite the column in a type that holds both: numbers as float64, anything else as text."""
    if isinstance(value, int | float) and (pa.types.is_integer(old.type) or pa.types.is_decimal(old.type)):
        rest = old.slice(count).cast(pa.float64())
        return pa.chunked_array([pa.array([float(value)] * count), *rest.chunks], pa.float64())
    if isinstance(value, list) and pa.types.is_list(old.type):
        return pa.chunked_array([pa.array([value] * len(old))])
    if isinstance(value, int) and not isinstance(value, bool) and pa.types.is_string(old.type):
        return pa.chunked_array([pa.array([value] * len(old), pa.int64())])
    rest = [None if item is None else str(item) for item in old.slice(count).to_pylist()]
    return pa.chunked_array([pa.array([str(value)] * count + rest, pa.string())])


def with_repeated_key(table: pa.Table, columns: tuple[str, ...], share: float) -> pa.Table:
    """Give the first rows the key of the first row."""
    for column in columns:
        known = [item for item in table.column(column).to_pylist() if item is not None]
        if known:
            count = max(2 / max(table.num_rows, 1), share)
            table = with_value(table, column, known[0], count)
    return table


def resized(table: pa.Table) -> Iterator[tuple[str, pa.Table]]:
    """Yield the table cut and grown, with what was done to it."""
    yield "no rows", table.slice(0, 0)
    for share in (0.5, 0.1, 0.01):
        yield f"cut to {share:.0%} of the rows", table.slice(0, int(table.num_rows * share))
    yield "one row", table.slice(0, 1)
    for times in (2, 10, 100):
        yield f"{times} times the rows", pa.concat_tables([table] * times)
