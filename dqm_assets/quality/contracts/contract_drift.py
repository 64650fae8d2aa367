"""Schema drift against a contract: what of a batch's columns is not as they are promised."""

from collections.abc import Mapping, Sequence

from dqm_assets.quality.category_drift import OTHERS
from dqm_assets.quality.contracts.contract import Contract
from dqm_assets.quality.drift import SchemaChange, SeenColumn, schema_changes
from dqm_assets.quality.value_similarity import ValueProfile


def contract_changes(
    contract: Contract, seen: Sequence[SeenColumn], *, values: Mapping[str, ValueProfile] | None = None
) -> list[SchemaChange]:
    """Compare a batch's columns with those that a contract states.

    Another order, or another spelling of a header that normalises to the same name, keeps to the contract,
    and so does a column that could hold nulls and holds none.
    """
    stated = [
        SeenColumn(prop.name, str(prop.arrow_type or ""), nullable=False if prop.required else None)
        for prop in contract.properties
    ]
    batch = [SeenColumn(column.name, column.type, nullable=column.nullable or None) for column in seen]
    found = schema_changes(stated, batch, values_after=values)
    return [change for change in found if change.kind != "reordered"] + _not_allowed(contract, seen)


def _not_allowed(contract: Contract, seen: Sequence[SeenColumn]) -> list[SchemaChange]:
    """List the columns with frequent values that their contract does not list."""
    batch = {column.name: column for column in seen}
    changes: list[SchemaChange] = []
    for prop in contract.properties:
        column = batch.get(prop.name)
        if column is None or not prop.allowed:
            continue
        strange = [value for value in column.categories if value not in {*prop.allowed, OTHERS}]
        if strange:
            told = f"{', '.join(map(repr, strange))} {'is' if len(strange) == 1 else 'are'} not allowed"
            changes.append(SchemaChange("values", prop.name, ", ".join(prop.allowed), told))
    return changes
