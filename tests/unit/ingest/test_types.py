from itertools import product

import pyarrow as pa
import pytest

from dqm_assets.ingest.types import conform, widen, widen_schema, without_empty_columns

US = pa.timestamp("us", tz="UTC")
TYPES = [
    pa.null(),
    pa.bool_(),
    pa.int8(),
    pa.int64(),
    pa.uint64(),
    pa.float32(),
    pa.float64(),
    pa.decimal128(10, 2),
    pa.decimal128(38, 10),
    pa.date32(),
    pa.timestamp("s"),
    US,
    pa.timestamp("ns", tz="UTC"),
    pa.string(),
    pa.large_string(),
    pa.binary(),
    pa.list_(pa.int64()),
]


@pytest.mark.parametrize(
    ("a", "b", "wide"),
    [
        (pa.null(), pa.int32(), pa.int64()),
        (pa.int64(), pa.float64(), pa.float64()),
        (pa.int64(), pa.string(), pa.string()),
        (pa.float64(), pa.string(), pa.string()),
        (pa.bool_(), pa.int64(), pa.string()),
        (pa.date32(), US, US),
        (pa.date32(), pa.string(), pa.string()),
        (pa.date32(), pa.int64(), pa.string()),
        (pa.int64(), pa.decimal128(5, 2), pa.decimal128(21, 2)),
        (pa.decimal128(5, 2), pa.float64(), pa.float64()),
        (pa.timestamp("s"), pa.timestamp("ns"), pa.timestamp("ns", tz="UTC")),
    ],
)
def test_types_widen(a: pa.DataType, b: pa.DataType, wide: pa.DataType) -> None:
    assert widen(a, b) == widen(b, a) == wide


def test_widening_does_not_depend_on_the_order_of_files() -> None:
    for a, b, c in product(TYPES, repeat=3):
        assert widen(a, b) == widen(b, a)
        assert widen(a, widen(a, b)) == widen(a, b)
        assert widen(widen(a, b), c) == widen(a, widen(b, c))


def test_a_schema_gains_columns_and_loses_none() -> None:
    known = pa.schema([("a", pa.int64()), ("b", pa.date32())])
    arriving = pa.schema([("c", pa.string()), ("a", pa.float64())])
    assert widen_schema(known, arriving) == pa.schema(
        [("a", pa.float64()), ("b", pa.date32()), ("c", pa.string())]
    )


def test_a_table_conforms_to_a_wider_schema_without_losing_a_value() -> None:
    table = pa.table(
        {
            "n": [1, None],
            "when": pa.array([0, None], US),
            "day": pa.array([1, None], pa.date32()),
            "yes": [True, None],
            "none": pa.nulls(2),
        }
    )
    schema = pa.schema(
        [
            ("new", pa.string()),
            ("n", pa.float64()),
            ("when", pa.string()),
            ("day", US),
            ("yes", pa.string()),
            ("none", pa.int64()),
        ]
    )
    wide = conform(table, schema)
    assert wide.schema == schema
    assert wide["n"].to_pylist() == [1.0, None]
    assert wide["when"][0].as_py().startswith("1970-01-01T00:00:00")
    assert wide["day"][0].as_py().day == 2
    assert wide["yes"].to_pylist() == ["true", None]


def test_a_table_is_never_narrowed() -> None:
    with pytest.raises(pa.ArrowInvalid):
        conform(pa.table({"a": [1.5]}), pa.schema([("a", pa.int64())]))


def test_columns_without_a_value_wait_for_their_type() -> None:
    assert without_empty_columns(pa.table({"a": [1], "b": pa.nulls(1)})).column_names == ["a"]
