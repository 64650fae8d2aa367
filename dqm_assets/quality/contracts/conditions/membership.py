"""Values from a list: the allowed ones, and those that stand for a missing value."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dqm_assets.quality.contracts.conditions.base import JudgedColumn
from dqm_assets.quality.contracts.sql_text import literal, text

if TYPE_CHECKING:
    import pandas as pd

_SHOWN = 6


def _values_sql(values: tuple[Any, ...], column: JudgedColumn) -> str:
    """Write the list in the column's type, leaving out what that type cannot hold."""
    if column.family in {"integer", "float", "decimal"}:
        fitting = [literal(value) for value in values if isinstance(value, int | float)]
    elif column.family == "boolean":
        fitting = [literal(value) for value in values if isinstance(value, bool)]
    else:
        fitting = [text(written(value)) for value in values if value is not None]
    return ", ".join(fitting) or "NULL"


def written(value: Any) -> str:
    """Write a listed value as the text that a column of texts holds."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _comparable(column: JudgedColumn, expression: str) -> str:
    plain = column.family in {"integer", "float", "decimal", "boolean"}
    return expression if plain else f"CAST({expression} AS VARCHAR)"


def _listed(values: "pd.Series", wanted: tuple[Any, ...]) -> "pd.Series":
    if values.dtype.kind in "iufb":
        return values.isin([value for value in wanted if isinstance(value, int | float)])
    return values.astype(str).isin([written(value) for value in wanted if value is not None])


def _shown(values: tuple[Any, ...]) -> str:
    more = f", … ({len(values)})" if len(values) > _SHOWN else ""
    return ", ".join(repr(value) for value in values[:_SHOWN]) + more


@dataclass(frozen=True, slots=True)
class OneOf:
    """The value is in the list; a null in the list changes nothing, since nulls are not judged here."""

    values: tuple[Any, ...]

    def failing(self, column: JudgedColumn) -> str:
        """See `Condition.failing`."""
        listed = _values_sql(self.values, column)
        if listed == "NULL":
            return f"{column.value} IS NOT NULL"
        return f"{_comparable(column, column.value)} NOT IN ({listed})"

    def holds(self, values: "pd.Series") -> "pd.Series":
        """See `Condition.holds`."""
        return _listed(values, self.values)

    def __str__(self) -> str:
        """See `Condition`."""
        return f"is one of {_shown(self.values)}"


@dataclass(frozen=True, slots=True)
class NotMissing:
    """The value is none of those that stand for a missing one; null and NaN count when null is listed."""

    values: tuple[Any, ...]

    def failing(self, column: JudgedColumn) -> str:
        """See `Condition.failing`."""
        raw = JudgedColumn(column.name, column.raw_type, column.raw, column.raw, column.raw_type)
        listed = _values_sql(self.values, raw)
        null = f"{raw.raw} IS NULL OR " if None in self.values else ""
        return f"{null}coalesce({_comparable(raw, raw.raw)} IN ({listed}), false)"

    def holds(self, values: "pd.Series") -> "pd.Series":
        """See `Condition.holds`; here missing values are judged too."""
        missing = _listed(values, self.values) & values.notna()
        return ~(missing | values.isna()) if None in self.values else ~missing

    def __str__(self) -> str:
        """See `Condition`."""
        return f"is not missing ({_shown(self.values)})"
