"""Values between limits, inclusive or exclusive: numbers, dates, times, timestamps."""

import operator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from dqm_assets.quality.contracts.conditions.base import JudgedColumn
from dqm_assets.quality.contracts.sql_text import literal

if TYPE_CHECKING:
    import pandas as pd

Limit = int | float | date | datetime | time
_WORDS = {">=": "is at least", ">": "is above", "<=": "is at most", "<": "is below"}
_NEGATED = {">=": "<", ">": "<=", "<=": ">", "<": ">="}
#: Comparison as written → its function.
COMPARE = {">=": operator.ge, ">": operator.gt, "<=": operator.le, "<": operator.lt}


@dataclass(frozen=True, slots=True)
class Bound:
    """The value compares so with the limit. Times without a zone are in ``zone``."""

    comparison: str
    limit: Limit
    zone: str = "UTC"

    def failing(self, column: JudgedColumn) -> str:
        """See `Condition.failing`."""
        limit = literal(self.placed(aware=column.family != "timestamp"))
        return f"{column.value} {_NEGATED[self.comparison]} {limit}"

    def holds(self, values: "pd.Series") -> "pd.Series":
        """See `Condition.holds`."""
        compare = COMPARE[self.comparison]
        if isinstance(self.limit, datetime):
            aware = getattr(values.dtype, "tz", None) is not None or _arrow_zone(values)
            limit = self.placed(aware=aware)
            return compare(values, limit)
        if isinstance(self.limit, date | time):
            return values.map(lambda value: compare(value, self.limit)).astype(bool)
        return compare(values, self.limit)

    def placed(self, *, aware: bool) -> Limit:
        """Return the limit in UTC, with its zone or (for timestamps without one) without."""
        if not isinstance(self.limit, datetime):
            return self.limit
        limit = self.limit if self.limit.tzinfo else self.limit.replace(tzinfo=ZoneInfo(self.zone))
        limit = limit.astimezone(UTC)
        return limit if aware else limit.replace(tzinfo=None)

    def __str__(self) -> str:
        """See `Condition`."""
        return f"{_WORDS[self.comparison]} {self.limit}"


def _arrow_zone(values: "pd.Series") -> bool:
    arrow_type = getattr(values.dtype, "pyarrow_dtype", None)
    return getattr(arrow_type, "tz", None) is not None
