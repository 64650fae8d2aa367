"""Mutation testing of a contract: is there data that each of its clauses catches?"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

import pyarrow as pa

from dqm_assets.quality.contracts.clause import Clause
from dqm_assets.quality.contracts.contract import Contract
from dqm_assets.quality.contracts.measure import (
    DuplicateRows,
    FailingRows,
    MissingColumn,
    OrphanRows,
    QueryValue,
    RowCount,
)
from dqm_assets.quality.contracts.mutant import (
    SHARES,
    breaking_values,
    resized,
    with_repeated_key,
    with_value,
)
from dqm_assets.quality.contracts.sla import Breach, Sla

#: Rows that mutants are made of; enough for percentages, few enough for a thousand mutants.
MUTANT_ROWS = 2000
Outcome = Literal["caught", "survived", "fails already"]
Mutant = tuple[str, pa.Table]
#: Name of the service level, what was done to the times, and what then does not hold.
_SlaMutant = tuple[str, str, list[Breach]]


@dataclass(frozen=True)
class MutationResult:
    """What became of the mutants of one clause."""

    clause: str
    line: int
    outcome: Outcome
    #: The mildest change that the clause caught, or why there is none.
    mutation: str


@dataclass(frozen=True)
class MutationReport:
    """Results of all clauses and service levels."""

    results: tuple[MutationResult, ...]

    @property
    def score(self) -> float:
        """Share of the clauses that caught a mutant, among those that pass on the data as it is; 0 to 1."""
        judged = [result for result in self.results if result.outcome != "fails already"]
        return sum(result.outcome == "caught" for result in judged) / len(judged) if judged else 0.0


def mutation_test(contract: Contract, data: pa.Table, *, now: datetime) -> MutationReport:
    """Mutate good data for every clause until the clause fails, mildest mutation first.

    Args:
        contract: the contract under test.
        data: rows that should satisfy it; the first `MUTANT_ROWS` are used.
        now: time of judgement.
    """
    rows = data.slice(0, MUTANT_ROWS)
    passing = {
        result.clause.id: result for result in contract.check(data, now=now, references=_self(contract, data))
    }
    results = [
        _test(contract, clause, rows, data, passing[clause.id].passed, now) for clause in contract.clauses
    ]
    return MutationReport((*results, *_test_sla(contract.sla, now)))


def _self(contract: Contract, data: pa.Table) -> dict[str, pa.Table]:
    """Stand in for referenced datasets: the keys that the data itself holds."""
    found: dict[str, pa.Table] = {}
    for clause in contract.clauses:
        if isinstance(clause.measure, OrphanRows) and set(clause.measure.columns) <= set(data.column_names):
            keys = data.select(list(clause.measure.columns)).rename_columns(
                list(clause.measure.target_columns)
            )
            found[clause.measure.target] = keys
    return found


def _test(
    contract: Contract, clause: Clause, rows: pa.Table, data: pa.Table, passing: bool, now: datetime
) -> MutationResult:
    if not passing:
        return MutationResult(clause.id, clause.line, "fails already", "the data as it is breaks this clause")
    references = _self(contract, data)

    def caught(mutant: pa.Table) -> bool:
        (result,) = contract.check(mutant, now=now, references=references, only={clause.id})
        return not result.passed and (result.judged or isinstance(clause.measure, MissingColumn))

    for told, mutant in _mutants(contract, clause, rows):
        if caught(mutant):
            return MutationResult(clause.id, clause.line, "caught", told)
    return MutationResult(clause.id, clause.line, "survived", "no mutation of the data makes it fail")


def _mutants(contract: Contract, clause: Clause, rows: pa.Table) -> Iterator[Mutant]:
    match clause.measure:
        case MissingColumn(column):
            yield f"{column} dropped", rows.drop_columns([column])
            yield f"{column} renamed", rows.rename_columns({column: f"{column}_renamed"})
        case RowCount():
            yield from resized(rows)
        case DuplicateRows(columns):
            for share in SHARES:
                yield f"{_share(share)} given the same key", with_repeated_key(rows, columns, share)
            yield "no rows", rows.slice(0, 0)
        case OrphanRows(columns=columns):
            for share in SHARES:
                yield from _valued(rows, columns[0], ["\u2620 mutant", -987654321], share)
        case FailingRows(column=column, condition=condition):
            stated = (*contract.properties, *contract.nested)
            logical_type = next(prop.logical_type for prop in stated if prop.name == column)
            values = list(breaking_values(condition, logical_type))
            for share in SHARES:
                yield from _valued(rows, column, values, share)
            yield "no rows", rows.slice(0, 0)
        case QueryValue():
            yield from _query_mutants(clause, rows)


def _query_mutants(clause: Clause, rows: pa.Table) -> Iterator[Mutant]:
    """Try what a query may be about: its column if it stands under one, else every column; then the size."""
    columns = [clause.column] if clause.column else rows.column_names
    for share in SHARES[1:]:
        for column in columns:
            yield from _valued(rows, column, [None, -1e12, 1e12, 0, "\u2620 mutant"], share)
            yield f"{_share(share)} given the same {column}", with_repeated_key(rows, (column,), share)
    yield from resized(rows)


def _valued(rows: pa.Table, column: str, values: list, share: float) -> Iterator[Mutant]:
    for value in values:
        shown = str(value)[:20]
        yield f"{_share(share)} with {column} = {shown!r}", with_value(rows, column, value, share)


def _share(share: float) -> str:
    return "one row" if share == 0 else f"{share:.0%} of the rows"


def _test_sla(sla: Sla, now: datetime) -> list[MutationResult]:
    """Mutate the times: stale data, old data, a batch that does not come, a day that has passed."""
    results = [
        MutationResult(f"sla__{name}", 0, "caught" if _breaks(name, breaches) else "survived", told)
        for name, told, breaches in (*_stretched(sla, now), *_overdue(sla, now))
    ]
    for name, end in (("endOfSupport", sla.end_of_support), ("endOfLife", sla.end_of_life)):
        if end is not None:
            results.append(_ended(sla, name, end, now))
    return results


def _breaks(name: str, breaches: Sequence[Breach]) -> bool:
    return any(breach.property == name for breach in breaches)


def _stretched(sla: Sla, now: datetime) -> Iterator[_SlaMutant]:
    late = timedelta(days=36_500)
    told = f"stretched by {late.days // 365} years"
    if sla.latency is not None:
        yield "latency", f"latency {told}", sla.breaches(now, newest=now - late, arrivals=[now])
    if sla.retention is not None:
        breaches = sla.breaches(now, newest=now, oldest=now - late, arrivals=[now])
        yield "retention", f"retention {told}", breaches
    if sla.frequency is not None:
        yield "frequency", f"frequency {told}", sla.breaches(now, newest=now, arrivals=[now - late])


def _overdue(sla: Sla, now: datetime) -> Iterator[_SlaMutant]:
    """Yield, for each time of availability, the moment at which data is due, with none of that day."""
    for one in sla.availability:
        due = datetime.combine(now.astimezone(one.by.tzinfo).date(), one.by)
        alone = replace(sla, availability=(one,))
        breaches = alone.breaches(due, newest=due - timedelta(days=2), arrivals=[due])
        yield "timeOfAvailability", f"{one.by.isoformat()} passed without data of the day", breaches


def _ended(sla: Sla, name: str, end: datetime, now: datetime) -> MutationResult:
    """Let the day pass: no change of the data can break this level, only the clock does."""
    if _breaks(name, sla.breaches(now, newest=now, arrivals=[now])):
        return MutationResult(f"sla__{name}", 0, "fails already", f"{name} was {end.isoformat()}")
    try:
        after = end + timedelta(seconds=1)
    except OverflowError:
        return MutationResult(f"sla__{name}", 0, "survived", f"no clock passes {end.isoformat()}")
    caught = _breaks(name, sla.breaches(after, newest=after, arrivals=[after]))
    return MutationResult(
        f"sla__{name}", 0, "caught" if caught else "survived", f"judged at {after.isoformat()}"
    )
