"""Names and values written into SQL: everything that comes from a contract passes through here."""

from datetime import date, datetime, time
from decimal import Decimal
from math import isfinite
from typing import Any


def identifier(name: str) -> str:
    """Quote a table or column name."""
    return '"' + name.replace('"', '""') + '"'


def text(value: str) -> str:
    """Quote a string literal; a NUL cannot stand in SQL text and is spliced in."""
    quoted = "'" + value.replace("'", "''") + "'"
    return quoted if "\0" not in value else "(" + quoted.replace("\0", "' || chr(0) || '") + ")"


def literal(value: Any) -> str:
    """Write a plain value as a DuckDB literal of its own type.

    Raises:
        TypeError: a type that contracts do not carry.
    """
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and not isfinite(value):
        return f"'{value}'::DOUBLE"
    if isinstance(value, float):
        return f"{value!r}::DOUBLE"
    if isinstance(value, int | Decimal):
        return str(value)
    if isinstance(value, datetime):
        kind = "TIMESTAMP" if value.tzinfo is None else "TIMESTAMPTZ"
        return f"{kind} '{value.isoformat(sep=' ')}'"
    if isinstance(value, date):
        return f"DATE '{value.isoformat()}'"
    if isinstance(value, time):
        return f"TIME '{value.isoformat()}'"
    if isinstance(value, str):
        return text(value)
    raise TypeError(f"{type(value).__name__} has no SQL literal")
