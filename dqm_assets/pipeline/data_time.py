"""The data's own time: when what a file holds happened, not when the file arrived."""

import re
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

_SEPARATOR = r"[-_.]?"
_YEAR, _MONTH, _DAY = r"(?P<year>(?:19|20)\d\d)", r"(?P<month>0[1-9]|1[0-2])", r"(?P<day>0[1-9]|[12]\d|3[01])"
_CLOCK = r"(?:[T_ -]?(?P<hour>[01]\d|2[0-3])[-:]?(?P<minute>[0-5]\d)(?:[-:]?(?P<second>[0-5]\d))?)?(?!\d)"
#: Dates people put into file names, most telling first. 03-04-2020 is read as the American 4 March, by far
#: the more common habit in file names; day-first dates are left alone.
_NAME_DATES = (
    re.compile(r"(?<!\d)" + _YEAR + _SEPARATOR + _MONTH + _SEPARATOR + _DAY + _CLOCK),
    re.compile(r"(?<!\d)" + _MONTH + r"[-_.]" + _DAY + r"[-_.]" + _YEAR + r"(?!\d)"),
)


#: A reading from later than this after the file was written is a wrong clock, not the data's time. A
#: date in its name that is still to come is a number that looks like one: as the newest run it would stay
#: the newest for years, and hide every alert until then.
_CLOCK_TOLERANCE = timedelta(days=1)


def data_time(table: pa.Table, file_name: str, modified: datetime, column: str | None = None) -> datetime:
    """When the data of a file is from, in UTC.

    The first of these that gives an answer: the latest value of ``column`` (the one the
    contract names), a date in the file's name, the latest value of the first timestamp
    column, the file's modification time.

    Args:
        table: The file's rows.
        file_name: Its name as dropped.
        modified: Its modification time, with a time zone.
        column: Column named by the contract, if any.
    """
    if column is not None and column in table.column_names:
        latest = _latest(table.column(column), modified)
        if latest is not None:
            return latest
    named = date_in_name(file_name)
    if named is not None and named <= max(modified, datetime.now(UTC)) + _CLOCK_TOLERANCE:
        return named
    for field, values in zip(table.schema, table.columns, strict=True):
        if pa.types.is_timestamp(field.type):
            latest = _latest(values, modified)
            if latest is not None:
                return latest
    return modified.astimezone(UTC)


def date_in_name(file_name: str) -> datetime | None:
    """The date (and time of day, if there is one) that a file's name carries, as UTC."""
    for pattern in _NAME_DATES:
        match = pattern.search(file_name)
        if match is None:
            continue
        parts = {name: int(text) for name, text in match.groupdict().items() if text is not None}
        try:
            return datetime(**parts, tzinfo=UTC)
        except ValueError:  # 31 February
            continue
    return None


def _latest(values: pa.ChunkedArray, modified: datetime) -> datetime | None:
    if not pa.types.is_timestamp(values.type):
        return None
    limit = modified.astimezone(UTC) + _CLOCK_TOLERANCE
    if values.type.tz is None:
        limit = limit.replace(tzinfo=None)
    sane = pc.filter(values, pc.less_equal(values, pa.scalar(limit, type=values.type)))
    latest = pc.max(sane).as_py()
    if latest is None:
        return None
    return latest.replace(tzinfo=UTC) if latest.tzinfo is None else latest.astimezone(UTC)
