"""What changed between two versions of a contract, and which changes break consumers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from dqm_assets.quality.contracts.clause import Clause
from dqm_assets.quality.contracts.contract import Contract
from dqm_assets.quality.contracts.strictness import direction
from dqm_assets.quality.drift import SeenColumn, schema_changes

_TOLD = {
    "looser": "promises less",
    "stricter": "promises more",
    "other": "promises something else",
    "same": "is the same",
}


@dataclass(frozen=True)
class ContractChange:
    """One difference; it breaks when the new version allows data that the old one kept from consumers."""

    #: ``dataset``, ``column``, ``clause`` or ``sla``.
    part: str
    #: Column or clause or service level.
    name: str
    message: str
    breaking: bool


def compare_contracts(old: Contract, new: Contract) -> list[ContractChange]:
    """List the differences, the breaking ones first."""
    changes = [*_names(old, new), *_columns(old, new), *_clauses(old, new), *_levels(old, new)]
    return sorted(changes, key=lambda change: not change.breaking)


def _names(old: Contract, new: Contract) -> list[ContractChange]:
    return [
        ContractChange("dataset", what, f"the {what} changed from {before!r} to {after!r}", breaking=True)
        for what, before, after in (("dataset", old.dataset, new.dataset), ("table", old.table, new.table))
        if before != after
    ]


def _columns(old: Contract, new: Contract) -> list[ContractChange]:
    return [
        ContractChange("column", change.column, change.message, change.breaking)
        for change in schema_changes(_stated(old), _stated(new))
        if change.kind != "reordered"
    ]


def _stated(contract: Contract) -> list[SeenColumn]:
    return [
        SeenColumn(prop.name, prop.logical_type or "", nullable=not prop.required)
        for prop in contract.properties
    ]


def _clauses(old: Contract, new: Contract) -> list[ContractChange]:
    # What columns and nullability state is told by `_columns` already.
    told = {"column", "type", "required"}
    before = {clause.id: clause for clause in old.clauses if clause.kind not in told}
    after = {clause.id: clause for clause in new.clauses if clause.kind not in told}
    columns = {prop.name for prop in new.properties}
    changes = [
        ContractChange("clause", name, f"no longer promised: {clause.description}", breaking=True)
        for name, clause in before.items()
        if name not in after and (not clause.column or clause.column in columns)
    ]
    changes += [
        ContractChange("clause", name, f"promised as well: {clause.description}", breaking=False)
        for name, clause in after.items()
        if name not in before
    ]
    return [
        *changes,
        *(_changed(clause, after[name]) for name, clause in before.items() if _differs(clause, after, name)),
    ]


def _differs(clause: Clause, after: dict[str, Clause], name: str) -> bool:
    other = after.get(name)
    return other is not None and (direction(clause, other) != "same" or other.severity != clause.severity)


def _changed(old: Clause, new: Clause) -> ContractChange:
    way = direction(old, new)
    if way == "same":
        message = f"{new.id}: severity {old.severity} became {new.severity}"
        return ContractChange("clause", new.id, message, breaking=old.severity == "error")
    message = f"{new.id} {_TOLD[way]}: {old.description}; now {new.description}"
    return ContractChange("clause", new.id, message, breaking=way != "stricter")


def _levels(old: Contract, new: Contract) -> list[ContractChange]:
    changes: list[ContractChange] = []
    for name in ("latency", "frequency"):
        before: timedelta | None = getattr(old.sla, name)
        after: timedelta | None = getattr(new.sla, name)
        if before != after:
            weaker = after is None or (before is not None and after > before)
            message = f"{name} changed from {before or 'none'} to {after or 'none'}"
            changes.append(ContractChange("sla", name, message, breaking=weaker))
    if old.sla.retention != new.sla.retention:
        shorter = new.sla.retention is not None and (old.sla.retention or timedelta.max) > new.sla.retention
        message = f"retention changed from {old.sla.retention or 'none'} to {new.sla.retention or 'none'}"
        changes.append(ContractChange("sla", "retention", message, breaking=shorter))
    if set(old.sla.availability) != set(new.sla.availability):
        changes.append(
            ContractChange("sla", "timeOfAvailability", "the time of availability changed", breaking=True)
        )
    return changes


def compare_files(old: Sequence[Contract], new: Sequence[Contract]) -> list[ContractChange]:
    """Compare all datasets of two files by name; a dataset that is gone breaks, a new one does not.

    Files of one dataset each are compared whatever its name, so that a rename is seen as one.
    """
    if len(old) == len(new) == 1:
        return compare_contracts(old[0], new[0])
    before = {contract.dataset: contract for contract in old}
    after = {contract.dataset: contract for contract in new}
    changes = [
        ContractChange("dataset", name, f"the dataset {name} is gone", breaking=True)
        for name in before
        if name not in after
    ]
    changes += [
        ContractChange("dataset", name, f"the dataset {name} is new", breaking=False)
        for name in after
        if name not in before
    ]
    for name, contract in before.items():
        if name in after:
            changes += compare_contracts(contract, after[name])
    return sorted(changes, key=lambda change: not change.breaking)
