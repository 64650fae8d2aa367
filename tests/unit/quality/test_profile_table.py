"""Profiles of whole tables: types, nulls, batches, segments, and every library that speaks Arrow."""

import datetime as dt
from decimal import Decimal

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from dqm_assets.errors import KernelError
from dqm_assets.quality.profile import Profile, profile

NUMBER_TYPES = [
    pa.int8(),
    pa.int16(),
    pa.int32(),
    pa.int64(),
    pa.uint8(),
    pa.uint16(),
    pa.uint32(),
    pa.uint64(),
    pa.float16(),
    pa.float32(),
    pa.float64(),
    pa.decimal32(5, 2),
    pa.decimal64(12, 2),
    pa.decimal128(20, 2),
    pa.decimal256(40, 2),
    pa.duration("s"),
    pa.dictionary(pa.int8(), pa.int64()),
]
VALUES = [3, None, 0, 7, 7, None, 1]


def typed(values: list, type_: pa.DataType) -> pa.Array:
    if pa.types.is_float16(type_):
        return pa.array([None if v is None else np.float16(v) for v in values], type_)
    if pa.types.is_decimal(type_):
        return pa.array([None if v is None else Decimal(v) for v in values], type_)
    if pa.types.is_dictionary(type_):
        return pa.array(values, type_.value_type).dictionary_encode()
    return pa.array(values, type_)


def column(array: pa.Array) -> dict:
    return profile(pa.table({"c": array})).columns["c"].metrics()


@pytest.mark.parametrize("type_", NUMBER_TYPES, ids=str)
def test_every_number_type_gives_the_same_metrics(type_: pa.DataType) -> None:
    metrics = column(typed(VALUES, type_))
    assert metrics["row_count"] == 7
    assert metrics["null_count"] == 2
    assert metrics["zero_count"] == 1
    assert (metrics["min"], metrics["max"], metrics["sum"]) == (0, 7, 18)
    assert metrics["mean"] == pytest.approx(3.6, rel=1e-15)
    assert metrics["stddev"] == pytest.approx(np.std([3, 0, 7, 7, 1], ddof=1), rel=1e-15)
    assert metrics["p50"] == 3
    assert metrics["distinct_count"] == 4
    assert metrics["longest_repeat"] == 2


@pytest.mark.parametrize(
    "type_",
    [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())],
    ids=str,
)
def test_every_text_type_gives_the_same_metrics(type_: pa.DataType) -> None:
    values = ["apple", None, "", "  ", "apple", "apple", "a longer text that no view holds inline", "Ünïcode"]
    array = pa.array(values)
    array = array.dictionary_encode() if pa.types.is_dictionary(type_) else array.cast(type_)
    found = profile(pa.table({"c": array})).columns["c"]
    metrics = found.metrics()
    assert found.kind == "string"
    assert metrics["null_count"] == 1
    assert metrics["empty_count"] == 1
    assert metrics["blank_count"] == 2
    assert (metrics["min_length"], metrics["max_length"]) == (0, 39)
    assert (metrics["min"], metrics["max"]) == ("", "Ünïcode")
    assert metrics["distinct_count"] == 5
    assert metrics["longest_repeat"] == 2
    assert metrics["mean_length"] == pytest.approx((5 * 3 + 0 + 2 + 39 + 7) / 7)
    assert found.top_k(1) == [("apple", 3.0, 0.0)]


def test_binary_lengths_are_bytes() -> None:
    for array in (pa.array([b"ab", b"\xff\xfe\x00"], pa.binary()), pa.array([b"abc", b"xyz"], pa.binary(3))):
        assert column(array)["max_length"] == 3


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_times_of_every_unit_give_the_same_metrics(unit: str) -> None:
    start = dt.datetime(2024, 2, 28, 23, 59)
    times = [start + dt.timedelta(seconds=60 * i) for i in range(10)]
    times = [*times, None, times[-1] + dt.timedelta(hours=2)]
    found = profile(pa.table({"t": pa.array(times, pa.timestamp(unit))})).columns["t"]
    metrics = found.metrics()
    assert found.kind == "time"
    assert metrics["min"] == "2024-02-28 23:59:00"
    assert metrics["range_seconds"] == 540 + 7200
    assert metrics["largest_gap_seconds"] == 7200
    assert metrics["cadence_seconds"] == 60
    assert metrics["monotonic"] == "strictly rising"
    assert metrics["null_count"] == 1


