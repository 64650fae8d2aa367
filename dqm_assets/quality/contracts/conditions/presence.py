"""Values that are there, and values of the right type."""

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from dqm_assets.quality.contracts.conditions.base import JudgedColumn
from dqm_assets.quality.contracts.logical_type import carries

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class NotNull:
    """The value is there: neither null nor NaN."""

    def failing(self, column: JudgedColumn) -> str:
        """See `Condition.failing`."""
        return f"{column.raw} IS NULL"

    def holds(self, values: "pd.Series") -> "pd.Series":
        """See `Condition.holds`; here missing values are judged too."""
        return values.notna()

    def __str__(self) -> str:
        """See `Condition`."""
        return "is not null"


@dataclass(frozen=True, slots=True)
class OfType:
    """The value is, or can be read without loss as, the logical type."""

    logical_type: str

    def failing(self, column: JudgedColumn) -> str:
        """See `Condition.failing`."""
        if carries(self.logical_type, column.raw_type):
            return "false"
        return f"{column.raw} IS NOT NULL AND {column.value} IS NULL"

    def holds(self, values: "pd.Series") -> "pd.Series":
        """See `Condition.holds`; decided by the column's dtype."""
        try:
            arrow = pa.Array.from_pandas(values)
        except pa.ArrowInvalid:
            return values.isna()
        duckdb_type = duckdb_type_of(arrow.type)
        whole = self.logical_type == "integer" and duckdb_type == "DOUBLE"
        if whole:
            return values.map(lambda value: float(value).is_integer()).astype(bool)
        return values.notna() if carries(self.logical_type, duckdb_type) else values.isna()

    def __str__(self) -> str:
        """See `Condition`."""
        return f"is of type {self.logical_type}"


@lru_cache(maxsize=256)
def duckdb_type_of(arrow_type: pa.DataType) -> str:
    """Return the DuckDB type that an Arrow type arrives as."""
    table = pa.table({"c": pa.array([], type=arrow_type)})
    with duckdb.connect() as connection:
        return str(connection.from_arrow(table).types[0])
