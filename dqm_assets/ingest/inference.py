"""Types of columns that no contract declares: one decision from all values of the file."""

from collections.abc import Callable, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from dqm_assets.ingest.timestamps import looks_like_time, parse_times

_Attempt = Callable[[pa.ChunkedArray], pa.ChunkedArray | None]

#: Words that mean "no value" in a column whose other values are numbers, times or booleans.
#: In a text column they stay text (``NA`` is Namibia).
NULL_WORDS = ("NA", "N/A", "#N/A", "n/a", "na", "NULL", "Null", "null", "None", "none", "-", "?")

#: Values that are looked at first: a column whose head is text is text.
_HEAD = 200
#: 007 is an identifier and 0x1F a code, not a number; 0.5 is one.
_CODE = r"^[+-]?0[0-9xX]"
#: A code, or more digits than a float64 holds exactly.
_NO_FLOAT = r"^[+-]?(?:0[0-9xX]|\d{17,}$)"
_HAS_DIGIT = r"\d"


def infer_column(text: pa.ChunkedArray) -> pa.ChunkedArray:
    """Give a text column the narrowest type that every value has, losing none.

    In this order: null (no value at all), bool (``true``/``false`` in any case), int64, float64
    (``nan`` and ``inf`` included, if some value has a digit), date32, timestamp[us, UTC],
    string. Blanks around typed values are ignored; strings are kept as they are. Leading zeros
    or more digits than the number type holds make a column of identifiers: string. Month and
    day that could be swapped throughout make a string too.
    """
    if text.null_count == len(text):
        return pa.chunked_array([pa.nulls(len(text))])
    attempts = _possible(clean(_head(text)))
    typed = _first_that_fits(text, attempts)
    if typed is None:
        cleaned = clean(text)
        typed = _first_that_fits(cleaned, attempts) if cleaned.null_count < len(cleaned) else None
    return text if typed is None else typed


def clean(text: pa.ChunkedArray) -> pa.ChunkedArray:
    """Text without blanks around it, and the words that mean "no value" as null."""
    trimmed = pc.utf8_trim_whitespace(text)
    nothing = pc.or_(pc.is_in(trimmed, pa.array(NULL_WORDS)), pc.equal(trimmed, ""))
    return pc.if_else(nothing, pa.scalar(None, pa.string()), trimmed)


def _head(text: pa.ChunkedArray) -> pa.ChunkedArray:
    for chunk in text.chunks:
        if chunk.null_count < len(chunk):
            return pa.chunked_array([chunk.drop_null().slice(0, _HEAD)])
    return text.slice(0, 0)


def _possible(head: pa.ChunkedArray) -> Sequence[_Attempt]:
    """The attempts that the first values leave open: what they are not, the column is not either."""
    if head.null_count == len(head):
        return _ATTEMPTS
    if not _any(head, _HAS_DIGIT) and _as_boolean(head) is None:
        return (_as_float,)  # nan and inf so far, or text
    fitting = (attempt(head) is not None for attempt in (_as_boolean, _as_int, _as_float, _as_any_time))
    return next((_ATTEMPTS[i:] for i, fits in enumerate(fitting) if fits), ())


def _first_that_fits(text: pa.ChunkedArray, attempts: Sequence[_Attempt]) -> pa.ChunkedArray | None:
    return next((typed for attempt in attempts if (typed := attempt(text)) is not None), None)


def _as_boolean(text: pa.ChunkedArray) -> pa.ChunkedArray | None:
    lowered = pc.utf8_lower(text)
    words = pc.is_in(lowered, pa.array(["true", "false", None]))
    return pc.equal(lowered, "true") if pc.all(words).as_py() else None


def _as_int(text: pa.ChunkedArray) -> pa.ChunkedArray | None:
    try:
        numbers = text.cast(pa.int64())
    except pa.ArrowInvalid:
        return None
    return None if _any(text, _CODE) else numbers


def _as_float(text: pa.ChunkedArray) -> pa.ChunkedArray | None:
    try:
        numbers = text.cast(pa.float64())
    except pa.ArrowInvalid:
        return None
    written_out = pc.any(pc.is_finite(numbers), min_count=0).as_py()  # not nan and inf alone
    return numbers if written_out and not _any(text, _NO_FLOAT) else None


def _as_time(text: pa.ChunkedArray) -> pa.ChunkedArray | None:
    return _times(text, settled=True)


def _as_any_time(text: pa.ChunkedArray) -> pa.ChunkedArray | None:
    """As ``_as_time``, but month and day may still be open: later values can decide them."""
    return _times(text, settled=False)


def _times(text: pa.ChunkedArray, *, settled: bool) -> pa.ChunkedArray | None:
    first = text.drop_null().slice(0, 1)
    if not len(first) or not looks_like_time(first[0].as_py()):
        return None
    times = parse_times(text)
    if times.values.null_count > text.null_count or (settled and times.ambiguous):
        return None
    values = times.values.cast(pa.date32()) if times.dates_only else times.values
    return pa.chunked_array([values])


def _any(text: pa.ChunkedArray, pattern: str) -> bool:
    return bool(pc.any(pc.match_substring_regex(text, pattern), min_count=0).as_py())


#: Narrowest first.
_ATTEMPTS: tuple[_Attempt, ...] = (_as_boolean, _as_int, _as_float, _as_time)
