"""What every condition on a value offers: its failing rows in SQL, its passing values in pandas."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from dqm_assets.quality.contracts.logical_type import family

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class JudgedColumn:
    """A column of the data under judgement, as SQL expressions over the judged rows."""

    name: str
    #: DuckDB type of ``value``.
    type: str
    #: The column as it came, with NaN read as NULL.
    raw: str
    #: The column read as its logical type; NULL where it cannot be read.
    value: str
    #: DuckDB type of ``raw``.
    raw_type: str

    @property
    def family(self) -> str:
        """Family of the value's type."""
        return family(self.type)


class PythonCondition(Protocol):
    """A statement about one value that Python decides.

    Missing values satisfy every condition but `NotNull` and `NotMissing`.
    """

    def holds(self, values: "pd.Series") -> "pd.Series":
        """Decide non-missing values in pandas: a boolean series of the same index."""
        ...

    def __str__(self) -> str:
        """Say what must hold, to follow the column's name: ``is at least 0``."""
        ...


class Condition(PythonCondition, Protocol):
    """A statement about one value that SQL can decide too."""

    def failing(self, column: JudgedColumn) -> str:
        """Write the SQL predicate that is true for a failing row, and false or NULL for the others."""
        ...