def test_nanoseconds_are_exact_and_before_1970_is_fine() -> None:
    ticks = [-1, 1_700_000_000_123_456_789]
    metrics = column(pa.array(ticks, pa.timestamp("ns")))
    assert metrics["min"] == "1969-12-31 23:59:59.999999999"
    assert metrics["max"] == "2023-11-14 22:13:20.123456789"


def test_dates_have_days() -> None:
    for type_ in (pa.date32(), pa.date64()):
        metrics = column(pa.array([dt.date(2024, 3, 1), dt.date(2024, 2, 1), None], type_))
        assert (metrics["min"], metrics["max"]) == ("2024-02-01", "2024-03-01")
        assert metrics["range_seconds"] == 29 * 86400


def test_booleans_count_both_values() -> None:
    found = profile(pa.table({"b": [True, None, False, True, True]})).columns["b"]
    assert found.kind == "boolean"
    assert found.metrics()["true_count"] == 3
    assert found.metrics()["mean"] == 0.75
    assert found.top_k() == [(True, 3.0, 0.0), (False, 1.0, 0.0)]


def test_nested_and_null_columns_count_rows_and_nulls_only() -> None:
    table = pa.table(
        {
            "l": pa.array([[1], None, []]),
            "s": pa.array([{"a": 1}, None, None]),
            "n": pa.nulls(3),
            "u": union(),
        }
    )
    found = profile(table).columns
    assert {name: c.kind for name, c in found.items()} == {
        "l": "nested",
        "s": "nested",
        "n": "null",
        "u": "nested",
    }
    assert [found[name].metrics()["null_count"] for name in "lsnu"] == [1, 2, 3, 0]
    assert "mean" not in found["l"].metrics()


def union() -> pa.Array:
    return pa.UnionArray.from_sparse(
        pa.array([0, 1, 0], pa.int8()), [pa.array([1, 2, 3]), pa.array(["a", "b", "c"])]
    )


def test_64_bit_integers_stay_exact_beyond_doubles() -> None:
    values = [2**63 - 1, 2**63 - 2, -(2**63), 2**53 + 1]
    metrics = column(pa.array(values, pa.int64()))
    assert (metrics["min"], metrics["max"], metrics["sum"]) == (min(values), max(values), sum(values))
    assert metrics["distinct_count"] == 4
    unsigned = column(pa.array([2**64 - 1, 2**64 - 2], pa.uint64()))
    assert unsigned["max"] == 2**64 - 1
    assert unsigned["distinct_count"] == 2


def test_null_handling_at_every_offset_and_length() -> None:
    rng = np.random.default_rng(3)
    values = [None if rng.random() < 0.3 else int(v) for v in rng.integers(-50, 50, 3000)]
    whole = pa.array(values)
    for start, length in [(0, 3000), (1, 63), (7, 64), (13, 1025), (65, 1), (100, 0), (999, 2001)]:
        part = values[start : start + length]
        kept = [v for v in part if v is not None]
        metrics = column(whole.slice(start, length))
        assert metrics["null_count"] == len(part) - len(kept)
        assert metrics["sum"] == (sum(kept) if kept else None)
        assert metrics["negative_count"] == sum(v < 0 for v in kept)


def test_nan_and_infinities_are_counted_apart() -> None:
    metrics = column(pa.array([1.0, float("nan"), float("inf"), -float("inf"), 3.0, None, -0.0, 0.0]))
    assert metrics["nan_count"] == 1
    assert metrics["positive_infinity_count"] == 1
    assert metrics["negative_infinity_count"] == 1
    assert metrics["mean"] == 1.0
    assert (metrics["min"], metrics["max"]) == (0.0, 3.0)
    assert metrics["distinct_count"] == 5  # -0.0 and 0.0 are one value, NaN is none


