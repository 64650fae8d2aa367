"""Give the text columns of a file their types, and reject the rows that do not fit a declared one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from dqm_assets.ingest.casting import CastColumn, cast_column
from dqm_assets.ingest.inference import infer_column
from dqm_assets.ingest.parsed import Reject, raw_text

_VALUE_SHOWN = 80


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


def type_columns(source: TextTable, declared: Mapping[str, pa.DataType] | None) -> TypedTable:
    """Cast declared columns, infer the others, reject rows by their first value that does not cast.

    Inference looks at all rows, also at those that a declared column rejects.
    """
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
        else:
            columns[name] = infer_column(column) if pa.types.is_string(column.type) else column
    seen = tuple((name, column.type) for name, column in columns.items())
    table = pa.table({**columns, "_line": pa.array(source.lines, pa.int64())})
    if not failures:
        return TypedTable(table, (), seen)
    bad = np.logical_or.reduce(list(failures.values()))
    rejects = tuple(_reject(source, int(row), failures, declared) for row in np.flatnonzero(bad))
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


def _reject(
    source: TextTable, row: int, failures: Mapping[str, np.ndarray], declared: Mapping[str, pa.DataType]
) -> Reject:
    names = [name for name, failed in failures.items() if failed[row]]
    value = str(source.columns[names[0]][row].as_py())
    shown = value if len(value) <= _VALUE_SHOWN else value[:_VALUE_SHOWN] + "…"
    reason = f"{names[0]}: {shown!r} is no {declared[names[0]]}"
    if len(names) > 1:
        reason += f"; also {', '.join(names[1:])}"
    raw = source.raw(row)
    text = raw_text(raw.encode("utf-8", errors="replace") if isinstance(raw, str) else raw)
    return Reject(int(source.lines[row]), "wrong_type", reason, names[0], text)
