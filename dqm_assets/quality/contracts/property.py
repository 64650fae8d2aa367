"""A column as the contract states it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from dqm_assets.quality.contracts.conditions.base import JudgedColumn
from dqm_assets.quality.contracts.logical_type import ARROW_TYPES, family, reading_sql
from dqm_assets.quality.contracts.sql_text import identifier

#: Classifications whose values may be shown in failing rows; any other one masks them.
OPEN_CLASSIFICATIONS = frozenset({"", "public", "internal", "general", "open", "unclassified", "none", "1"})
_TEMPORAL = frozenset({"date", "timestamp", "time"})


@dataclass(frozen=True)
class Property:
    """Name, type and role of one column."""

    #: Name in the data: ``physicalName``, else ``name``.
    name: str
    #: Name in the contract, which relationships refer to.
    label: str
    logical_type: str | None
    required: bool = False
    unique: bool = False
    #: Position in the primary key from 1; 0 when it is no part of it.
    key_position: int = 0
    classification: str = ""
    description: str = ""
    #: The only values that it may have, as text; empty when any will do.
    allowed: tuple[str, ...] = ()
    #: strptime form of the contract's ``format``, for text that is read as a date or time.
    strptime: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    #: Names from the column down to what stands inside of it; empty for a column itself.
    within: tuple[str, ...] = ()

    @property
    def sensitive(self) -> bool:
        """Whether failing rows must hide this column's values."""
        return self.classification.casefold() not in OPEN_CLASSIFICATIONS

    @property
    def arrow_type(self) -> pa.DataType | None:
        """Arrow type that a file's column should be read as; None when the contract does not say.

        A date or time in a format of its own stays text, so that the format can be judged.
        """
        if self.logical_type in _TEMPORAL and self.strptime is not None:
            return pa.string()
        return ARROW_TYPES.get(self.logical_type or "")

    def judged(self, index: int, duckdb_type: str, written: str = "") -> tuple[JudgedColumn, dict[str, str]]:
        """Return the column for conditions, and the projections (name → SQL) that it reads.

        Args:
            index: number that keeps its projections apart from those of other columns.
            duckdb_type: type of the data.
            written: expression that gives the data; the column of its name when left out.
        """
        raw, value = f"__dqm_r{index}", f"__dqm_v{index}"
        plain = source = written or identifier(self.name)
        if family(duckdb_type) == "float":
            source = f"nullif({source}, 'NaN'::{duckdb_type})"
        reading = reading_sql(plain, self.logical_type, duckdb_type, self.strptime)
        if reading == plain:
            return JudgedColumn(self.name, duckdb_type, raw, raw, duckdb_type), {raw: source}
        column = JudgedColumn(self.name, self._read_type(), raw, value, duckdb_type)
        return column, {raw: source, value: reading}

    def _read_type(self) -> str:
        read = {
            "integer": "HUGEINT", "number": "DOUBLE", "date": "DATE", "time": "TIME", "boolean": "BOOLEAN",
            "array": "JSON[]", "vector": "JSON[]", "object": "JSON", "map": "JSON",
        }  # fmt: skip
        naive = self.strptime is not None and "%z" not in self.strptime
        timestamp = "TIMESTAMP" if naive else "TIMESTAMP WITH TIME ZONE"
        return read.get(self.logical_type or "", timestamp if self.logical_type == "timestamp" else "VARCHAR")
