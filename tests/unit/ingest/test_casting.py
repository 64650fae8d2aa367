from datetime import date
from decimal import Decimal

import pyarrow as pa
import pytest

from dqm_assets.ingest.casting import cast_column


@pytest.mark.parametrize(
    ("declared", "texts", "values", "failed"),
    [
        (pa.int64(), ["1", "+2", "3.0", " 4 ", "007", None], [1, 2, 3, 4, 7, None], []),
        (pa.int64(), ["1", "2.5", "x", "99999999999999999999"], [1, None, None, None], [1, 2, 3]),
        (pa.int8(), ["127", "128"], [127, None], [1]),
        (pa.float64(), ["1", ".5", "1e3", "NA", "-"], [1.0, 0.5, 1000.0, None, None], []),
        (pa.float64(), ["1,5", "0x10", "1.2.3"], [None, None, None], [0, 1, 2]),
        (pa.decimal128(6, 2), ["12.34", "12.345", "99999.5"], [Decimal("12.34"), None, None], [1, 2]),
        (pa.bool_(), ["true", "No", "1", "maybe"], [True, False, True, None], [3]),
        (pa.date32(), ["2020-01-31", "2020-01-31 10:00", "31.01.2020"], None, [1]),
        (pa.string(), [" 1 ", "NA", None], [" 1 ", "NA", None], []),
    ],
)
def test_values_cast_or_are_named(declared: pa.DataType, texts: list, values: list, failed: list) -> None:
    cast = cast_column(pa.chunked_array([pa.array(texts, pa.string())]), declared)
    assert cast.values.type == declared
    assert list(cast.failed.nonzero()[0]) == failed
    if values is not None:
        assert cast.values.to_pylist() == values


def test_a_declared_date_is_month_first_where_nothing_decides() -> None:
    cast = cast_column(pa.chunked_array([["01/02/2020"]]), pa.date32())
    assert cast.values.to_pylist() == [date(2020, 1, 2)]


def test_one_bad_value_among_many_is_found() -> None:
    texts = [str(i) for i in range(100_000)]
    texts[70_001] = "9" * 30
    cast = cast_column(pa.chunked_array([texts]), pa.int64())
    assert list(cast.failed.nonzero()[0]) == [70_001]
