"""Tables that take their columns from files: columns are added, types widened, nothing is ever narrowed."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from dqm_assets.errors import StoreError
from dqm_assets.store import locks, schema
from dqm_assets.store.connection import Lake
from dqm_assets.store.names import quoted, quoted_table
from dqm_assets.store.tables import BATCH_COLUMN, LINE_COLUMN, LOADED_COLUMN, TABLES, Column
from dqm_assets.store.writer import Writer

#: Integer types by the bytes they take; HUGEINT takes what UBIGINT and BIGINT have together.
_INTEGERS = {
    "TINYINT": 1,
    "SMALLINT": 2,
    "INTEGER": 4,
    "BIGINT": 8,
    "UTINYINT": 1,
    "USMALLINT": 2,
    "UINTEGER": 4,
    "UBIGINT": 8,
    "HUGEINT": 16,
}
_SIGNED = {1: "TINYINT", 2: "SMALLINT", 4: "INTEGER", 8: "BIGINT", 16: "HUGEINT"}
_FLOATS = ("FLOAT", "DOUBLE")
_TIMES = ("DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE")
_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")
_LARGEST_DECIMAL = 38

#: Whole numbers above this lose digits as DOUBLE.
_EXACT_IN_DOUBLE = 2**53


@dataclass(frozen=True)
class Change:
    """One change of a table: ``created``, ``column_added`` or ``type_widened``."""

    kind: str
    column: str
    detail: str


@dataclass(frozen=True)
class Evolution:
    """A table after `evolve`: its Arrow schema, and what was changed to get there."""

    schema: pa.Schema
    changes: tuple[Change, ...]


def wider(old: str, new: str) -> str:
    """Find the narrowest DuckDB type that holds the values of both; VARCHAR holds everything."""
    if old == new:
        return old
    if old in _INTEGERS and new in _INTEGERS:
        return _wider_integer(old, new)
    decimal = _wider_decimal(old, new)
    if decimal:
        return decimal
    numbers = (*_INTEGERS, *_FLOATS)
    if (old in numbers or _DECIMAL.fullmatch(old)) and (new in numbers or _DECIMAL.fullmatch(new)):
        return "DOUBLE"
    if old in _TIMES and new in _TIMES:
        return max(old, new, key=_TIMES.index)
    return "VARCHAR"


def _wider_integer(old: str, new: str) -> str:
    if old.startswith("U") == new.startswith("U"):
        return max(old, new, key=_INTEGERS.__getitem__)
    # A signed type holds an unsigned one only if it is larger.
    unsigned, signed = (old, new) if old.startswith("U") else (new, old)
    return _SIGNED[max(_INTEGERS[signed], min(2 * _INTEGERS[unsigned], 16))]


def _wider_decimal(old: str, new: str) -> str | None:
    """Join two DECIMALs, or a DECIMAL and an integer; None when neither is one or 38 digits are too few."""
    shapes = [_decimal_shape(kind) for kind in (old, new)]
    if not any(_DECIMAL.fullmatch(kind) for kind in (old, new)) or None in shapes:
        return None
    whole = max(shape[0] - shape[1] for shape in shapes if shape)
    scale = max(shape[1] for shape in shapes if shape)
    return f"DECIMAL({whole + scale},{scale})" if whole + scale <= _LARGEST_DECIMAL else None


def _decimal_shape(kind: str) -> tuple[int, int] | None:
    match = _DECIMAL.fullmatch(kind)
    if match:
        return int(match[1]), int(match[2])
    digits = {1: 3, 2: 5, 4: 10, 8: 20, 16: 38}
    return (digits[_INTEGERS[kind]], 0) if kind in _INTEGERS else None


def evolve(lake: Lake, writer: Writer, name: str, wanted: pa.Schema) -> Evolution:
    """Make the table, or change it so that rows of the wanted schema fit in.

    A table of files also gets ``_run_id``, ``_line`` and ``_loaded_at``. Columns that are not wanted
    stay. Nothing is locked when nothing has to change.

    Raises:
        StoreError: the name is a declared table's or not in ``raw``, or two columns differ only in case.
    """
    if not name.startswith("raw.") or name in TABLES:
        raise StoreError(
            f"{name} cannot be made from a file; choose a name in raw that dqm does not use itself."
        )
    folded: dict[str, str] = {}
    for column in wanted.names:
        twin = folded.setdefault(column.casefold(), column)
        if twin != column or wanted.names.count(column) > 1:
            raise StoreError(f"{name}: columns {twin!r} and {column!r} cannot be told apart; rename one.")
    with lake.cursor() as cursor:
        asked = _asked(cursor, wanted)
        existing = schema.columns(cursor, name)
        if existing and not _steps(cursor, name, existing, asked):
            return Evolution(_arrow(cursor, name), ())
    with writer.session(frozenset({locks.DDL})) as cursor:
        changes = _apply(cursor, name, asked)
        return Evolution(_arrow(cursor, name), changes)


def _asked(cursor: duckdb.DuckDBPyConnection, wanted: pa.Schema) -> tuple[Column, ...]:
    """Columns as DuckDB types: the wanted ones, then those that every raw table has."""
    typed = pa.schema(
        [pa.field(f.name, pa.string()) if pa.types.is_null(f.type) else f for f in wanted]
    ).empty_table()
    cursor.register("dqm_wanted", typed)
    try:
        described = cursor.execute("DESCRIBE SELECT * FROM dqm_wanted").fetchall()
    finally:
        cursor.unregister("dqm_wanted")
    columns = {row[0]: row[1] for row in described}
    own = {BATCH_COLUMN: "VARCHAR", LINE_COLUMN: "BIGINT", LOADED_COLUMN: "TIMESTAMP WITH TIME ZONE"}
    return tuple(Column(*pair) for pair in {**columns, **own}.items())


def _steps(
    cursor: duckdb.DuckDBPyConnection, name: str, existing: Sequence[Column], asked: Sequence[Column]
) -> list[tuple[Column, str | None]]:
    """Columns to add (old type None) or to widen (old type given)."""
    present = {column.name.casefold(): column for column in existing}
    steps: list[tuple[Column, str | None]] = []
    for column in asked:
        old = present.get(column.name.casefold())
        if old is None:
            steps.append((column, None))
            continue
        kind = wider(old.type, column.type)
        if (
            kind == "DOUBLE"
            and old.type in {"BIGINT", "UBIGINT", "HUGEINT"}
            and _too_large(cursor, name, old.name)
        ):
            kind = "VARCHAR"
        if kind != old.type:
            steps.append((Column(old.name, kind), old.type))
    return steps


def _too_large(cursor: duckdb.DuckDBPyConnection, name: str, column: str) -> bool:
    found = cursor.execute(
        f"SELECT 1 FROM {quoted_table(name)} "
        f"WHERE {quoted(column)} NOT BETWEEN -{_EXACT_IN_DOUBLE} AND {_EXACT_IN_DOUBLE} LIMIT 1"
    ).fetchone()
    return found is not None


def _apply(cursor: duckdb.DuckDBPyConnection, name: str, asked: Sequence[Column]) -> tuple[Change, ...]:
    table = quoted_table(name)
    existing = schema.columns(cursor, name)
    if not existing:
        cursor.execute(f"CREATE TABLE {table} ({', '.join(f'{quoted(c.name)} {c.type}' for c in asked)})")
        return (Change("created", "", f"{len(asked)} columns"),)
    changes = []
    for column, old in _steps(cursor, name, existing, asked):
        if old is None:
            cursor.execute(f"ALTER TABLE {table} ADD COLUMN {quoted(column.name)} {column.type}")
            changes.append(Change("column_added", column.name, column.type))
        else:
            _widen(cursor, table, column)
            changes.append(Change("type_widened", column.name, f"{old} → {column.type}"))
    return tuple(changes)


def _widen(cursor: duckdb.DuckDBPyConnection, table: str, column: Column) -> None:
    name = quoted(column.name)
    if column.type not in {"VARCHAR", "DOUBLE"} and not column.type.startswith(
        ("DECIMAL", "TIMESTAMP", "HUGE")
    ):
        cursor.execute(f"ALTER TABLE {table} ALTER COLUMN {name} SET DATA TYPE {column.type}")
        return
    # DuckLake changes a type in place only between integers; others are copied into a new column.
    fresh = quoted(f"{column.name}__{column.type.lower()}")
    cursor.execute(f"ALTER TABLE {table} ADD COLUMN {fresh} {column.type}")
    cursor.execute(f"UPDATE {table} SET {fresh} = {name}")
    cursor.execute(f"ALTER TABLE {table} DROP COLUMN {name}")
    cursor.execute(f"ALTER TABLE {table} RENAME COLUMN {fresh} TO {name}")


def _arrow(cursor: duckdb.DuckDBPyConnection, name: str) -> pa.Schema:
    return cursor.execute(f"SELECT * FROM {quoted_table(name)} LIMIT 0").to_arrow_table().schema
