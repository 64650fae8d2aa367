"""Give the text columns of a file their types, and reject the rows that do not fit a declared one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dqm_assets.ingest.casting import CastColumn, cast_column
from dqm_assets.ingest.inference import infer_column
from dqm_assets.ingest.parsed import Reject, raw_text

_VALUE_SHOWN = 80
#: Values of a numeric column that may be no numbers before it is called text; one of ten at least may.
_FEW = 0.01
_LEAST_VALUES = 10


@dataclass(frozen=True)
class TextTable:
    """Columns under their final names, still text where the file is text."""

    columns: pa.Table
    lines: np.ndarray
    """int64: file line of each row."""
    raw: Callable[[int], bytes | str]
    """The row as written, by its position in ``columns``."""


@dataclass(frozen=True)
class TypedTable:
    """Typed rows with ``_line``, and those that do not fit."""

    table: pa.Table
    rejects: tuple[Reject, ...]
    columns_seen: tuple[tuple[str, pa.DataType], ...]


def type_columns(
    source: TextTable,
    declared: Mapping[str, pa.DataType] | None,
    usual: Mapping[str, pa.DataType] | None = None,
) -> TypedTable:
    """Cast declared columns, infer the others, reject rows by their first value that does not cast.

    Inference looks at all rows, also at those that a declared column rejects. A column that has always been
    numeric stays so when only a few of its values are no numbers: their rows are rejected.

    Args:
        source: the columns as text.
        declared: types that columns must have.
        usual: types that columns of earlier files had.
    """
    usual = usual or {}
    declared = declared or {}
    columns: dict[str, pa.ChunkedArray] = {}
    failures: dict[str, np.ndarray] = {}
    for name in source.columns.column_names:
        column = source.columns[name]
        if name in declared:
            cast = _cast(column, declared[name])
            columns[name] = cast.values
            if cast.failed.any():
                failures[name] = cast.failed
            continue
        columns[name] = infer_column(column) if pa.types.is_string(column.type) else column
        if name in usual and pa.types.is_string(columns[name].type):
            cast = _as_usual(column, usual[name])
            if cast is not None:
                columns[name], failures[name] = cast.values, cast.failed
    seen = tuple((name, column.type) for name, column in columns.items())
    table = pa.table({**columns, "_line": pa.array(source.lines, pa.int64())})
    if not failures:
        return TypedTable(table, (), seen)
    bad = np.logical_or.reduce(list(failures.values()))
    wanted = {**usual, **declared}
    rejects = tuple(_reject(source, int(row), failures, wanted) for row in np.flatnonzero(bad))
    return TypedTable(table.filter(pa.array(~bad)), rejects, seen)


def _cast(column: pa.ChunkedArray, declared: pa.DataType) -> CastColumn:
    if pa.types.is_string(column.type):
        return cast_column(column, declared)
    if column.type == declared or pa.types.is_nested(column.type) or pa.types.is_binary(column.type):
        return CastColumn(column, np.zeros(len(column), dtype=bool))
    try:
        return CastColumn(column.cast(declared), np.zeros(len(column), dtype=bool))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return cast_column(column.cast(pa.string()), declared)


def _as_usual(text: pa.ChunkedArray, usual: pa.DataType) -> CastColumn | None:
    """Take a text column as numbers if all but a few values are; ``None`` when it is text now."""
    for wanted in (usual, pa.float64()):
        cast = cast_column(text, wanted)
        bad, values = int(cast.failed.sum()), len(text) - text.null_count
        if not 0 < bad <= max(values * _FEW, 1) or values < bad * _LEAST_VALUES:
            continue
        # What is left must be numbers without doubt: 007 is an identifier that casts to a number.
        rest = infer_column(pc.if_else(pa.array(cast.failed), pa.scalar(None, text.type), text))
        if pa.types.is_integer(rest.type) or pa.types.is_floating(rest.type):
            return CastColumn(cast.values, cast.failed)
    return None


def _word(kind: pa.DataType) -> str:
    """What a type is called by people who write files."""
    words = (
        (pa.types.is_integer, "whole number"),
        (pa.types.is_floating, "number"),
        (pa.types.is_decimal, "decimal number of so many digits"),
        (pa.types.is_date, "date"),
        (pa.types.is_timestamp, "time"),
        (pa.types.is_time, "time of day"),
        (pa.types.is_boolean, "true or false"),
    )
    return next((word for matches, word in words if matches(kind)), str(kind))


def _reject(
    source: TextTable, row: int, failures: Mapping[str, np.ndarray], declared: Mapping[str, pa.DataType]
) -> Reject:
    names = [name for name, failed in failures.items() if failed[row]]
    value = str(source.columns[names[0]][row].as_py())
    shown = value if len(value) <= _VALUE_SHOWN else value[:_VALUE_SHOWN] + "…"
    reason = f"{names[0]}: {shown!r} is no {_word(declared[names[0]])}"
    if len(names) > 1:
        reason += f"; also {', '.join(names[1:])}"
    raw = source.raw(row)
    text = raw_text(raw.encode("utf-8", errors="replace") if isinstance(raw, str) else raw)
    return Reject(int(source.lines[row]), "wrong_type", reason, names[0], text)
