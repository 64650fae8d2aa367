"""The schema part of a contract as a Pandera schema, for people who validate frames themselves."""

from collections.abc import Sequence

import pandera.pandas as pandera

from dqm_assets.quality.contracts.clause import Clause
from dqm_assets.quality.contracts.conditions.membership import NotMissing
from dqm_assets.quality.contracts.measure import DuplicateRows, FailingRows
from dqm_assets.quality.contracts.property import Property
from dqm_assets.quality.contracts.threshold import NONE_FAILING


def compile_schema(
    name: str, description: str, properties: Sequence[Property], clauses: Sequence[Clause]
) -> pandera.DataFrameSchema:
    """Compile columns, types, nullability, uniqueness, keys and every condition to Pandera.

    Each check carries the clause's id as its name, so that a failure case names its clause.
    Clauses with a tolerance, table-level metrics, SQL rules and relationships have no place
    in a Pandera schema; `Contract.check` judges those.
    """
    by_column: dict[str, list[Clause]] = {}
    for clause in clauses:
        if clause.column and clause.threshold == NONE_FAILING:
            by_column.setdefault(clause.column, []).append(clause)
    return pandera.DataFrameSchema(
        columns={prop.name: _column(prop, by_column.get(prop.name, [])) for prop in properties},
        checks=_key_checks(clauses),
        strict=False,
        name=name,
        description=description or None,
    )


def _column(prop: Property, clauses: list[Clause]) -> pandera.Column:
    checks = [check for clause in clauses if (check := _check(clause))]
    return pandera.Column(
        checks=checks, nullable=not prop.required, required=True, description=prop.description or None
    )


def _check(clause: Clause) -> pandera.Check | None:
    measure = clause.measure
    if isinstance(measure, DuplicateRows) and len(measure.columns) == 1:
        return pandera.Check(lambda values: ~values.duplicated(), name=clause.id, error=clause.description)
    if not isinstance(measure, FailingRows) or clause.kind == "required":
        return None
    judges_nulls = isinstance(measure.condition, NotMissing) or clause.kind == "nullValues"
    return pandera.Check(
        measure.condition.holds, name=clause.id, error=clause.description, ignore_na=not judges_nulls
    )


def _key_checks(clauses: Sequence[Clause]) -> list[pandera.Check]:
    checks: list[pandera.Check] = []
    for clause in clauses:
        measure = clause.measure
        if (
            not isinstance(measure, DuplicateRows)
            or len(measure.columns) == 1
            or clause.threshold != NONE_FAILING
        ):
            continue
        columns = list(measure.columns)

        def unique(frame, columns: list[str] = columns):
            return ~(frame.duplicated(subset=columns) & frame[columns].notna().all(axis=1))

        checks.append(pandera.Check(unique, name=clause.id, error=clause.description))
    return checks
