"""Conditions judged on Arrow columns in memory: a tenth of the cost of a scan by SQL.

Numbers, times and lists of values are compared by Arrow's kernels. For a pattern, the
condition's own SQL judges each distinct text once. What has no such form gives None, and
DuckDB judges it.
"""

import math
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property, singledispatch
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dqm_assets.quality._kernel import ffi, lib
from dqm_assets.quality.contracts.conditions.all_of import AllOf
from dqm_assets.quality.contracts.conditions.base import JudgedColumn, PythonCondition
from dqm_assets.quality.contracts.conditions.bounds import COMPARE, Bound
from dqm_assets.quality.contracts.conditions.length import Length
from dqm_assets.quality.contracts.conditions.membership import NotMissing, OneOf, written
from dqm_assets.quality.contracts.conditions.multiple import MultipleOf
from dqm_assets.quality.contracts.conditions.pattern import Pattern
from dqm_assets.quality.contracts.conditions.presence import NotNull, OfType
from dqm_assets.quality.contracts.rows import as_relation
from dqm_assets.quality.contracts.text_codes import TextCodes, text_codes
from dqm_assets.quality.profile import profile

if TYPE_CHECKING:
    import duckdb

#: Distinct texts are worth finding when the first ones repeat: at most this share of them is distinct.
_PROBE_ROWS, _DISTINCT_SHARE = 20_000, 0.5
#: The mask of a condition that no row breaks.
NO_ROW = pa.chunked_array([], pa.bool_())
#: Largest step that the kernel divides by.
_LARGEST = 2**63 - 1
_FAILS = {">=": pc.less, ">": pc.less_equal, "<=": pc.greater, "<": pc.greater_equal}


class ArrowColumn:
    """A column in memory; its extremes and distinct texts are found once, when a condition asks."""

    def __init__(self, values: pa.ChunkedArray) -> None:
        self.values = values

    @cached_property
    def extremes(self) -> tuple[Any, Any]:
        """Smallest and largest value, nulls and NaN left out; None when there is none.

        Of floats the kernel finds them in an eighth of Arrow's time, which looks out for NaN value by value.
        """
        if self.seen is not None:
            seen = self.seen
            low = -math.inf if seen.get("negative_infinity_count") else seen.get("min")
            high = math.inf if seen.get("positive_infinity_count") else seen.get("max")
            # Of infinities of one sign alone, that one is both ends.
            return (high if low is None else low), (low if high is None else high)
        found = pc.min_max(self.values)
        return found["min"].as_py(), found["max"].as_py()

    @cached_property
    def seen(self) -> Mapping[str, Any] | None:
        """The kernel's metrics of a column of floats."""
        if not (pa.types.is_float32(self.values.type) or pa.types.is_float64(self.values.type)):
            return None
        return profile(pa.table({"values": self.values}), sketches=False).columns["values"].metrics()

    @cached_property
    def coded(self) -> TextCodes | None:
        """The column as codes of its texts, or None when they hardly repeat."""
        probe = self.values.slice(0, _PROBE_ROWS)
        if len(probe) == _PROBE_ROWS and pc.count_distinct(probe).as_py() > _DISTINCT_SHARE * _PROBE_ROWS:
            return None
        return text_codes(self.values)


def failing_mask(
    column: ArrowColumn, condition: PythonCondition, sql: JudgedColumn
) -> pa.ChunkedArray | None:
    """Return which rows break a condition, or None when this engine cannot tell.

    Bool, one a row, null like false; `NO_ROW` when none does, as filling a mask costs more than finding that.

    Args:
        column: the column as it came; it must carry its logical type as it stands.
        condition: the condition.
        sql: the same column for the condition's SQL.
    """
    return _mask(condition, column, sql)


@singledispatch
def _mask(condition: PythonCondition, column: ArrowColumn, sql: JudgedColumn) -> pa.ChunkedArray | None:
    return None


@_mask.register
def _(condition: NotNull, column: ArrowColumn, sql: JudgedColumn) -> pa.ChunkedArray | None:
    floating = pa.types.is_floating(column.values.type)
    nans = floating and (column.seen is None or bool(column.seen.get("nan_count")))
    if column.values.null_count == 0 and not nans:
        return NO_ROW
    return pc.is_null(column.values, nan_is_null=nans)


@_mask.register
def _(condition: OfType, column: ArrowColumn, sql: JudgedColumn) -> pa.ChunkedArray | None:
    return NO_ROW


@_mask.register
def _(condition: Bound, column: ArrowColumn, sql: JudgedColumn) -> pa.ChunkedArray | None:
    kind = column.values.type
    limit = condition.limit
    if isinstance(limit, datetime):
        if not pa.types.is_timestamp(kind):
            return None
        limit = condition.placed(aware=kind.tz is not None)
    elif not isinstance(limit, int | float) or not _comparable(kind, limit):
        return None
    try:
        scalar = pa.scalar(limit, pa.float64() if pa.types.is_floating(kind) else kind)
    except (pa.ArrowInvalid, OverflowError):
        return None
    # One look at the extremes answers all bounds of a column that keeps them.
    holds = COMPARE[condition.comparison]
    if not any(end is not None and not holds(end, limit) for end in column.extremes):
        return NO_ROW
    return _FAILS[condition.comparison](column.values, scalar)


