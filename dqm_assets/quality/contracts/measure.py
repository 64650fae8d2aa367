"""What a clause counts in the rows; its threshold then decides."""

from dataclasses import dataclass

from dqm_assets.quality.contracts.conditions.base import Condition
from dqm_assets.quality.contracts.conditions.text_format import Parsed


@dataclass(frozen=True, slots=True)
class FailingRows:
    """Rows whose value in a column breaks a condition."""

    column: str
    condition: Condition | Parsed


@dataclass(frozen=True, slots=True)
class DuplicateRows:
    """Rows that repeat an earlier row's key: rows minus distinct keys. Keys with a null are no keys."""

    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RowCount:
    """All rows."""


@dataclass(frozen=True, slots=True)
class MissingColumn:
    """1 when the column is not there, else 0."""

    column: str


@dataclass(frozen=True, slots=True)
class OrphanRows:
    """Rows whose key is not found in another dataset. Keys with a null refer to nothing and pass."""

    columns: tuple[str, ...]
    target: str
    target_columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class QueryValue:
    """The first value of the only row that a SQL query returns."""

    sql: str


Measure = FailingRows | DuplicateRows | RowCount | MissingColumn | OrphanRows | QueryValue
