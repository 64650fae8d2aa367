"""Numbers that are whole multiples of a step."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dqm_assets.quality.contracts.conditions.base import JudgedColumn
from dqm_assets.quality.contracts.sql_text import literal

if TYPE_CHECKING:
    import pandas as pd

#: Relative slack of a quotient, since 0.3 / 0.1 is not 3 in binary floating point.
TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class MultipleOf:
    """The value divided by the step is whole, within `TOLERANCE` for fractions."""

    step: int | float

    def failing(self, column: JudgedColumn) -> str:
        """See `Condition.failing`."""
        if column.family == "integer" and float(self.step).is_integer():
            return f"{column.value} % {int(self.step)} <> 0"
        ratio = f"(CAST({column.value} AS DOUBLE) / {literal(float(self.step))})"
        return f"abs({ratio} - round({ratio})) > {TOLERANCE} * greatest(1, abs({ratio})) OR isinf({ratio})"

    def holds(self, values: "pd.Series") -> "pd.Series":
        """See `Condition.holds`."""
        ratio = values.astype("float64") / float(self.step)
        with np.errstate(invalid="ignore"):
            near = (ratio - ratio.round()).abs() <= TOLERANCE * ratio.abs().clip(lower=1)
        return near & np.isfinite(ratio)

    def __str__(self) -> str:
        """See `Condition`."""
        return f"is a multiple of {self.step}"