def _comparable(kind: pa.DataType, limit: float) -> bool:
    """Tell whether a limit is exact in the column's type."""
    return pa.types.is_floating(kind) or (pa.types.is_integer(kind) and isinstance(limit, int))


@_mask.register
def _(condition: MultipleOf, column: ArrowColumn, sql: JudgedColumn) -> pa.ChunkedArray | None:
    if (
        not pa.types.is_integer(column.values.type)
        or pa.types.is_uint64(column.values.type)
        or not float(condition.step).is_integer()
    ):
        return None
    if not 0 < condition.step <= _LARGEST:
        return None
    mask = pa.chunked_array(
        [_no_multiples(chunk, int(condition.step)) for chunk in column.values.chunks], pa.bool_()
    )
    return pc.and_(mask, column.values.is_valid()) if column.values.null_count else mask


def _no_multiples(chunk: pa.Array, step: int) -> pa.BooleanArray:
    if chunk.null_count:
        chunk = chunk.fill_null(0)
    values = chunk.to_numpy().astype(np.int64, copy=False)
    bits = np.empty((len(values) + 7) // 8, np.uint8)
    lib.dqm_no_multiples(
        ffi.from_buffer("int64_t[]", values),
        len(values),
        step,
        ffi.from_buffer("uint8_t[]", bits, require_writable=True),
    )
    return pa.BooleanArray.from_buffers(pa.bool_(), len(values), [None, pa.py_buffer(bits)])


@_mask.register
def _(condition: AllOf, column: ArrowColumn, sql: JudgedColumn) -> pa.ChunkedArray | None:
    result = NO_ROW
    for part in condition.conditions:
        mask = _mask(part, column, sql)
        if mask is None:
            return None
        result = (
            pc.or_kleene(result, mask) if len(result) and len(mask) else (result if len(result) else mask)
        )
    return result


@_mask.register
def _(condition: OneOf, column: ArrowColumn, sql: JudgedColumn) -> pa.ChunkedArray | None:
    if not _is_text(column):
        return None
    allowed = _texts(condition.values, column)
    if column.coded is not None:
        return _rows(column.coded, ~_known(column.coded, allowed))
    outside = pc.invert(pc.is_in(column.values, value_set=allowed))
    return pc.and_(outside, pc.is_valid(column.values)) if column.values.null_count else outside


@_mask.register
def _(condition: NotMissing, column: ArrowColumn, sql: JudgedColumn) -> pa.ChunkedArray | None:
    if not _is_text(column):
        return None
    listed, nulls = _texts(condition.values, column), None in condition.values
    if column.coded is not None:
        return _rows(column.coded, _known(column.coded, listed), nulls=nulls)
    missing = pc.is_in(column.values, value_set=listed)
    return pc.or_(missing, pc.is_null(column.values)) if nulls else missing


@_mask.register
def _(condition: Length, column: ArrowColumn, sql: JudgedColumn) -> pa.ChunkedArray | None:
    if not _is_text(column):
        return None
    if condition.minimum is None:
        # A text has at most as many code points as bytes, and bytes cost nothing to count.
        longest = pc.max(pc.binary_length(column.values)).as_py()
        if longest is None or longest <= (condition.maximum or 0):
            return NO_ROW
    length = pc.utf8_length(column.values)
    if condition.minimum is not None:
        return pc.less(length, condition.minimum)
    return pc.greater(length, condition.maximum)


@_mask.register
def _(condition: Pattern, column: ArrowColumn, sql: JudgedColumn) -> pa.ChunkedArray | None:
    if not _is_text(column) or column.coded is None:
        return None
    plain = JudgedColumn(sql.name, sql.type, "text", "text", sql.raw_type)
    rows = as_relation(pa.table({"text": column.coded.texts}))
    return _rows(column.coded, _known(column.coded, _broken(rows, condition.failing(plain))))


def _rows(coded: TextCodes, marked: np.ndarray, *, nulls: bool = False) -> pa.ChunkedArray:
    return pa.chunked_array([coded.rows_with(marked, nulls=nulls)]) if nulls or marked.any() else NO_ROW


def _broken(rows: "duckdb.DuckDBPyRelation", predicate: str) -> pa.Array:
    return rows.filter(predicate).to_arrow_table().column("text").combine_chunks()


def _known(coded: TextCodes, listed: pa.Array) -> np.ndarray:
    """Tell which of a column's texts are in a list."""
    listed = listed.cast(coded.texts.type)
    return pc.is_in(coded.texts, value_set=listed).to_numpy(zero_copy_only=False).astype(bool)


def _texts(values: tuple[Any, ...], column: ArrowColumn) -> pa.Array:
    return pa.array([written(value) for value in values if value is not None], column.values.type)


def _is_text(column: ArrowColumn) -> bool:
    return pa.types.is_string(column.values.type) or pa.types.is_large_string(column.values.type)
