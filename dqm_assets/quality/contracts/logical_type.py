"""The logical types of ODCS: which DuckDB and Arrow types carry them, and how text is read as one."""

from typing import Literal, get_args

import pyarrow as pa

from dqm_assets.quality.contracts.sql_text import text

LogicalType = Literal[
    "string", "date", "timestamp", "time", "number", "integer", "object", "array", "boolean", "map", "vector"
]
LOGICAL_TYPES: tuple[LogicalType, ...] = get_args(LogicalType)

#: What a column read from a file should become. Nested types arrive as JSON text.
ARROW_TYPES: dict[str, pa.DataType] = {
    "string": pa.string(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "time": pa.time64("us"),
    "number": pa.float64(),
    "integer": pa.int64(),
    "boolean": pa.bool_(),
    "object": pa.string(),
    "array": pa.string(),
    "map": pa.string(),
    "vector": pa.string(),
}
_INTEGERS = {
    "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT",
    "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT",
}  # fmt: skip
_EXACT = {
    "VARCHAR": "string", "UUID": "string", "DATE": "date", "TIME": "time", "TIME WITH TIME ZONE": "time",
    "BOOLEAN": "boolean", "FLOAT": "float", "DOUBLE": "float", "JSON": "string",
    '"NULL"': "null", "NULL": "null",
}  # fmt: skip
#: Families whose values are values of the logical type as they stand.
_CARRIED_BY: dict[str, frozenset[str]] = {
    "string": frozenset({"string"}),
    "integer": frozenset({"integer"}),
    "number": frozenset({"float", "decimal", "integer"}),
    "date": frozenset({"date"}),
    "timestamp": frozenset({"timestamp", "timestamptz"}),
    "time": frozenset({"time"}),
    "boolean": frozenset({"boolean"}),
    "array": frozenset({"array"}),
    "vector": frozenset({"array"}),
    "object": frozenset({"object", "map"}),
    "map": frozenset({"map"}),
}


def family(duckdb_type: str) -> str:
    """Return the family of a DuckDB type: integer, float, decimal, string, timestamptz, array, …"""
    name = duckdb_type.upper()
    if name in _INTEGERS:
        return "integer"
    if name in _EXACT:
        return _EXACT[name]
    if name.endswith("]"):
        return "array"
    if name == "TIMESTAMP WITH TIME ZONE":
        return "timestamptz"
    for prefix, found in (
        ("TIMESTAMP", "timestamp"),
        ("DECIMAL", "decimal"),
        ("STRUCT", "object"),
        ("MAP", "map"),
        ("ENUM", "string"),
    ):
        if name.startswith(prefix):
            return found
    return "other"


def carries(logical_type: str | None, duckdb_type: str) -> bool:
    """Tell whether every value of the DuckDB type is a value of the logical type."""
    return logical_type is None or family(duckdb_type) in _CARRIED_BY[logical_type] | {"null"}


def reading_sql(raw: str, logical_type: str | None, duckdb_type: str, strptime: str | None = None) -> str:
    """Write the expression that reads a raw column as its logical type: NULL where it cannot be read.

    A fraction is never rounded into an integer, and a NaN is no number.
    """
    source = family(duckdb_type)
    if carries(logical_type, duckdb_type):
        return raw
    if source == "string":
        return _text_reading(raw, str(logical_type), strptime)
    if logical_type == "integer" and source in {"float", "decimal"}:
        return f"CASE WHEN {raw} = trunc({raw}) THEN TRY_CAST({raw} AS HUGEINT) END"
    if logical_type == "date" and source in {"timestamp", "timestamptz"}:
        return f"CASE WHEN {raw} = date_trunc('day', {raw}) THEN CAST({raw} AS DATE) END"
    if logical_type == "timestamp" and source == "date":
        return f"CAST({raw} AS TIMESTAMP)"
    if logical_type == "boolean" and source == "integer":
        return f"CASE WHEN {raw} IN (0, 1) THEN {raw} = 1 END"
    return "NULL"


def _text_reading(raw: str, logical_type: str, strptime: str | None) -> str:
    target = {
        "date": "DATE",
        "timestamp": "TIMESTAMPTZ",
        "time": "TIME",
        "number": "DOUBLE",
        "boolean": "BOOLEAN",
    }
    if strptime and logical_type in {"date", "timestamp", "time"}:
        cast = "TIMESTAMP" if logical_type == "timestamp" and "%z" not in strptime else target[logical_type]
        return f"CAST(try_strptime({raw}, {text(strptime)}) AS {cast})"
    if logical_type == "number":
        return f"nullif(TRY_CAST({raw} AS DOUBLE), 'NaN'::DOUBLE)"
    if logical_type in target:
        return f"TRY_CAST({raw} AS {target[logical_type]})"
    if logical_type == "integer":
        return (
            f"CASE WHEN regexp_full_match({raw}, '\\s*[+-]?[0-9]+\\s*') THEN TRY_CAST({raw} AS HUGEINT) END"
        )
    if logical_type in {"array", "vector"}:
        return f"CASE WHEN json_valid({raw}) AND json_type({raw}) = 'ARRAY' THEN CAST({raw} AS JSON[]) END"
    return f"CASE WHEN json_valid({raw}) AND json_type({raw}) = 'OBJECT' THEN CAST({raw} AS JSON) END"
