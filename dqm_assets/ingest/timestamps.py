"""Dates and timestamps from text, a whole column at once, in the formats people write.

Formats known (a leading or trailing blank is allowed; ``H`` may have one digit):

* ISO 8601: ``2020-02-01``, ``2020/02/01``, ``2020-02-01T01:52:40.123456``, with a blank for
  ``T``, without seconds, with ``Z`` or an offset (``+02:00``, ``+0200``, ``+02``);
* numeric, month or day first, separated by ``/``, ``-`` or ``.``: ``1/22/2020 17:00``,
  ``3/8/20 5:31``, ``01-22-2020T17:00``, ``22.01.2020 17:00:05``, with ``AM``/``PM``;
  two-digit years only with ``/`` (``1.2.20`` may be a version), 1969 to 2068, as POSIX has it;
* with a month's English name: ``22 Jan 2020 17:00``, ``22-January-2020``, ``Jan 22, 2020 5:00 PM``,
  ``Wed, 22 Jan 2020 17:00:00 GMT``.

A time without an offset is UTC. Month or day first is one decision for the whole column: a
number above 12 decides it, otherwise it is ambiguous.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

TIMESTAMP = pa.timestamp("us", tz="UTC")

_TIME = (
    r"(?:(?:T|\s+)(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?"
    r"(?:\s?(?P<half>[AaPp])\.?[Mm]\.?)?(?:\s?(?P<zone>Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?))?)?"
)
_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_MONTH = rf"(?P<month>(?i:{_MONTHS}))[A-Za-z]*\.?"
_ISO = rf"^\s*(?P<year>\d{{4}})[-/](?P<month>\d{{1,2}})[-/](?P<day>\d{{1,2}}){_TIME}\s*$"
_NUMERIC = (
    r"^\s*(?P<first>\d{1,2})(?:/(?P<second_a>\d{1,2})/(?P<year_a>\d{4}|\d{2})"
    rf"|-(?P<second_b>\d{{1,2}})-(?P<year_b>\d{{4}})|\.(?P<second_c>\d{{1,2}})\.(?P<year_c>\d{{4}})){_TIME}\s*$"
)
_DAY_NAMED = (
    rf"^\s*(?:[A-Za-z]{{3,9}},\s*)?(?P<day>\d{{1,2}})[-\s]{_MONTH}[-\s,]\s*(?P<year>\d{{4}}){_TIME}\s*$"
)
_MONTH_NAMED = (
    rf"^\s*(?:[A-Za-z]{{3,9}},\s*)?{_MONTH}\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+"
    rf"(?P<year>\d{{4}}){_TIME}\s*$"
)

#: Two-digit years from here on are of the twentieth century (POSIX strptime, %y).
_CENTURY_PIVOT = 69
_NOON, _MONTHS_IN_YEAR = 12, 12
_HEAD = 16


@dataclass(frozen=True)
class ParsedTimes:
    """A column of text as times."""

    values: pa.Array
    """timestamp[us, UTC]; null where the text is null or no time in a known format."""
    dates_only: bool
    """Whether no value has a time of day."""
    ambiguous: bool
    """Whether month and day could be swapped in all numeric values (then month first was taken)."""


@dataclass(frozen=True)
class _Part:
    """The values of one format: microseconds since 1970, which of them are valid, and what they show."""

    micros: np.ndarray
    valid: np.ndarray
    timed: bool
    ambiguous: bool = False


def parse_times(text: pa.ChunkedArray | pa.Array) -> ParsedTimes:
    """Read a string column as dates or timestamps; never raises on what it cannot read."""
    column = text.combine_chunks() if isinstance(text, pa.ChunkedArray) else text
    fast = _cast_iso(column)
    if fast is not None:
        return fast
    micros = np.zeros(len(column), dtype=np.int64)
    valid = np.zeros(len(column), dtype=bool)
    timed = ambiguous = False
    for pattern in (_ISO, _NUMERIC, _DAY_NAMED, _MONTH_NAMED):
        left = np.flatnonzero(~valid & column.is_valid().to_numpy(zero_copy_only=False))
        if not len(left):
            break
        part = _parse_format(column.take(pa.array(left)), pattern)
        if part is not None:
            micros[left], valid[left] = part.micros, part.valid
            timed, ambiguous = timed or part.timed, ambiguous or part.ambiguous
    values = pa.array(micros, mask=~valid).view(pa.timestamp("us")).cast(TIMESTAMP)
    return ParsedTimes(values, dates_only=not timed, ambiguous=ambiguous)


def looks_like_time(text: str) -> bool:
    """Cheap test of one value: whether a column may hold times at all."""
    head = text.strip()
    return any(c.isdigit() for c in head) and any(c in head for c in "-/.: ")


def _cast_iso(column: pa.Array) -> ParsedTimes | None:
    """Arrow's own parser: ten times faster, for a column that is ISO 8601 throughout."""
    # A cast that fails costs as much as a regular expression, so the first values go ahead.
    head = column.drop_null().slice(0, _HEAD)
    for kind in (pa.date32(), pa.timestamp("us"), TIMESTAMP):
        try:
            head.cast(kind)
            values = column.cast(kind).cast(TIMESTAMP)
        except pa.ArrowInvalid:
            continue
        return ParsedTimes(values, dates_only=pa.types.is_date(kind), ambiguous=False)
    return None


