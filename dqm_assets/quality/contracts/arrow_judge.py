"""Clauses over Arrow rows, whole or batch by batch: counts and first failing rows, where Arrow can tell."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dqm_assets.quality.contracts.arrow_keys import OrderedKeys, RepeatedKeys, repeated_keys
from dqm_assets.quality.contracts.arrow_masks import ArrowColumn, failing_mask
from dqm_assets.quality.contracts.clause import Clause
from dqm_assets.quality.contracts.conditions.base import JudgedColumn
from dqm_assets.quality.contracts.measure import DuplicateRows, FailingRows
from dqm_assets.quality.contracts.rows import LINE, SAMPLE_ROWS, JudgedRows

_STEP = 65_536
#: Rows of a relation that are in memory at a time.
BATCH_ROWS = 500_000


@dataclass(frozen=True, slots=True)
class Found:
    """Failing rows of a clause."""

    rows: int
    #: The first of them, at most `SAMPLE_ROWS`, led by their row number where they have no line.
    kept: pa.Table

    def __add__(self, other: "Found") -> "Found":
        """Add what a later batch gave."""
        kept = pa.concat_tables([self.kept, other.kept]).slice(0, SAMPLE_ROWS)
        return Found(self.rows + other.rows, kept)


def find_in_memory(
    table: pa.Table, columns: dict[str, JudgedColumn], clauses: Sequence[Clause]
) -> dict[str, Found]:
    """Judge a table; clauses that Arrow cannot tell are left out."""
    judge = ArrowJudge(table, columns)
    return {clause.id: found for clause in clauses if (found := judge.find(clause))}


def find_in_relation(rows: JudgedRows, clauses: Sequence[Clause]) -> dict[str, Found]:
    """Judge a relation in one pass, a batch in memory at a time; clauses that Arrow cannot tell are left out.

    Reading all columns pays off only when most of them are judged; else nothing is read here.
    """
    pending = [clause for clause in clauses if isinstance(clause.measure, FailingRows | DuplicateRows)]
    pending = [clause for clause in pending if clause.column in rows.columns]
    if 2 * len({clause.column for clause in pending}) < len(rows.types):
        return {}
    totals: dict[str, Found] = {}
    ordered: dict[str, OrderedKeys] = {}
    start = 0
    for batch in rows.batches(BATCH_ROWS):
        judge = ArrowJudge(batch, rows.columns, start, ordered)
        found = {clause.id: judge.find(clause) for clause in pending}
        pending = [clause for clause in pending if found[clause.id] is not None]
        totals = {
            name: totals[name] + one if name in totals else one
            for name, one in found.items()
            if one is not None
        }
        start += batch.num_rows
    return totals


class ArrowJudge:
    """Judges clauses of one table; what a column's clauses share is found once."""

    def __init__(
        self,
        table: pa.Table,
        columns: dict[str, JudgedColumn],
        start: int = 0,
        ordered: dict[str, OrderedKeys] | None = None,
    ) -> None:
        self._table = table
        #: Rows that came in earlier batches, and by clause the keys among them; None for a whole table.
        self._start, self._ordered = start, ordered
        # A column that must first be read as its logical type is left to SQL.
        # So is what stands inside a column.
        own = set(table.column_names)
        self._sql = {name: c for name, c in columns.items() if c.raw == c.value and name in own}
        self._columns: dict[str, ArrowColumn] = {}

    def find(self, clause: Clause) -> Found | None:
        """Return the failing rows of a clause, or None when DuckDB must judge it."""
        if clause.engine != "duckdb":
            return None
        match clause.measure:
            case FailingRows(column, condition) if column in self._sql:
                mask = failing_mask(self._column(column), condition, self._sql[column])
                if mask is None:
                    return None
                return Found(sum(chunk.true_count for chunk in mask.chunks), self._keep(_first(mask)))
            case DuplicateRows(columns=(column,)) if column in self._sql:
                keys = self._repeated(clause.id, self._table.column(column))
                return None if keys is None else Found(keys.rows, self._keep(keys.examples))
        return None

    def _repeated(self, clause: str, values: pa.ChunkedArray) -> RepeatedKeys | None:
        if self._ordered is None:
            return repeated_keys(values, SAMPLE_ROWS)
        return self._ordered.setdefault(clause, OrderedKeys(SAMPLE_ROWS)).add(values)

    def _keep(self, positions: np.ndarray) -> pa.Table:
        # Slices share memory; `take` would first join all chunks of every text column.
        slices = [self._table.slice(int(position), 1) for position in positions]
        kept = pa.concat_tables(slices) if slices else self._table.slice(0, 0)
        if LINE in kept.column_names:
            return kept.select([LINE, *(name for name in kept.column_names if name != LINE)])
        return kept.add_column(0, "_row", pa.array(positions + self._start + 1, pa.int64()))

    def _column(self, name: str) -> ArrowColumn:
        if name not in self._columns:
            self._columns[name] = ArrowColumn(self._table.column(name))
        return self._columns[name]


def _first(mask: pa.ChunkedArray) -> np.ndarray:
    """Return the first places that are set, looking only as far as the sample needs."""
    first: list[int] = []
    for start in range(0, len(mask), _STEP):
        places = pc.indices_nonzero(mask.slice(start, _STEP)).to_numpy()
        first.extend(start + int(place) for place in places[:SAMPLE_ROWS])
        if len(first) >= SAMPLE_ROWS:
            break
    return np.array(first[:SAMPLE_ROWS], np.int64)
