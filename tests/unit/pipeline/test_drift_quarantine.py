"""Values that a contract lists are told by what they mean."""

from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from dqm_assets.pipeline.drift_quarantine import _rejects
from tests.unit.quality.contracts.making import contract


@pytest.mark.parametrize(
    ("kind", "listed", "values"),
    [
        (pa.float64(), "2.0, 0.5", [2.0, 0.5, 3.0]),
        (pa.int64(), "2.0, 1", [2, 1, 3]),
        (pa.decimal128(5, 2), "1.5, 2", [Decimal("1.50"), Decimal("2.00"), Decimal("3.00")]),
        (pa.bool_(), "true", [True, True, False]),
        (pa.string(), "a, b", ["a", "b", "c"]),
        (pa.int64(), "a, b", [None, None, 3]),
    ],
)
def test_only_the_row_whose_value_is_not_listed_is_kept_out(
    kind: pa.DataType, listed: str, values: list[Any]
) -> None:
    made = contract(f"""
        schema:
          - name: orders
            properties:
              - name: price
                enum: [{", ".join(f"{{value: {one}}}" for one in listed.split(", "))}]
    """)
    table = pa.table({"_line": [2, 3, 4], "price": pa.array(values, kind)})
    assert [reject.line for reject in _rejects(made, table)] == [4]
