"""Types that a contract declares: a value that does not cast is named, never dropped in silence."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dqm_assets.ingest.inference import clean
from dqm_assets.ingest.timestamps import parse_times

_TRUE = ("true", "t", "yes", "y", "1")
_FALSE = ("false", "f", "no", "n", "0")
_WHOLE_FLOAT = r"^([+-]?\d+)\.0*$"
_PLUS = r"^\+([\d.])"
_INTEGER = r"^-?\d+$"
_NUMBER = r"^(?:-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]?(?i:nan|inf|infinity))$"


@dataclass(frozen=True)
class CastColumn:
    """A declared column after its cast."""

    values: pa.ChunkedArray
    failed: np.ndarray
    """bool: rows whose text is there and is not of the declared type; their value is null."""


def cast_column(text: pa.ChunkedArray, declared: pa.DataType) -> CastColumn:
    """Cast a text column to its declared type.

    Strings are taken as they are. Everything else ignores blanks around the value and takes
    the null words of ``inference`` as null. Integers may be written ``4.0``; booleans true/false,
    t/f, yes/no, y/n, 1/0; dates and timestamps in the formats of ``timestamps``, month first
    where nothing in the column decides it. Types that text cannot be cast to (lists, structs)
    stay strings, for the contract's own check.
    """
    if pa.types.is_string(declared) or pa.types.is_large_string(declared) or pa.types.is_nested(declared):
        return CastColumn(text, np.zeros(len(text), dtype=bool))
    cleaned = clean(text)
    if pa.types.is_boolean(declared):
        values = _booleans(cleaned)
    elif pa.types.is_timestamp(declared) or pa.types.is_date(declared):
        values = _times(cleaned, declared)
    else:
        values = _numbers(cleaned, declared)
    failed = pc.and_(pc.is_null(values), pc.is_valid(cleaned))
    return CastColumn(values, np.asarray(failed, dtype=bool))


def _booleans(text: pa.ChunkedArray) -> pa.ChunkedArray:
    lowered = pc.utf8_lower(text)
    truth = pc.is_in(lowered, pa.array(_TRUE))
    known = pc.or_(truth, pc.is_in(lowered, pa.array(_FALSE)))
    return pc.if_else(known, truth, pa.scalar(None, pa.bool_()))


def _times(text: pa.ChunkedArray, declared: pa.DataType) -> pa.ChunkedArray:
    values = pa.chunked_array([parse_times(text).values])
    if pa.types.is_date(declared):
        midnight = pc.floor_temporal(values, unit="day")
        values = pc.if_else(pc.equal(values, midnight), values, pa.scalar(None, values.type))
    return values.cast(declared, safe=False)


def _numbers(text: pa.ChunkedArray, declared: pa.DataType) -> pa.ChunkedArray:
    """Cast at once when all values fit; else drop what is no number, then what is out of range."""
    whole = pa.types.is_integer(declared)
    if whole:
        text = pc.replace_substring_regex(text, _WHOLE_FLOAT, r"\1")
    text = pc.replace_substring_regex(text, _PLUS, r"\1")
    try:
        return text.cast(declared)
    except pa.ArrowInvalid:
        pattern = _INTEGER if whole else _NUMBER
        shaped = pc.if_else(pc.match_substring_regex(text, pattern), text, pa.scalar(None, pa.string()))
        return pa.chunked_array(_cast_halves(shaped.combine_chunks(), declared), type=declared)


def _cast_halves(text: pa.Array, declared: pa.DataType) -> list[pa.Array]:
    try:
        return [text.cast(declared)]
    except pa.ArrowInvalid:
        if len(text) == 1:
            return [pa.nulls(1, declared)]
        middle = len(text) // 2
        return _cast_halves(text[:middle], declared) + _cast_halves(text[middle:], declared)
