"""Foreign keys: the references of ODCS relationships, resolved to columns."""

from collections.abc import Mapping, Sequence

from dqm_assets.quality.contracts.measure import OrphanRows
from dqm_assets.quality.contracts.problem import nearest


def read_relationship(
    source: str | Sequence[str] | None,
    target: str | Sequence[str],
    dataset: str,
    names: Mapping[str, str],
    column: str = "",
) -> OrphanRows:
    """Resolve a relationship from a dataset's columns to another dataset's.

    Args:
        source: references of the ``from`` side; None under a property.
        target: references of the ``to`` side, ``table.column`` or ``schema/<id>/properties/<id>``.
        dataset: name of the dataset under contract.
        names: name (or id) in the contract → name in the data.
        column: column in the data of the property that the relationship stands under.

    Raises:
        ValueError: a reference that names no column of the dataset, or sides that do not match.
    """
    targets = [_split(reference) for reference in _listed(target)]
    if source is None:
        columns = [column]
    else:
        columns = [_own_column(reference, dataset, names) for reference in _listed(source)]
    tables = {table for table, _ in targets}
    if len(tables) != 1:
        raise ValueError(f"'to' names several datasets ({', '.join(sorted(tables))}); a key refers to one")
    if len(columns) != len(targets):
        raise ValueError(f"'from' has {len(columns)} columns and 'to' has {len(targets)}; give as many")
    return OrphanRows(tuple(columns), tables.pop(), tuple(name for _, name in targets))


def _listed(reference: str | Sequence[str]) -> list[str]:
    return [reference] if isinstance(reference, str) else list(reference)


def _split(reference: str) -> tuple[str, str]:
    """Return dataset and column of a reference in short or full notation."""
    path = reference.rsplit("#", 1)[-1].strip("/")
    if "/" in path:
        steps = path.split("/")
        if "schema" in steps and "properties" in steps:
            return steps[steps.index("schema") + 1], steps[steps.index("properties") + 1]
        raise ValueError(f"the reference {reference!r} names no property")
    table, _, name = path.rpartition(".")
    return table, name


def _own_column(reference: str, dataset: str, names: Mapping[str, str]) -> str:
    _table, name = _split(reference)
    if name not in names:
        raise ValueError(f"'from' {reference!r} is no property of {dataset}{nearest(name, list(names))}")
    return names[name]
