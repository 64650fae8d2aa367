"""Schema drift: what changed between the columns of two batches."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from dqm_assets.quality.category_drift import category_changes
from dqm_assets.quality.name_similarity import name_similarity
from dqm_assets.quality.pairing import pair_alike
from dqm_assets.quality.value_similarity import ValueProfile, distinctive, value_similarity

ChangeKind = Literal[
    "added", "removed", "renamed", "retyped", "widened", "reordered", "nullability", "values"
]

#: A rename is proposed from this likeness on: of the names, or of names and values together.
RENAME_THRESHOLD = 0.72
_NAME_WEIGHT = 0.5
#: Names that are but spelled or abbreviated otherwise stand whatever the values, which may change too.
_SURE_NAME = 0.9
#: Values that are as alike as this propose a rename whatever the names, with this much less confidence.
_SURE_VALUES, _VALUES_ALONE = 0.9, 0.8
_INTEGERS = ("int8", "int16", "int32", "int64")
_FLOATS = ("float", "halffloat", "double")


@dataclass(frozen=True)
class SeenColumn:
    """A column of a batch."""

    name: str
    #: Arrow type as text (``int64``, ``timestamp[us, tz=UTC]``); ``null`` when no value was seen; empty
    #: when unknown.
    type: str = ""
    #: Name as written in the file, when it was normalised; a change of it alone is a rename.
    written: str = ""
    #: Whether nulls may come or came; None when unknown.
    nullable: bool | None = None
    #: Rows of each frequent value, of a column that holds categories; empty when it does not, or is unknown.
    categories: Mapping[str, int] = field(default_factory=dict, hash=False)

    @property
    def label(self) -> str:
        """Name as its source writes it."""
        return self.written or self.name


@dataclass(frozen=True)
class SchemaChange:
    """One difference between two schemas."""

    kind: ChangeKind
    #: Name of the column now; of a removed one, its old name.
    column: str
    before: str = ""
    after: str = ""
    #: How sure a proposed rename is, 0 to 1; everything else is certain.
    confidence: float = 1.0

    @property
    def breaking(self) -> bool:
        """Whether a consumer of the old schema can fail: a new column or a wider type breaks nothing."""
        return self.kind in {"removed", "renamed", "retyped"} or (
            self.kind == "nullability" and self.after == "nullable"
        )

    @property
    def message(self) -> str:
        """Say the change in one sentence."""
        told = {
            "added": f"column {self.column} was added ({self.after})",
            "removed": f"column {self.column} was removed ({self.before})",
            "renamed": f"column {self.before} was probably renamed to {self.after} ({self.confidence:.0%})",
            "retyped": f"column {self.column} changed its type from {self.before} to {self.after}",
            "widened": f"column {self.column} was widened from {self.before} to {self.after}",
            "reordered": f"columns came in another order: {self.after}, before {self.before}",
            "nullability": f"column {self.column} was {self.before} and is {self.after}",
            "values": f"values of column {self.column} changed: {self.after}",
        }
        return told[self.kind]


def schema_changes(
    before: Sequence[SeenColumn],
    after: Sequence[SeenColumn],
    *,
    values_before: Mapping[str, ValueProfile] | None = None,
    values_after: Mapping[str, ValueProfile] | None = None,
) -> list[SchemaChange]:
    """Compare two schemas.

    Args:
        before: the earlier columns, in file order.
        after: the later columns, in file order.
        values_before: column profiles by name; with both sides, values speak for or against a rename,
            unless the names say it.
        values_after: column profiles by name.

    Returns:
        Renames first, then removals, additions, changes of type, nullability and categories, and a
        change of order among the columns that stayed. Equal schemas give nothing.
    """
    old = {column.name: column for column in before}
    new = {column.name: column for column in after}
    gone = [name for name in old if name not in new]
    fresh = [name for name in new if name not in old]

    def alike(first: str, second: str) -> float:
        return _likeness(
            old[first], new[second], (values_before or {}).get(first), (values_after or {}).get(second)
        )

    pairs = pair_alike(gone, fresh, alike, RENAME_THRESHOLD)
    renamed = {first: second for first, second, _ in pairs}
    changes = [SchemaChange("renamed", b, old[a].label, new[b].label, c) for a, b, c in pairs]
    changes += _respelled(old, new)
    changes += [SchemaChange("removed", n, before=old[n].type or "?") for n in gone if n not in renamed]
    changes += [
        SchemaChange("added", n, after=new[n].type or "?") for n in fresh if n not in renamed.values()
    ]
    kept = [(name, renamed.get(name, name)) for name in old if renamed.get(name, name) in new]
    for first, second in kept:
        changes += _column_changes(old[first], new[second])
    return [*changes, *_order([second for _, second in kept], list(new))]


def _likeness(
    old: SeenColumn, new: SeenColumn, old_values: ValueProfile | None, new_values: ValueProfile | None
) -> float:
    if not _compatible(old.type, new.type):
        return 0.0
    names = max(name_similarity(old.label, new.label), name_similarity(old.name, new.name))
    if old_values is None or new_values is None:
        return names
    values = value_similarity(old_values, new_values)
    mixed = _NAME_WEIGHT * names + (1 - _NAME_WEIGHT) * values
    if names >= _SURE_NAME:
        return max(names, mixed)
    alone = values >= _SURE_VALUES and distinctive(old_values) and distinctive(new_values)
    return max(mixed, _VALUES_ALONE * values) if alone else mixed


def _respelled(old: Mapping[str, SeenColumn], new: Mapping[str, SeenColumn]) -> list[SchemaChange]:
    """List columns whose name in the file changed though their normalised name did not."""
    return [
        SchemaChange("renamed", name, old[name].written, new[name].written)
        for name in old
        if name in new and old[name].written and new[name].written and old[name].written != new[name].written
    ]


def _column_changes(old: SeenColumn, new: SeenColumn) -> list[SchemaChange]:
    changes: list[SchemaChange] = []
    if _retyped(old.type, new.type):
        kind: ChangeKind = "widened" if _widens(old.type, new.type) else "retyped"
        changes.append(SchemaChange(kind, new.name, old.type, new.type))
    if old.nullable is not None and new.nullable is not None and old.nullable != new.nullable:
        words = {True: "nullable", False: "never null"}
        changes.append(SchemaChange("nullability", new.name, words[old.nullable], words[new.nullable]))
    if old.categories and new.categories:
        told = [change.message for change in category_changes(old.categories, new.categories)]
        if told:
            changes.append(SchemaChange("values", new.name, ", ".join(old.categories), "; ".join(told)))
    return changes


def _order(expected: list[str], seen: list[str]) -> list[SchemaChange]:
    actual = [name for name in seen if name in set(expected)]
    if actual == expected:
        return []
    return [SchemaChange("reordered", "", ", ".join(expected), ", ".join(actual))]


def _family(arrow_type: str) -> str:
    for family, names in (
        ("integer", (*_INTEGERS, "uint8", "uint16", "uint32", "uint64")),
        ("float", _FLOATS),
    ):
        if arrow_type in names:
            return family
    return arrow_type.split("[", maxsplit=1)[0].removeprefix("large_")


def _compatible(old: str, new: str) -> bool:
    known = {"", "null"}
    if old in known or new in known:
        return True
    numeric = {"integer", "float", "decimal128"}
    one, two = _family(old), _family(new)
    return one == two or {one, two} <= numeric


def _retyped(old: str, new: str) -> bool:
    # A column without values has no type of its own yet.
    return old != new and not {old, new} & {"", "null"} and not _same_kind(old, new)


def _same_kind(old: str, new: str) -> bool:
    one, two = _family(old), _family(new)
    return one == two and one not in {"integer", "float", "decimal128"}


def _widens(old: str, new: str) -> bool:
    for ladder in (_INTEGERS, ("uint8", "uint16", "uint32", "uint64"), ("halffloat", "float", "double")):
        if old in ladder and new in ladder:
            return ladder.index(new) > ladder.index(old)
    return _family(old) == "integer" and new == "double"
