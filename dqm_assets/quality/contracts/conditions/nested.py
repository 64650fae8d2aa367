"""Lists, vectors and objects: their sizes, repeated items and keys."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dqm_assets.quality.contracts.conditions.base import JudgedColumn
from dqm_assets.quality.contracts.sql_text import text
from dqm_assets.quality.plural import counted

if TYPE_CHECKING:
    import pandas as pd


def plain_value(value: Any) -> Any:
    """Return a nested value as Python's own; JSON text is read."""
    return json.loads(value) if isinstance(value, str) else value


@dataclass(frozen=True, slots=True)
class ItemCount:
    """The list has at least ``minimum`` and at most ``maximum`` items."""

    minimum: int | None = None
    maximum: int | None = None

    def failing(self, column: JudgedColumn) -> str:
        """See `Condition.failing`."""
        sides = [f"len({column.value}) < {self.minimum}"] if self.minimum is not None else []
        sides += [f"len({column.value}) > {self.maximum}"] if self.maximum is not None else []
        return " OR ".join(sides)

    def holds(self, values: "pd.Series") -> "pd.Series":
        """See `Condition.holds`."""
        low, high = self.minimum or 0, self.maximum if self.maximum is not None else float("inf")
        return values.map(lambda value: low <= len(plain_value(value)) <= high).astype(bool)

    def __str__(self) -> str:
        """See `Condition`."""
        if self.minimum == self.maximum:
            return f"has exactly {counted(self.minimum or 0, 'item')}"
        return (
            f"has at least {counted(self.minimum or 0, 'item')}"
            if self.maximum is None
            else f"has at most {counted(self.maximum, 'item')}"
        )


@dataclass(frozen=True, slots=True)
class UniqueItems:
    """No item of the list occurs twice; nulls in the list are not compared."""

    def failing(self, column: JudgedColumn) -> str:
        """See `Condition.failing`."""
        known = f"list_filter({column.value}, lambda item: item IS NOT NULL)"
        return f"len(list_distinct({known})) <> len({known})"

    def holds(self, values: "pd.Series") -> "pd.Series":
        """See `Condition.holds`."""

        def unique(value: Any) -> bool:
            # A null among numbers arrives as NaN, which equals nothing.
            known = [item for item in plain_value(value) if item is not None and item == item]  # noqa: PLR0124
            items = [json.dumps(item, sort_keys=True, default=str) for item in known]
            return len(set(items)) == len(items)

        return values.map(unique).astype(bool)

    def __str__(self) -> str:
        """See `Condition`."""
        return "has no repeated items"


@dataclass(frozen=True, slots=True)
class Keys:
    """The object has the required keys, and a number of keys within the bounds."""

    required: tuple[str, ...] = ()
    minimum: int | None = None
    maximum: int | None = None

    def failing(self, column: JudgedColumn) -> str:
        """See `Condition.failing`."""
        document = f"to_json({column.value})"
        sides = [f"NOT json_exists({document}, {text(_pointer(key))})" for key in self.required]
        count = f"len(json_keys({document}))"
        sides += [f"{count} < {self.minimum}"] if self.minimum is not None else []
        sides += [f"{count} > {self.maximum}"] if self.maximum is not None else []
        return f"{column.value} IS NOT NULL AND ({' OR '.join(sides)})"

    def holds(self, values: "pd.Series") -> "pd.Series":
        """See `Condition.holds`."""
        low, high = self.minimum or 0, self.maximum if self.maximum is not None else float("inf")

        def has(value: Any) -> bool:
            keys = dict(plain_value(value)).keys()
            return set(self.required) <= keys and low <= len(keys) <= high

        return values.map(has).astype(bool)

    def __str__(self) -> str:
        """See `Condition`."""
        if self.required:
            return f"has the keys {', '.join(self.required)}"
        return (
            f"has at least {counted(self.minimum or 0, 'key')}"
            if self.maximum is None
            else f"has at most {counted(self.maximum, 'key')}"
        )


def _pointer(key: str) -> str:
    return "/" + key.replace("~", "~0").replace("/", "~1")
