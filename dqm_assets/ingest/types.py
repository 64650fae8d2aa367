"""How column types of one dataset grow together from file to file: only ever wider."""

from functools import reduce

import pyarrow as pa
import pyarrow.compute as pc

#: Digits that a decimal of 128 bits holds.
_DECIMAL_DIGITS = 38
_INT64_DIGITS = 19


def widen(a: pa.DataType, b: pa.DataType) -> pa.DataType:
    """Least type of the lattice that holds every value of both.

    null → anything; bool → string; int → float64 and decimal (64-bit integers above 2^53 are
    rounded by float64); float → string; decimal → float64 with float; date → timestamp;
    timestamps to the finer unit, in UTC; all others → string. Commutative, associative,
    idempotent. Nested types differ → string.
    """
    a, b = _canonical(a), _canonical(b)
    if a == b or pa.types.is_null(b):
        return a
    if pa.types.is_null(a):
        return b
    for rule in (_numbers, _times):
        wider = rule(a, b)
        if wider is not None:
            return wider
    return pa.string()


def widen_schema(known: pa.Schema, arriving: pa.Schema) -> pa.Schema:
    """The known columns, each widened by the arriving one of its name, then the new columns."""
    fields = [
        pa.field(f.name, widen(f.type, arriving.field(f.name).type) if f.name in arriving.names else f.type)
        for f in known
    ]
    fields += [pa.field(f.name, _canonical(f.type)) for f in arriving if f.name not in known.names]
    return pa.schema(fields)


def conform(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Bring a table to a wider schema: missing columns become null, types are cast.

    Numbers, booleans, dates and times become text in ISO 8601 or plain decimal notation.

    Raises:
        pyarrow.ArrowInvalid: ``schema`` is narrower than the table.
    """
    columns = []
    for field in schema:
        if field.name in table.column_names:
            columns.append(_cast(table[field.name], field.type))
        else:
            columns.append(pa.chunked_array([pa.nulls(table.num_rows, field.type)]))
    return pa.table(columns, schema=schema)


def without_empty_columns(table: pa.Table) -> pa.Table:
    """Leave out columns of the null type: a column gets its type with its first value."""
    return table.select([f.name for f in table.schema if not pa.types.is_null(f.type)])


def widen_all(types: list[pa.DataType]) -> pa.DataType:
    """``widen`` over many; null when there is none."""
    return reduce(widen, types, pa.null())


def _canonical(t: pa.DataType) -> pa.DataType:
    """One type for each meaning: what CSV inference and Parquet files spell differently."""
    if pa.types.is_dictionary(t):
        t = t.value_type
    if pa.types.is_large_string(t) or pa.types.is_string_view(t):
        return pa.string()
    if pa.types.is_integer(t):
        return pa.decimal128(20, 0) if t == pa.uint64() else pa.int64()
    if pa.types.is_floating(t):
        return pa.float64()
    if pa.types.is_date64(t):
        return pa.date32()
    if pa.types.is_timestamp(t):
        return pa.timestamp("ns" if t.unit == "ns" else "us", tz="UTC")
    return t


def _numbers(a: pa.DataType, b: pa.DataType) -> pa.DataType | None:
    if not (_is_number(a) and _is_number(b)):
        return None
    if pa.types.is_floating(a) or pa.types.is_floating(b):
        return pa.float64()
    (whole_a, scale_a), (whole_b, scale_b) = _digits(a), _digits(b)
    whole, scale = max(whole_a, whole_b), max(scale_a, scale_b)
    return pa.decimal128(whole + scale, scale) if whole + scale <= _DECIMAL_DIGITS else pa.float64()


def _is_number(t: pa.DataType) -> bool:
    return pa.types.is_integer(t) or pa.types.is_floating(t) or pa.types.is_decimal(t)


def _digits(t: pa.DataType) -> tuple[int, int]:
    """Digits before and after the point."""
    return (_INT64_DIGITS, 0) if pa.types.is_integer(t) else (t.precision - t.scale, t.scale)


def _times(a: pa.DataType, b: pa.DataType) -> pa.DataType | None:
    stamps = [t for t in (a, b) if pa.types.is_timestamp(t)]
    if not stamps or not all(pa.types.is_timestamp(t) or pa.types.is_date(t) for t in (a, b)):
        return None
    return pa.timestamp("ns" if any(t.unit == "ns" for t in stamps) else "us", tz="UTC")


def _cast(column: pa.ChunkedArray, wanted: pa.DataType) -> pa.ChunkedArray:
    if column.type == wanted:
        return column
    if pa.types.is_string(wanted) and pa.types.is_timestamp(column.type):
        return pc.strftime(column, format="%Y-%m-%dT%H:%M:%SZ")
    if pa.types.is_integer(column.type) and pa.types.is_floating(wanted):
        return column.cast(wanted, safe=False)  # above 2^53 rounded, as widen says
    return column.cast(wanted)