def _parse_format(column: pa.Array, pattern: str) -> _Part | None:
    matched = pc.extract_regex(column, pattern)
    found = matched.is_valid().to_numpy(zero_copy_only=False)
    if not found.any():
        return None
    names = {field.name for field in matched.type}
    part = {name: matched.field(name) for name in names}
    if "first" in names:
        year = _whichever(part, "year")
        short = year < 100  # noqa: PLR2004
        year = np.where(short, year + np.where(year >= _CENTURY_PIVOT, 1900, 2000), year)
        first, second = _number(part["first"]), _whichever(part, "second")
        month_first, ambiguous = _order(first[found], second[found])
        month, day = (first, second) if month_first else (second, first)
    else:
        ambiguous = False
        year = _number(part["year"])
        month, day = _month_number(part["month"]), _number(part["day"])
    seconds, timely = _time_of_day(part)
    days, dated = _days_from_civil(year, month, day)
    fraction = _number(pc.utf8_slice_codeunits(pc.utf8_rpad(part["fraction"], 6, "0"), 0, 6))
    valid = found & timely & dated
    micros = (days * 86_400 + seconds) * 1_000_000 + fraction
    timed = bool((pc.utf8_length(part["hour"]).to_numpy(zero_copy_only=False)[found] > 0).any())
    return _Part(np.where(valid, micros, 0), valid, timed, ambiguous)


def _order(first: np.ndarray, second: np.ndarray) -> tuple[bool, bool]:
    """Month first? And could it be either? The whole column decides; identical numbers say nothing."""
    month_first, day_first = (second > _MONTHS_IN_YEAR).sum(), (first > _MONTHS_IN_YEAR).sum()
    if month_first or day_first:
        return bool(month_first >= day_first), False
    return True, bool((first != second).any())


def _number(text: pa.Array) -> np.ndarray:
    """Digits as int64; empty and null as 0."""
    digits = pc.if_else(pc.equal(pc.utf8_length(pc.fill_null(text, "")), 0), "0", text)
    return digits.cast(pa.int64()).to_numpy(zero_copy_only=False)


def _whichever(part: dict[str, pa.Array], name: str) -> np.ndarray:
    """The group of the separator that matched; the others are empty, so 0."""
    return np.sum([_number(part[f"{name}_{kind}"]) for kind in "abc"], axis=0)


def _month_number(text: pa.Array) -> np.ndarray:
    names = pa.array(_MONTHS.split("|"))
    index = pc.index_in(pc.utf8_lower(text), names)
    digits = pc.if_else(pc.match_substring_regex(pc.fill_null(text, "x"), r"^\d+$"), text, "0")
    named = pc.fill_null(index, -1).to_numpy(zero_copy_only=False) + 1
    return np.where(named > 0, named, _number(digits))


def _time_of_day(part: dict[str, pa.Array]) -> tuple[np.ndarray, np.ndarray]:
    """Seconds since midnight UTC (may be negative by the offset), and which are possible."""
    hour, minute, second = (_number(part[name]) for name in ("hour", "minute", "second"))
    half = pc.utf8_lower(pc.fill_null(part["half"], "")).to_numpy(zero_copy_only=False)
    valid = (hour < 24) & (minute < 60) & (second < 61)  # noqa: PLR2004 - 60 is a leap second
    halved = half != ""
    valid &= ~halved | ((hour >= 1) & (hour <= _NOON))
    hour = np.where(halved, hour % _NOON + np.where(half == "p", _NOON, 0), hour)
    return hour * 3600 + minute * 60 + np.minimum(second, 59) - _offset(part["zone"]), valid


def _offset(zone: pa.Array) -> np.ndarray:
    sign = pc.utf8_slice_codeunits(pc.fill_null(zone, ""), 0, 1).to_numpy(zero_copy_only=False)
    digits = pc.replace_substring_regex(pc.fill_null(zone, ""), r"\D", "")
    hours = _number(pc.utf8_slice_codeunits(digits, 0, 2))
    minutes = _number(pc.utf8_slice_codeunits(digits, 2, 4))
    return np.where(sign == "-", -1, 1) * (hours * 3600 + minutes * 60)


def _days_from_civil(year: np.ndarray, month: np.ndarray, day: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Days since 1970-01-01 in the proleptic Gregorian calendar, and which dates exist."""
    possible = (year >= 1) & (month >= 1) & (month <= _MONTHS_IN_YEAR) & (day >= 1)
    months = (np.where(possible, year, 1970) - 1970) * _MONTHS_IN_YEAR + np.where(possible, month, 1) - 1
    start = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    following = (months + 1).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    return start + day - 1, possible & (day <= following - start)
