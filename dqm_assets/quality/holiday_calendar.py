"""Days that are not like others: public holidays by country, left out of training."""

from collections.abc import Container
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import lru_cache

from dqm_assets.errors import SettingsError


@lru_cache(maxsize=64)
def _holidays_of(country: str, subdivision: str | None) -> Container[date]:
    import holidays  # noqa: PLC0415 (loads 0.3 s of country tables, only needed with a country)

    try:
        return holidays.country_holidays(country, subdiv=subdivision)
    except NotImplementedError as error:
        raise SettingsError(f"No holidays are known for country {country!r}: {error}.") from None


@dataclass(frozen=True)
class HolidayCalendar:
    """Public holidays of a country (ISO 3166-1 alpha-2), and further days that the user names (ISO dates)."""

    country: str | None = None
    subdivision: str | None = None
    extra_days: frozenset[str] = field(default_factory=frozenset)

    def is_special(self, ts: float) -> bool:
        """Whether the UTC day of ``ts`` (seconds since 1970) is a holiday.

        Raises:
            SettingsError: the country is not known.
        """
        day = datetime.fromtimestamp(ts, UTC).date()
        if day.isoformat() in self.extra_days:
            return True
        return self.country is not None and day in _holidays_of(self.country, self.subdivision)
