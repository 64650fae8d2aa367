"""Tables that grow with their files."""

from datetime import UTC, datetime
from decimal import Decimal

import pyarrow as pa
import pytest

from dqm_assets.errors import StoreError
from dqm_assets.store import Change, Store
from dqm_assets.store.evolve import wider

NAME = "raw.readings"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("BIGINT", "BIGINT", "BIGINT"),
        ("INTEGER", "BIGINT", "BIGINT"),
        ("BIGINT", "INTEGER", "BIGINT"),
        ("UINTEGER", "INTEGER", "BIGINT"),
        ("UBIGINT", "BIGINT", "HUGEINT"),
        ("TINYINT", "UBIGINT", "HUGEINT"),
        ("BIGINT", "DOUBLE", "DOUBLE"),
        ("DOUBLE", "BIGINT", "DOUBLE"),
        ("FLOAT", "DOUBLE", "DOUBLE"),
        ("DATE", "TIMESTAMP", "TIMESTAMP"),
        ("TIMESTAMP", "DATE", "TIMESTAMP"),
        ("TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "TIMESTAMP WITH TIME ZONE"),
        ("DECIMAL(10,2)", "DECIMAL(12,4)", "DECIMAL(12,4)"),
        ("DECIMAL(10,2)", "DECIMAL(9,4)", "DECIMAL(12,4)"),
        ("DECIMAL(4,2)", "INTEGER", "DECIMAL(12,2)"),
        ("DECIMAL(38,2)", "DECIMAL(38,30)", "DOUBLE"),
        ("BOOLEAN", "BIGINT", "VARCHAR"),
        ("DATE", "BIGINT", "VARCHAR"),
        ("VARCHAR", "DOUBLE", "VARCHAR"),
        ("DOUBLE", "VARCHAR", "VARCHAR"),
    ],
)
def test_the_wider_of_two_types_holds_the_values_of_both(old: str, new: str, expected: str) -> None:
    assert wider(old, new) == expected


def load(store: Store, batch: str, **columns: list) -> tuple[Change, ...]:
    rows = pa.table(columns)
    changes = store.evolve_table(NAME, rows.schema).changes
    with store.transaction() as tx:
        tx.replace(NAME, rows, batch=batch)
    return changes


def test_a_new_column_is_added_and_is_null_in_old_rows(store: Store) -> None:
    load(store, "r1", a=[1])
    assert load(store, "r2", a=[2], b=["x"]) == (Change("column_added", "b", "VARCHAR"),)
    assert store.rows("SELECT a, b FROM raw.readings ORDER BY a") == [{"a": 1, "b": None}, {"a": 2, "b": "x"}]


def test_a_column_that_is_missing_stays_and_is_null_in_new_rows(store: Store) -> None:
    load(store, "r1", a=[1], b=["x"])
    assert load(store, "r2", a=[2]) == ()
    assert store.rows("SELECT b FROM raw.readings ORDER BY a") == [{"b": "x"}, {"b": None}]


@pytest.mark.parametrize(
    ("first", "second", "kind", "values"),
    [
        ([1, 2], [2.5], "BIGINT → DOUBLE", [1.0, 2.0, 2.5]),
        ([1, 2], ["x"], "BIGINT → VARCHAR", ["1", "2", "x"]),
        ([2**53 + 1], [0.5], "BIGINT → VARCHAR", ["0.5", "9007199254740993"]),
        ([True], ["no"], "BOOLEAN → VARCHAR", ["no", "true"]),
        (
            [Decimal("1.50")],
            [Decimal("2.125")],
            "DECIMAL(3,2) → DECIMAL(4,3)",
            [Decimal("1.500"), Decimal("2.125")],
        ),
    ],
)
def test_a_type_is_widened_and_every_value_survives(
    store: Store, first: list, second: list, kind: str, values: list
) -> None:
    load(store, "r1", v=first)
    before = store.version()
    assert load(store, "r2", v=second) == (Change("type_widened", "v", kind),)
    assert [row["v"] for row in store.rows("SELECT v FROM raw.readings ORDER BY v")] == values
    assert [row["v"] for row in store.rows("SELECT v FROM raw.readings ORDER BY v", snapshot=before)] == first


def test_a_narrower_type_changes_nothing_and_its_values_fit_in(store: Store) -> None:
    load(store, "r1", v=["x"])
    assert load(store, "r2", v=[7]) == ()
    assert [row["v"] for row in store.rows("SELECT v FROM raw.readings ORDER BY v")] == ["7", "x"]


def test_a_date_becomes_a_time_and_keeps_its_day(store: Store) -> None:
    load(store, "r1", v=[datetime(2020, 3, 1).date()])
    moment = datetime(2020, 3, 22, 12, 30, tzinfo=UTC)
    load(store, "r2", v=[moment])
    found = [row["v"] for row in store.rows("SELECT v FROM raw.readings ORDER BY v")]
    assert found == [datetime(2020, 3, 1, tzinfo=UTC), moment]


def test_the_schema_that_comes_back_is_the_whole_table(store: Store) -> None:
    found = store.ensure_table(NAME, pa.schema([("a", pa.int32()), ("empty", pa.null())]))
    assert found.names == ["a", "empty", "_run_id", "_line", "_loaded_at"]
    assert found.field("empty").type == pa.string()
    assert store.ensure_table(NAME, pa.schema([("a", pa.int32())])) == found


def test_names_with_quotes_spaces_and_keywords_are_columns_like_others(store: Store) -> None:
    names = ['say "hi"', "select", "größe in cm", "a;DROP TABLE x"]
    load(store, "r1", **{name: [1] for name in names})
    assert store.query("FROM raw.readings").schema.names[: len(names)] == names


def test_columns_that_differ_only_in_case_are_refused_in_one_file_and_joined_between_files(
    store: Store,
) -> None:
    with pytest.raises(StoreError, match="cannot be told apart"):
        store.ensure_table(NAME, pa.schema([("Value", pa.int64()), ("value", pa.int64())]))
    load(store, "r1", Value=[1])
    assert load(store, "r2", value=[2]) == ()
    assert [row["Value"] for row in store.rows("SELECT Value FROM raw.readings ORDER BY 1")] == [1, 2]


@pytest.mark.parametrize("name", ["raw.quarantine", "metrics.metrics", "metrics.mine", "readings"])
def test_tables_of_dqm_itself_are_refused(store: Store, name: str) -> None:
    with pytest.raises(StoreError, match="cannot be made from a file"):
        store.ensure_table(name, pa.schema([("a", pa.int64())]))