def test_an_empty_table_has_metrics_without_values() -> None:
    metrics = column(pa.array([], pa.float64()))
    assert metrics["row_count"] == 0
    assert metrics["mean"] is None
    assert metrics["p50"] is None
    assert profile(pa.table({})).columns == {}


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(11)
    n = 5000
    return pd.DataFrame(
        {
            "x": rng.normal(5, 2, n),
            "i": rng.integers(0, 9, n),
            "s": rng.choice(["red", "green"], n),
            "b": rng.random(n) < 0.5,
        }
    )


def test_every_library_gives_the_same_states(frame: pd.DataFrame) -> None:
    def states(data: object) -> dict[str, bytes]:
        return {name: c.to_bytes() for name, c in profile(data).columns.items()}

    expected = states(pa.Table.from_pandas(frame, preserve_index=False))
    assert states(frame) == expected
    assert states(pl.from_pandas(frame)) == expected
    assert states(duckdb.from_df(frame)) == expected


def bytes_of(found: Profile) -> dict[str, bytes]:
    return {name: c.to_bytes() for name, c in found.columns.items()}


def test_bytes_do_not_depend_on_threads_or_batches() -> None:
    rng = np.random.default_rng(5)
    n = 200_000
    x = rng.normal(size=n)
    table = pa.table(
        {
            "x": pa.array(x, mask=rng.random(n) < 0.05),
            "t": pa.array(np.arange(n) * 1_000_000, pa.timestamp("us")),
            "s": rng.choice([f"name {i}" for i in range(2000)], n),
        }
    )
    expected = bytes_of(profile(table, threads=1))
    for threads in (1, 2, 3):
        for rows in (997, 70_000, n):
            assert bytes_of(profile(table.to_reader(max_chunksize=rows), threads=threads)) == expected


def test_segments_are_profiles_of_their_rows() -> None:
    rng = np.random.default_rng(6)
    n = 20_000
    keys = rng.choice(["a", "b", "c"], n)
    values = rng.normal(size=n)
    mask = keys == "c"
    table = pa.table(
        {"k": pa.array(keys, mask=mask), "x": values, "i": rng.integers(0, 5, n), "d": pa.nulls(n)}
    )
    found = profile(table, segment_by="k")
    assert set(found.segments) == {"a", "b", "(null)"}
    assert sum(segment.rows for segment in found.segments.values()) == n
    for key in ("a", "b"):
        alone = profile(table.filter(pa.array(keys == key)))
        for name, column_of_segment in found.segments[key].columns.items():
            for metric, value in alone.columns[name].metrics().items():
                same = pytest.approx(value, rel=1e-13) if isinstance(value, float) else value
                assert column_of_segment.metrics()[metric] == same
    assert found.columns["x"].to_bytes() == profile(table).columns["x"].to_bytes()


def test_an_unknown_segment_column_names_the_known_ones() -> None:
    with pytest.raises(KernelError, match="the columns are: x, y"):
        profile(pa.table({"x": [1], "y": [2]}), segment_by="z")


def test_what_is_no_table_is_refused() -> None:
    with pytest.raises(KernelError, match="__arrow_c_stream__"):
        profile([1, 2, 3])
    with pytest.raises(KernelError, match="struct"):
        profile(pa.chunked_array([[1, 2]]))


def test_a_stream_that_breaks_off_is_an_error_with_its_reason() -> None:
    def batches():
        yield pa.record_batch({"x": [1]})
        raise ValueError("the disk is gone")

    reader = pa.RecordBatchReader.from_batches(pa.schema([("x", pa.int64())]), batches())
    with pytest.raises(KernelError, match="the disk is gone"):
        profile(reader)


def test_limits_count_what_lies_outside() -> None:
    found = profile(pa.table({"x": [1.0, 5.0, 9.0, None]}), limits=(2.0, 8.0)).columns["x"].metrics()
    assert found["outside_limits_count"] == 2


def test_progress_reports_rows() -> None:
    seen: list[int] = []
    profile(pa.table({"x": np.arange(200_000)}).to_reader(max_chunksize=1000), progress=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == 200_000


def test_two_columns_of_one_name_are_both_there() -> None:
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    assert list(profile(table).columns) == ["a", "a_1"]
