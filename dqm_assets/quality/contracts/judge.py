"""Judging rows: one scan counts every plain clause, then only the failing ones are looked at again."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from typing import Any

import pyarrow as pa

from dqm_assets.errors import ContractError
from dqm_assets.quality.contracts.arrow_judge import Found, find_in_memory, find_in_relation
from dqm_assets.quality.contracts.clause import Clause, ClauseResult
from dqm_assets.quality.contracts.conditions.text_format import Parsed
from dqm_assets.quality.contracts.measure import (
    DuplicateRows,
    FailingRows,
    Measure,
    MissingColumn,
    OrphanRows,
    QueryValue,
    RowCount,
)
from dqm_assets.quality.contracts.orphans import orphan_keys
from dqm_assets.quality.contracts.pandera_values import failing_values
from dqm_assets.quality.contracts.rows import SAMPLE_ROWS, JudgedRows, Rows, as_relation
from dqm_assets.quality.contracts.sandbox import query_value
from dqm_assets.quality.contracts.sql_text import literal
from dqm_assets.quality.plural import counted


def judge_rows(
    clauses: Sequence[Clause],
    rows: JudgedRows,
    *,
    names: tuple[str, str],
    now: datetime,
    references: Mapping[str, Rows],
) -> list[ClauseResult]:
    """Judge rows against clauses, in their order.

    Args:
        clauses: what is promised.
        rows: the rows, seen through what the contract states; they are closed afterwards.
        names: of the dataset and of its table, as SQL rules call them.
        now: time of judgement, with a zone.
        references: other datasets by name or table.
    """
    with closing(rows):
        judge = _Judge(names, rows, references, now)
        judge.scan(clauses)
        return [judge.result(clause) for clause in clauses]


#: Families of keys that are compared as literals; others are compared as text.
_PLAIN_KEYS = {"integer", "float", "string", "date", "timestamp", "timestamptz", "decimal", "boolean"}


class _Judge:
    def __init__(
        self, names: tuple[str, str], rows: JudgedRows, references: Mapping[str, Rows], now: datetime
    ) -> None:
        self._names = names
        self._rows = rows
        self._references = references
        self._now = now
        self._counts: dict[str, int] = {}
        self._found: dict[str, Found] = {}
        self._total = 0

    def scan(self, clauses: Sequence[Clause]) -> None:
        """Count rows, and the failing rows of every clause that Arrow or one aggregate can count."""
        if self._rows.table is not None:
            self._found = find_in_memory(self._rows.table, self._rows.columns, clauses)
        else:
            self._found = find_in_relation(self._rows, clauses)
        plain = {clause.id: predicate for clause in clauses if (predicate := self._predicate(clause))}
        expressions = ["count(*)", *(f"count_if({predicate})" for predicate in plain.values())]
        if self._rows.table is not None and not plain:
            self._total, counts = self._rows.table.num_rows, []
        else:
            self._total, *counts = self._rows.aggregates(expressions)
        self._counts = dict(zip(plain, counts, strict=True))

    def result(self, clause: Clause) -> ClauseResult:
        """Judge one clause, using what the scan has counted."""
        missing = [name for name in _columns(clause.measure) if name not in self._rows.types]
        if missing:
            return replace(
                self._unjudged(clause, f"the column {missing[0]!r} is missing"), missing_column=missing[0]
            )
        if clause.id in self._found:
            found = self._found[clause.id]
            return self._verdict(clause, found.rows, kept=found.kept)
        match clause.measure:
            case MissingColumn(column):
                absent = int(column not in self._rows.types)
                found = self._verdict(clause, absent, message="it is missing" if absent else "it is")
                return replace(found, missing_column=column if absent else "")
            case RowCount():
                return self._verdict(clause, self._total)
            case FailingRows() if clause.engine == "pandera":
                return self._by_pandera(clause, clause.measure)
            case FailingRows():
                return self._verdict(clause, self._counts[clause.id], where=self._predicate(clause))
            case DuplicateRows(columns):
                return self._duplicates(clause, columns)
            case OrphanRows():
                return self._orphans(clause, clause.measure)
            case QueryValue(sql):
                return self._query(clause, sql)

    def _predicate(self, clause: Clause) -> str | None:
        measure = clause.measure
        if (
            not isinstance(measure, FailingRows)
            or isinstance(measure.condition, Parsed)
            or clause.engine != "duckdb"
            or clause.id in self._found
            or measure.column not in self._rows.types
        ):
            return None
        return measure.condition.failing(self._rows.columns[measure.column])

    def _verdict(
        self,
        clause: Clause,
        count: int,
        *,
        where: str | None = None,
        kept: pa.Table | None = None,
        message: str = "",
    ) -> ClauseResult:
        measured = clause.threshold.measured(count, self._total)
        passed = clause.threshold.accepts(measured)
        counts_rows = not isinstance(clause.measure, RowCount | MissingColumn)
        sample: list[dict[str, Any]] = []
        if not passed and count and where:
            sample = self._rows.sample(where)
        elif not passed and count and kept is not None:
            sample = self._rows.masked(as_relation(kept))
        unit = " percent" if clause.threshold.unit == "percent" else ""
        fail = "fails" if count == 1 else "fail"
        told = f"{count:,} of {counted(self._total, 'row')} {fail}" if counts_rows else f"found {measured:g}"
        found = message or (told + (f" ({measured:.4g}{unit})" if unit else ""))
        return ClauseResult(
            clause=clause,
            passed=passed,
            checked_rows=self._total,
            failing_rows=count if counts_rows else 0,
            message=f"{clause.description}: {found}",
            sample=sample,
            engine=clause.engine if kept is None else "arrow",
            measured=measured,
        )

    def _unjudged(self, clause: Clause, reason: str) -> ClauseResult:
        message = f"{clause.description}: cannot be judged, {reason}"
        return ClauseResult(clause, False, self._total, 0, message, engine=clause.engine, judged=False)

    def _by_pandera(self, clause: Clause, measure: FailingRows) -> ClauseResult:
        column = self._rows.columns[measure.column]
        failing = failing_values(self._rows, column, measure.condition)
        listed = ", ".join(literal(value) for value in failing.examples)
        where = f"CAST({column.value} AS VARCHAR) IN ({listed})" if listed else None
        return self._verdict(clause, failing.rows, where=where)

    def _duplicates(self, clause: Clause, columns: tuple[str, ...]) -> ClauseResult:
        keys = [self._rows.columns[name].value for name in columns]
        present = " AND ".join(f"{key} IS NOT NULL" for key in keys)
        group = ", ".join(keys)
        sizes = f"SELECT count(*) AS n FROM {JudgedRows.SOURCE} WHERE {present} GROUP BY {group}"
        counted = f"SELECT coalesce(sum(n - 1), 0) FROM ({sizes})"
        count = int(self._rows.query(counted).fetchall()[0][0])
        if clause.threshold.accepts(clause.threshold.measured(count, self._total)) or not count:
            return self._verdict(clause, count)
        types = [self._rows.columns[name] for name in columns]
        if any(column.family not in _PLAIN_KEYS or column.type == "UUID" for column in types):
            group = ", ".join(f"CAST({key} AS VARCHAR)" for key in keys)
        repeated = self._rows.query(
            f"SELECT {group} FROM {JudgedRows.SOURCE} WHERE {present} "
            f"GROUP BY {group} HAVING count(*) > 1 LIMIT {SAMPLE_ROWS}"
        ).fetchall()
        # A list of values is compared as rows go by; the same list as a subquery would be a join.
        return self._verdict(clause, count, where=f"({group}) IN ({_listed(repeated)})")

    def _orphans(self, clause: Clause, measure: OrphanRows) -> ClauseResult:
        if measure.target not in self._references:
            return self._unjudged(clause, f"the dataset {measure.target!r} is not at hand")
        target = as_relation(self._references[measure.target])
        absent = [name for name in measure.target_columns if name not in target.columns]
        if absent:
            return self._unjudged(clause, f"{measure.target} has no column {absent[0]!r}")
        keys = [self._rows.columns[name].value for name in measure.columns]
        orphans = orphan_keys(self._rows, keys, target, measure.target_columns)
        listed = _listed(orphans.examples)
        texts = ", ".join(f"CAST({key} AS VARCHAR)" for key in keys)
        return self._verdict(clause, orphans.rows, where=f"({texts}) IN ({listed})" if listed else None)

    def _query(self, clause: Clause, sql: str) -> ClauseResult:
        try:
            value = query_value(
                sql, self._names, clause.column, self._rows.relation(), self._references, self._now
            )
        except ContractError as error:
            return self._unjudged(clause, str(error))
        passed = clause.threshold.accepts(value)
        message = f"{clause.description}: the query gives {value}"
        return ClauseResult(clause, passed, self._total, 0, message, engine="duckdb", measured=value)


def _listed(keys: Sequence[tuple[Any, ...]]) -> str:
    return ", ".join(f"({', '.join(map(literal, key))})" for key in keys)


def _columns(measure: Measure) -> Iterator[str]:
    """Yield the columns that must be there for a measure to be taken."""
    match measure:
        case FailingRows(column=column):
            yield column
        case DuplicateRows(columns=columns) | OrphanRows(columns=columns):
            yield from columns
