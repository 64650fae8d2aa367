"""Several conditions that must all hold."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dqm_assets.quality.contracts.conditions.base import Condition, JudgedColumn

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every one of the conditions holds; a row that breaks two is one failing row."""

    conditions: tuple[Condition, ...]

    def failing(self, column: JudgedColumn) -> str:
        """See `Condition.failing`."""
        return " OR ".join(f"coalesce({part.failing(column)}, false)" for part in self.conditions)

    def holds(self, values: "pd.Series") -> "pd.Series":
        """See `Condition.holds`."""
        result = self.conditions[0].holds(values)
        for part in self.conditions[1:]:
            result &= part.holds(values)
        return result

    def __str__(self) -> str:
        """See `Condition`."""
        return " and ".join(map(str, self.conditions))
