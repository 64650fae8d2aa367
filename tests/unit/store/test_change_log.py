"""What the catalog says has changed."""

import pyarrow as pa

from dqm_assets.store import Changes, Store


def runs(*names: str) -> pa.Table:
    return pa.table({"dataset": ["d"] * len(names), "run_id": list(names)})


def write(store: Store, table: str, rows: pa.Table) -> None:
    with store.transaction() as tx:
        tx.upsert(table, rows)


def test_the_first_question_may_concern_every_table(store: Store) -> None:
    assert store.changes() == Changes(store.version(), None)


def test_nothing_changed_since_now(store: Store) -> None:
    version = store.version()
    assert store.changes(version) == Changes(version, frozenset())


def test_writes_name_their_tables_whether_inlined_or_in_files(store: Store) -> None:
    before = store.version()
    write(store, "metrics.runs", runs("a"))
    write(store, "metrics.runs", runs(*(f"r{number}" for number in range(50))))
    assert store.changes(before) == Changes(store.version(), frozenset({"metrics.runs"}))
    middle = store.version()
    datasets = pa.table({"dataset": ["d"], "table_name": ["raw.d"]})
    write(store, "monitoring.datasets", datasets)
    assert store.changes(middle).tables == {"monitoring.datasets"}
    assert store.changes(before).tables == {"metrics.runs", "monitoring.datasets"}


def test_an_update_of_rows_is_a_change_of_their_table(store: Store) -> None:
    write(store, "metrics.runs", runs("a").append_column("status", pa.array(["GOOD"])))
    before = store.version()
    write(store, "metrics.runs", runs("a").append_column("status", pa.array(["BAD"])))
    assert store.changes(before).tables == {"metrics.runs"}


def test_a_new_table_may_concern_everything(store: Store) -> None:
    before = store.version()
    store.ensure_table("raw.orders", pa.schema([("amount", pa.int64())]))
    assert store.changes(before).tables is None


def test_a_version_of_the_future_may_concern_everything(store: Store) -> None:
    assert store.changes(store.version() + 5).tables is None
