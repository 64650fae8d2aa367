"""Upserts that the catalog shows to be inserts."""

import uuid

import psycopg
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from dqm_assets.store import TABLES, Store
from dqm_assets.store.novelty import surely_new

TABLE = "metrics.runs"
TEXTS = st.text(max_size=5) | st.integers(250, 260).map(lambda length: "é" * length) | st.just("z" * 20_000)
KEYS = st.lists(st.tuples(st.sampled_from(["", "a", "b", "Ä"]), TEXTS), min_size=1, max_size=4)


def rows(dataset: str, runs: list[str], status: str = "GOOD") -> pa.Table:
    return pa.table({"dataset": [dataset] * len(runs), "run_id": runs, "status": [status] * len(runs)})


def upsert(store: Store, *tables: pa.Table) -> None:
    with store.transaction() as tx:
        for table in tables:
            tx.upsert(TABLE, table)


def is_surely_new(store: Store, table: pa.Table) -> bool:
    with psycopg.connect(store.postgres_url) as postgres:
        return surely_new(postgres, TABLE, table, TABLES[TABLE].key)


def runs(first: int, count: int = 20) -> list[str]:
    return [f"r{number:04}" for number in range(first, first + count)]


def test_keys_outside_the_range_of_every_file_are_surely_new(store: Store) -> None:
    assert is_surely_new(store, rows("d", runs(0)))
    upsert(store, rows("d", runs(0)))
    assert is_surely_new(store, rows("d", runs(20)))
    assert is_surely_new(store, rows("other", runs(0)))
    assert not is_surely_new(store, rows("d", runs(19)))


def test_keys_inside_the_range_are_not_surely_new_even_when_they_are_absent(store: Store) -> None:
    upsert(store, rows("d", [*runs(0, 10), *runs(100, 10)]))
    assert not is_surely_new(store, rows("d", runs(50)))
    upsert(store, rows("d", runs(50)))
    assert store.query("FROM metrics.runs").num_rows == 40


def test_rows_kept_in_the_catalog_itself_are_never_overlooked(store: Store) -> None:
    upsert(store, rows("d", ["r1"], "LOADED"))
    assert not is_surely_new(store, rows("d", ["r1"]))
    upsert(store, rows("d", ["r1"], "GOOD"))
    assert store.rows("SELECT status FROM metrics.runs") == [{"status": "GOOD"}]


@pytest.mark.parametrize("length", [255, 256, 257, 20_000])
def test_texts_too_long_for_exact_bounds_are_never_overlooked(store: Store, length: int) -> None:
    long = ["x" * length + f"{number:02}" for number in range(20)]
    upsert(store, rows("d", long, "LOADED"))
    upsert(store, rows("d", long, "GOOD"))
    assert store.rows("SELECT DISTINCT status, count(*) OVER () AS n FROM metrics.runs") == [
        {"status": "GOOD", "n": 20}
    ]


def test_two_upserts_of_one_transaction_meet_each_other(store: Store) -> None:
    other_columns = rows("d", runs(0)).drop_columns("status")
    upsert(store, rows("d", runs(0)), other_columns)
    assert store.query("FROM metrics.runs").num_rows == 20


@hypothesis_settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(KEYS, min_size=2, max_size=4))
def test_keys_stay_unique_whatever_was_written_before(store: Store, batches: list[list]) -> None:
    prefix, model = uuid.uuid4().hex, {}
    # Rows beyond the ten that would stay in the catalog: each write makes a file with bounds.
    filler = [("", f"filler{number:02}") for number in range(12)]
    for number, batch in enumerate(batches):
        keys = [*batch, *filler]
        table = pa.table(
            {
                "dataset": [prefix + dataset for dataset, _ in keys],
                "run_id": [run.replace("\0", "") for _, run in keys],
                "rows_in": [number] * len(keys),
            }
        )
        model.update({(row["dataset"], row["run_id"]): number for row in table.to_pylist()})
        upsert(store, table)
    found = store.rows(
        "SELECT dataset, run_id, rows_in FROM metrics.runs WHERE starts_with(dataset, ?)", [prefix]
    )
    assert len(found) == len(model)
    assert {(row["dataset"], row["run_id"]): row["rows_in"] for row in found} == model
