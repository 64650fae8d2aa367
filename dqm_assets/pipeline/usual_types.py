"""Usual types: which columns of a dataset have been numeric for so long that text in them is a mistake."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import pyarrow as pa

from dqm_assets.pipeline.datasets import Dataset
from dqm_assets.store import Store

#: Files in which a column was numeric before it is expected to stay so.
NUMERIC_RUNS = 3
_RECENT_RUNS = 20

_SCHEMAS = """
    SELECT columns FROM monitoring.schema_history WHERE dataset = ? ORDER BY ts DESC, run_id DESC LIMIT ?
"""


@dataclass
class UsualTypes:
    """Files in which each column was numeric, counted while a load reads one file after another."""

    known: dict[str, pa.DataType] = field(default_factory=dict)
    numeric: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, store: Store, dataset: Dataset, table: pa.Schema) -> "UsualTypes":
        """Read what the newest files of a dataset had, of columns that are numeric in its table."""
        usual = cls({column.name: column.type for column in table if _is_numeric(column.type)})
        if usual.known:
            for row in store.rows(_SCHEMAS, [dataset.name, _RECENT_RUNS]):
                seen = [column["name"] for column in json.loads(row["columns"])]
                usual.numeric.update(name for name in seen if name in usual.known)
        return usual

    @property
    def types(self) -> dict[str, pa.DataType]:
        """Columns that have been numeric often enough, and as what."""
        return {name: kind for name, kind in self.known.items() if self.numeric[name] >= NUMERIC_RUNS}

    def add(self, columns: Iterable[tuple[str, pa.DataType]]) -> None:
        """Count the columns of one more file; a column that became text is expected to be nothing."""
        for name, kind in columns:
            if _is_numeric(kind):
                self.known[name] = kind if self.known.get(name, kind) == kind else pa.float64()
                self.numeric[name] += 1
            elif not pa.types.is_null(kind):
                self.known.pop(name, None)
                del self.numeric[name]


def _is_numeric(kind: pa.DataType) -> bool:
    return pa.types.is_integer(kind) or pa.types.is_floating(kind)
