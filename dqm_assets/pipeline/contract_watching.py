"""What a contract says beyond its rules: holidays, the column that makes segments, how long rows stay."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dqm_assets.errors import ContractError, SettingsError
from dqm_assets.quality.contracts.document import read_document
from dqm_assets.quality.holiday_calendar import HolidayCalendar

#: Custom properties of the contract, or of one schema entry, which then counts.
HOLIDAYS, SEGMENT_BY, RETENTION_DAYS = "holidays", "segmentBy", "retentionDays"


@dataclass(frozen=True)
class Watching:
    """What the custom properties say.

    Attributes:
        calendar: days that teach nothing, from ``holidays: BR`` or ``holidays: BR-SP`` (ISO 3166).
        segment_column: column whose values are profiled one by one, from ``segmentBy: country``.
        retention_days: days after which rows are removed, from ``retentionDays: 30``.
    """

    calendar: HolidayCalendar | None = None
    segment_column: str | None = None
    retention_days: int | None = None


def read_watching(path: Path, dataset: str) -> Watching:
    """Read the custom properties of a contract that is known to be valid.

    Raises:
        ContractError: the country has no known holidays, the segment column is no property of it, or the
            days are no whole number above 0.
    """
    document = read_document(path).data
    entries = [entry for entry in document.get("schema") or [] if entry.get("name") == dataset]
    values = {str(item.get("property")): item.get("value") for item in _properties(document, entries)}
    country, column = values.get(HOLIDAYS), values.get(SEGMENT_BY)
    columns = {
        str(item.get("physicalName") or item.get("name"))
        for entry in entries
        for item in entry.get("properties") or []
    }
    if column is not None and str(column) not in columns:
        raise ContractError(
            f"{path.name}: {SEGMENT_BY} names {column!r}, which is no property of {dataset!r}: "
            f"{', '.join(sorted(columns))}."
        )
    return Watching(
        _calendar(path, str(country)) if country is not None else None,
        str(column) if column is not None else None,
        _days(path, values.get(RETENTION_DAYS)),
    )


def _days(path: Path, value: Any) -> int | None:
    if value is None:
        return None
    if not str(value).isdecimal() or int(value) < 1:
        raise ContractError(f"{path.name}: {RETENTION_DAYS} is {value!r}: write a whole number from 1 on.")
    return int(value)


def _properties(document: dict[str, Any], entries: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for holder in (document, *entries):
        yield from holder.get("customProperties") or []


def _calendar(path: Path, country: str) -> HolidayCalendar:
    code, _, subdivision = country.partition("-")
    calendar = HolidayCalendar(code, subdivision or None)
    try:
        calendar.is_special(0.0)
    except SettingsError as error:
        raise ContractError(f"{path.name}: {HOLIDAYS}: {error} Write a code such as BR or BR-SP.") from None
    return calendar
