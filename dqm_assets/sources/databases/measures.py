"""Measures: which numbers are taken of a column, said once for every engine, and named as the kernel does."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import ibis
import ibis.expr.types as ir

ColumnKind = Literal["number", "string", "boolean", "time", "other"]

#: Metrics that the engine computes, by the kind of a column. The kernel has all of these, and more.
PUSHED_DOWN: dict[ColumnKind, tuple[str, ...]] = {
    "number": (
        "null_count",
        "distinct_count",
        "zero_count",
        "negative_count",
        "min",
        "max",
        "sum",
        "mean",
        "stddev",
    ),
    "string": ("null_count", "distinct_count", "min_length", "max_length", "mean_length", "empty_count"),
    "boolean": ("null_count", "true_count", "false_count", "mean"),
    "time": ("null_count", "distinct_count"),
    "other": ("null_count",),
}
#: Metrics that count rows, and so are scaled up when only a share of the rows is looked at.
COUNTED = frozenset(
    {"null_count", "zero_count", "negative_count", "true_count", "false_count", "empty_count", "sum"}
)


@dataclass(frozen=True)
class Measure:
    """One number of one column, and how the engine computes it."""

    column: str
    metric: str
    value: ir.Scalar


def kind_of(column: ir.Column) -> ColumnKind:
    """What can be measured of a column."""
    kind = column.type()
    if kind.is_boolean():
        return "boolean"
    if kind.is_numeric():
        return "number"
    if kind.is_string():
        return "string"
    return "time" if kind.is_temporal() and not kind.is_time() else "other"


def finite(column: ir.NumericColumn) -> ir.NumericColumn:
    """The column as float64; NaN and infinities, which only floats have, as null."""
    value = column.cast("float64")
    if not column.type().is_floating():
        return value
    return (value.isnan() | value.isinf()).ifelse(ibis.null("float64"), value)


def measures(table: ir.Table, name: str, *, distinct: str, floats_are_finite: bool) -> Iterator[Measure]:
    """The measures of a column.

    Args:
        table: the rows.
        name: the column.
        distinct: ``approximate``, ``exact`` or ``none``.
        floats_are_finite: whether the engine has no NaN, as MySQL.
    """
    column = table[name]
    kind = kind_of(column)
    yield Measure(name, "null_count", column.isnull().sum())
    if distinct != "none" and "distinct_count" in PUSHED_DOWN[kind]:
        count = column.approx_nunique() if distinct == "approximate" else column.nunique()
        yield Measure(name, "distinct_count", count)
    if kind == "number":
        value = column.cast("float64") if floats_are_finite else finite(column)
        yield Measure(name, "zero_count", (column == 0).sum())
        yield Measure(name, "negative_count", (column < 0).sum())
        yield Measure(name, "min", value.min())
        yield Measure(name, "max", value.max())
        yield Measure(name, "sum", value.sum())
        yield Measure(name, "mean", value.mean())
        yield Measure(name, "stddev", value.std(how="sample"))
    elif kind == "string":
        length = column.length()
        yield Measure(name, "min_length", length.min())
        yield Measure(name, "max_length", length.max())
        yield Measure(name, "mean_length", length.cast("float64").mean())
        yield Measure(name, "empty_count", (column == "").sum())
    elif kind == "boolean":
        number = column.cast("int32")
        yield Measure(name, "true_count", number.sum())
        yield Measure(name, "false_count", (1 - number).sum())
        yield Measure(name, "mean", number.cast("float64").mean())
