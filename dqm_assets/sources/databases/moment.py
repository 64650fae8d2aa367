"""The time of a row: whatever type the freshness column has, as a time in UTC."""

from datetime import UTC, datetime, timedelta

import ibis
import ibis.expr.types as ir

from dqm_assets.errors import SourceError

_UNITS = {timedelta(days=1): "D", timedelta(hours=1): "h"}


def moment_of(table: ir.Table, name: str) -> ir.TimestampColumn:
    """The column as a time without a zone, which is UTC.

    Raises:
        SourceError: there is no such column, or its type tells no time.
    """
    column = _column(table, name)
    kind = column.type()
    if kind.is_timestamp() and kind.timezone is None:
        return column
    if kind.is_timestamp() or kind.is_date() or kind.is_string():
        return column.cast("timestamp")
    if kind.is_integer():
        return column.as_timestamp("s").cast("timestamp")
    raise SourceError(f"the column {name} is of type {kind}, which tells no time: name another as freshness.")


def since(table: ir.Table, name: str, first: datetime) -> ir.BooleanColumn:
    """Rows from a time on, said so that an index of the column can be used."""
    column = _column(table, name)
    kind = column.type()
    moment = first.astimezone(UTC).replace(tzinfo=None)
    if kind.is_date():
        return column >= ibis.date(moment.date().isoformat())
    if kind.is_integer():
        return column >= int(first.timestamp())
    if kind.is_timestamp():
        return column >= ibis.timestamp(moment.isoformat(sep=" "))
    return moment_of(table, name) >= ibis.timestamp(moment.isoformat(sep=" "))


def truncated(moment: ir.TimestampColumn, period: timedelta) -> ir.TimestampColumn:
    """The beginning of the period that a time is in."""
    return moment.truncate(_UNITS[period])


def as_utc(value: object) -> datetime | None:
    """A time as an engine answered it: with a zone, without (UTC), a date, or text."""
    if value is None:
        return None
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)  # ty: ignore[missing-attribute]
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def floor(moment: datetime, period: timedelta) -> datetime:
    """The beginning of the period (a day or an hour, UTC) that a moment is in."""
    seconds = period.total_seconds()
    return datetime.fromtimestamp(moment.timestamp() // seconds * seconds, UTC)


def _column(table: ir.Table, name: str) -> ir.Column:
    if name not in table.columns:
        listed = ", ".join(table.columns)
        raise SourceError(f"there is no column {name}; the table has {listed}.")
    return table[name]
