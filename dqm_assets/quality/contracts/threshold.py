"""The ``mustBe…`` operators of ODCS, in rows or in percent of the rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

#: Operator → how it is said.
OPERATORS = {
    "mustBe": "must be",
    "mustNotBe": "must not be",
    "mustBeGreaterThan": "must be greater than",
    "mustBeGreaterOrEqualTo": "must be at least",
    "mustBeLessThan": "must be less than",
    "mustBeLessOrEqualTo": "must be at most",
    "mustBeBetween": "must be between",
    "mustNotBeBetween": "must not be between",
}
_TESTS = {
    "mustBe": lambda value, limit: value == limit,
    "mustNotBe": lambda value, limit: value != limit,
    "mustBeGreaterThan": lambda value, limit: value > limit,
    "mustBeGreaterOrEqualTo": lambda value, limit: value >= limit,
    "mustBeLessThan": lambda value, limit: value < limit,
    "mustBeLessOrEqualTo": lambda value, limit: value <= limit,
    "mustBeBetween": lambda value, limit: limit[0] <= value <= limit[1],
    "mustNotBeBetween": lambda value, limit: not limit[0] <= value <= limit[1],
}


@dataclass(frozen=True, slots=True)
class Threshold:
    """An operator with its limit. Both ends of a range belong to it."""

    operator: str
    limit: Any
    #: ``rows`` compares the count, ``percent`` compares 100 · count / rows (0 for no rows).
    unit: str = "rows"

    def measured(self, count: float, rows: int) -> float:
        """Return the figure that is compared, in the threshold's unit."""
        if self.unit == "percent":
            return 100.0 * count / rows if rows else 0.0
        return count

    def accepts(self, value: Any) -> bool:
        """Decide a measured figure; a figure that cannot be compared with the limit is not accepted."""
        try:
            return bool(_TESTS[self.operator](value, self.limit))
        except TypeError:
            return False

    def __str__(self) -> str:
        """Say it in words: ``must be at most 5 percent``."""
        limit = " and ".join(map(str, self.limit)) if isinstance(self.limit, list | tuple) else self.limit
        return f"{OPERATORS[self.operator]} {limit}{' percent' if self.unit == 'percent' else ''}"


#: What a plain property statement (`required`, `unique`, `minimum`, …) asks: not one failing row.
NONE_FAILING = Threshold("mustBe", 0)


def given_operators(rule: Mapping[str, Any]) -> list[str]:
    """List the operators that a quality rule gives, in the standard's order."""
    return [name for name in OPERATORS if name in rule]
