"""How the stages write their frozen rows: as Arrow, typed by the store's own declaration of the table."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

import pyarrow as pa

from dqm_assets.store import Transaction
from dqm_assets.store.tables import TABLES

_ARROW = {
    "VARCHAR": pa.string(),
    "JSON": pa.string(),
    "BIGINT": pa.int64(),
    "DOUBLE": pa.float64(),
    "BOOLEAN": pa.bool_(),
    "BLOB": pa.binary(),
    "DATE": pa.date32(),
    "TIMESTAMPTZ": pa.timestamp("us", tz="UTC"),
}

_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")

#: What JSON cannot hold is written as the nearest it can.
_LARGEST = 1.7976931348623157e308


def upsert_rows(tx: Transaction, table: str, rows: Sequence[Any]) -> None:
    """Upsert frozen dataclass rows; a field that the rows do not have keeps its stored value.

    Args:
        tx: The open transaction.
        table: Qualified name of a declared table.
        rows: Instances of one dataclass whose fields are columns of the table.
    """
    if rows:
        tx.upsert(table, _arrow(table, rows))


def append_rows(tx: Transaction, table: str, rows: Sequence[Any]) -> None:
    """Append frozen dataclass rows to a declared table without a key."""
    if rows:
        tx.append(table, _arrow(table, rows))


def _arrow(table: str, rows: Sequence[Any]) -> pa.Table:
    names = [field.name for field in fields(rows[0])]
    types = {column.name: arrow_type(column.type) for column in TABLES[table].columns}
    columns = [pa.array([getattr(row, name) for row in rows], types[name]) for name in names]
    return pa.table(columns, names=names)


def arrow_type(declared: str) -> pa.DataType:
    """The Arrow type of a column that is declared as a DuckDB type."""
    money = _DECIMAL.fullmatch(declared)
    return pa.decimal128(int(money[1]), int(money[2])) if money else _ARROW[declared]


def as_json(value: Any) -> str:
    """Write a value for a JSON column; times as ISO 8601, NaN as null, infinities as the largest number."""
    return json.dumps(_finite(value), ensure_ascii=False, default=_plain, allow_nan=False)


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else math.copysign(_LARGEST, value)
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else str(value)
