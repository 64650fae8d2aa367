"""Reading and writing one store from one process."""

import pyarrow as pa
import pytest

from dqm_assets.errors import StoreError
from dqm_assets.store import TABLES, Store
from dqm_assets.store.schema import columns

RUN = pa.table({"dataset": ["d"], "run_id": ["r1"], "status": ["LOADED"], "rows_in": [10]})


def test_a_fresh_store_has_exactly_the_declared_tables(store: Store) -> None:
    with store._lake.cursor() as cursor:
        for table in TABLES.values():
            found = {column.name: column.type for column in columns(cursor, table.name)}
            assert tuple(found) == table.column_names, table.name
            declared = [
                column.type.replace("TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE") for column in table.columns
            ]
            assert list(found.values()) == declared, table.name


def test_an_upsert_inserts_then_updates_and_keeps_columns_that_are_not_given(store: Store) -> None:
    with store.transaction("metrics.runs") as tx:
        tx.upsert("metrics.runs", RUN)
    with store.transaction("metrics.runs") as tx:
        tx.upsert("metrics.runs", pa.table({"dataset": ["d"], "run_id": ["r1"], "status": ["GOOD"]}))
    assert store.rows("SELECT status, rows_in FROM metrics.runs") == [{"status": "GOOD", "rows_in": 10}]


def test_of_equal_keys_in_one_upsert_the_last_row_wins(store: Store) -> None:
    rows = pa.table({"dataset": ["d"] * 3, "run_id": ["r1", "r2", "r1"], "status": ["A", "B", "C"]})
    with store.transaction() as tx:
        tx.upsert("metrics.runs", rows)
    found = store.rows("SELECT run_id, status FROM metrics.runs ORDER BY run_id")
    assert found == [{"run_id": "r1", "status": "C"}, {"run_id": "r2", "status": "B"}]


def test_an_exception_in_the_block_leaves_nothing_behind(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.transaction("metrics.runs") as tx:
        tx.upsert("metrics.runs", RUN)
        tx.query("SELECT 1")
        raise ZeroDivisionError
    assert store.rows("FROM metrics.runs") == []


def test_a_transaction_sees_its_own_writes_and_others_see_them_after_it(store: Store) -> None:
    with store.transaction("metrics.runs") as tx:
        tx.upsert("metrics.runs", RUN)
        assert tx.query("FROM metrics.runs").num_rows == 1
        assert store.query("FROM metrics.runs").num_rows == 0
    assert store.query("FROM metrics.runs").num_rows == 1


def test_replacing_a_batch_twice_is_replacing_it_once(store: Store) -> None:
    rows = pa.table({"value": [1.0, 2.0], "_line": [1, 2]})
    store.ensure_table("raw.readings", rows.schema)
    for _ in range(2):
        with store.transaction() as tx:
            tx.replace("raw.readings", rows, batch="r1")
            tx.replace("raw.readings", rows, batch="r2")
    assert store.rows("SELECT _run_id, count(*) AS n FROM raw.readings GROUP BY 1 ORDER BY 1") == [
        {"_run_id": "r1", "n": 2},
        {"_run_id": "r2", "n": 2},
    ]


def test_a_snapshot_shows_the_store_as_it_was(store: Store) -> None:
    with store.transaction() as tx:
        tx.upsert("metrics.runs", RUN)
    then = store.version()
    with store.transaction() as tx:
        tx.delete("metrics.runs", "run_id = ?", ["r1"])
    assert store.version() > then
    assert store.rows("FROM metrics.runs") == []
    assert store.rows("SELECT run_id FROM metrics.runs", snapshot=then) == [{"run_id": "r1"}]


def test_query_cannot_write(store: Store) -> None:
    with pytest.raises(StoreError, match="read-only"):
        store.query("DELETE FROM metrics.runs")


def test_parameters_may_be_positional_or_named(store: Store) -> None:
    assert store.rows("SELECT ?::BIGINT AS x", [3]) == [{"x": 3}]
    assert store.rows("SELECT $a::VARCHAR AS x", {"a": "b"}) == [{"x": "b"}]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ({"run_id": ["r"]}, "lack its key columns dataset"),
        ({"dataset": [None], "run_id": ["r"]}, "NULL in its key columns dataset"),
        ({"dataset": ["d"], "run_id": ["r"], "colour": ["red"]}, "no columns colour"),
    ],
)
def test_an_upsert_says_what_is_wrong_with_its_rows(store: Store, rows: dict, message: str) -> None:
    with pytest.raises(StoreError, match=message), store.transaction() as tx:
        tx.upsert("metrics.runs", pa.table(rows))
