"""Texts of a given length, in Unicode code points."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dqm_assets.quality.contracts.conditions.base import JudgedColumn
from dqm_assets.quality.plural import counted

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Length:
    """The text has at least ``minimum`` and at most ``maximum`` code points."""

    minimum: int | None = None
    maximum: int | None = None

    def failing(self, column: JudgedColumn) -> str:
        """See `Condition.failing`."""
        length = f"length(CAST({column.value} AS VARCHAR))"
        sides = [f"{length} < {self.minimum}"] if self.minimum is not None else []
        sides += [f"{length} > {self.maximum}"] if self.maximum is not None else []
        return " OR ".join(sides)

    def holds(self, values: "pd.Series") -> "pd.Series":
        """See `Condition.holds`."""
        low = self.minimum if self.minimum is not None else 0
        high = self.maximum if self.maximum is not None else float("inf")
        return values.map(lambda value: low <= len(str(value)) <= high).astype(bool)

    def __str__(self) -> str:
        """See `Condition`."""
        if self.maximum is None:
            return f"has at least {counted(self.minimum or 0, 'character')}"
        return f"has at most {counted(self.maximum, 'character')}"
