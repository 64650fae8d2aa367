"""Clauses over a table in memory: counts and first failing rows, where Arrow can tell them."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from dqm_assets.quality.contracts.arrow_keys import repeated_keys
from dqm_assets.quality.contracts.arrow_masks import ArrowColumn, failing_mask
from dqm_assets.quality.contracts.clause import Clause
from dqm_assets.quality.contracts.conditions.base import JudgedColumn
from dqm_assets.quality.contracts.measure import DuplicateRows, FailingRows
from dqm_assets.quality.contracts.rows import SAMPLE_ROWS


@dataclass(frozen=True, slots=True)
class Found:
    """Failing rows of a clause."""

    rows: int
    #: Positions of the first of them, from 0; at most `SAMPLE_ROWS`.
    first: np.ndarray


class ArrowJudge:
    """Judges clauses of one table; what a column's clauses share is found once."""

    def __init__(self, table: pa.Table, columns: dict[str, JudgedColumn]) -> None:
        self._table = table
        # A column that must first be read as its logical type is left to SQL.
        self._sql = {name: column for name, column in columns.items() if column.raw == column.value}
        self._columns: dict[str, ArrowColumn] = {}

    def find(self, clause: Clause) -> Found | None:
        """Return the failing rows of a clause, or None when DuckDB must judge it."""
        if clause.engine != "duckdb":
            return None
        match clause.measure:
            case FailingRows(column, condition) if column in self._sql:
                mask = failing_mask(self._column(column), condition, self._sql[column])
                return None if mask is None else _found(mask)
            case DuplicateRows(columns=(column,)) if column in self._sql:
                keys = repeated_keys(self._table.column(column), SAMPLE_ROWS)
                return None if keys is None else Found(keys.rows, keys.examples)
        return None

    def _column(self, name: str) -> ArrowColumn:
        if name not in self._columns:
            self._columns[name] = ArrowColumn(self._table.column(name))
        return self._columns[name]


def _found(mask: np.ndarray) -> Found:
    rows = int(np.count_nonzero(mask))
    if not rows:
        return Found(0, np.array([], int))
    # Sparse failures: look only as far as the sample needs.
    first: list[int] = []
    start, step = 0, 65_536
    while len(first) < min(rows, SAMPLE_ROWS):
        first.extend(start + int(place) for place in np.flatnonzero(mask[start : start + step]))
        start += step
    return Found(rows, np.array(first[:SAMPLE_ROWS]))
