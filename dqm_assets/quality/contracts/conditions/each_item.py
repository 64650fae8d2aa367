"""Lists whose every item satisfies a condition."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dqm_assets.quality.contracts.conditions.base import Condition, JudgedColumn
from dqm_assets.quality.contracts.conditions.nested import plain_value
from dqm_assets.quality.contracts.logical_type import reading_sql

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class EachItem:
    """No item of the list breaks the condition; a list with one that does is one failing row."""

    condition: Condition
    logical_type: str | None
    #: Whether the condition is about nulls, and so about items that are null.
    judges_nulls: bool = False

    def failing(self, column: JudgedColumn) -> str:
        """See `Condition.failing`."""
        kind, raw = column.type.removesuffix("[]"), "item"
        if kind == "JSON":
            kind, raw = "VARCHAR", "(item ->> '$')"
        item = JudgedColumn(column.name, kind, raw, reading_sql(raw, self.logical_type, kind), kind)
        broken = f"coalesce({self.condition.failing(item)}, false)"
        return f"len(list_filter({column.value}, lambda item: {broken})) > 0"

    def holds(self, values: "pd.Series") -> "pd.Series":
        """See `Condition.holds`."""
        import pandas as pd  # noqa: PLC0415 (only frames need it)

        def each(value: Any) -> bool:
            items = pd.Series(list(plain_value(value)))
            judged = items if self.judges_nulls else items.dropna()
            return bool(self.condition.holds(judged.infer_objects()).all()) if len(judged) else True

        return values.map(each).astype(bool)

    def __str__(self) -> str:
        """See `Condition`."""
        return f"has only items of which each {self.condition}"
