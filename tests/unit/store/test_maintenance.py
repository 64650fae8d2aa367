"""Retention, merging, snapshots and orphans."""

import os
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from dqm_assets.errors import StoreError
from dqm_assets.store import Store
from dqm_assets.store.maintenance import forget_commits, maintain, size
from dqm_assets.store.retention import Retention

NOW = datetime.now(UTC)


def metrics(batch: str, ts: datetime, rows: int = 20, dataset: str = "d") -> pa.Table:
    return pa.table(
        {
            "dataset": [dataset] * rows,
            "column_name": [f"c{i}" for i in range(rows)],
            "segment": [""] * rows,
            "metric": ["mean"] * rows,
            "batch": [batch] * rows,
            "ts": pa.array([ts] * rows, pa.timestamp("us", "UTC")),
            "value": [1.0] * rows,
        }
    )


def write(store: Store, rows: pa.Table) -> int:
    with store.transaction() as tx:
        tx.upsert("metrics.metrics", rows)
    return store.version()


def test_many_small_files_become_few_and_no_row_is_lost(store: Store) -> None:
    for number in range(12):
        write(store, metrics(f"b{number}", NOW))
    rows = store.query("FROM metrics.metrics ORDER BY ALL")
    report = maintain(store, snapshot_days=0)
    assert report.before.files >= 12
    assert report.after.files < report.before.files
    assert report.after.snapshots < report.before.snapshots
    assert store.query("FROM metrics.metrics ORDER BY ALL").equals(rows)


def test_rows_older_than_the_retention_go_and_others_stay(store: Store) -> None:
    write(store, metrics("old", NOW - timedelta(days=91)))
    write(store, metrics("new", NOW - timedelta(days=89)))
    report = maintain(store)
    assert [(removed.table, removed.rows) for removed in report.removed] == [("metrics.metrics", 20)]
    assert store.rows("SELECT DISTINCT batch FROM metrics.metrics") == [{"batch": "new"}]


def test_a_dataset_may_keep_its_rows_longer_or_shorter_than_the_others(store: Store) -> None:
    for dataset in ("short", "long", "plain"):
        write(store, metrics("b", NOW - timedelta(days=50), dataset=dataset))
        store.ensure_table(f"raw.{dataset}", pa.schema([("v", pa.int64())]))
        with store.transaction() as tx:
            tx.replace(f"raw.{dataset}", pa.table({"v": [1]}), batch="r1")
    own = {"short": 30, "long": 400}
    retention = Retention(90, own, {f"raw.{name}": days for name, days in own.items()})

    def left(days: int) -> tuple[list[str], list[str]]:
        """Datasets that still have metrics, and raw rows, so many days from now."""
        maintain(store, retention=retention, now=NOW + timedelta(days=days))
        measured = store.rows("SELECT DISTINCT dataset FROM metrics.metrics ORDER BY 1")
        raw = [name for name in ("long", "plain", "short") if store.query(f"FROM raw.{name}").num_rows]
        return [row["dataset"] for row in measured], raw

    assert left(0) == (["long", "plain"], ["long", "plain", "short"])
    assert left(45) == (["long"], ["long", "plain"])
    assert left(120) == (["long"], ["long"])


def test_readers_go_on_while_rows_are_removed_and_files_merged(store: Store) -> None:
    for number in range(20):
        write(store, metrics(f"b{number:02d}", NOW))
    stop, counts, failures = threading.Event(), set(), []

    def read() -> None:
        while not stop.wait(0.05):
            try:
                counts.add(store.rows("SELECT count(*) AS n FROM metrics.metrics")[0]["n"])
            except StoreError as error:
                failures.append(error)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    # Another session holds what a writer holds: maintenance of the table has to wait, reading it has not.
    with store.locked("metrics.metrics"):
        maintenance = threading.Thread(target=maintain, args=(store,), kwargs={"snapshot_days": 0})
        maintenance.start()
        before = store.rows("SELECT count(*) AS n FROM metrics.metrics")
    maintenance.join()
    stop.set()
    for reader in readers:
        reader.join()
    assert failures == []
    assert counts == {400}
    assert before == [{"n": 400}]
    assert size(store).files < 20


def test_metrics_of_old_data_stay_as_long_as_the_run_that_loaded_it(store: Store) -> None:
    write(store, metrics("history", NOW - timedelta(days=1000)))
    write(store, metrics("gone", NOW - timedelta(days=1000)))
    runs = pa.table({"dataset": ["d", "d"], "run_id": ["history", "gone"]})
    registered = pa.array([NOW - timedelta(days=1), NOW - timedelta(days=91)], pa.timestamp("us", "UTC"))
    with store.transaction() as tx:
        tx.upsert("metrics.runs", runs.append_column("registered_at", registered))
    maintain(store)
    assert store.rows("SELECT DISTINCT batch FROM metrics.metrics") == [{"batch": "history"}]
    assert store.rows("SELECT run_id FROM metrics.runs") == [{"run_id": "history"}]
    maintain(store, now=NOW + timedelta(days=100))
    assert store.query("FROM metrics.metrics").num_rows == 0


def test_rows_of_tables_made_from_files_go_by_the_time_they_were_loaded(store: Store) -> None:
    store.ensure_table("raw.readings", pa.schema([("v", pa.int64())]))
    with store.transaction() as tx:
        tx.replace("raw.readings", pa.table({"v": [1]}), batch="r1")
    assert maintain(store, now=NOW + timedelta(days=89)).removed == ()
    assert [
        r.rows for r in maintain(store, now=NOW + timedelta(days=92)).removed if r.table == "raw.readings"
    ] == [1]


@pytest.mark.parametrize(("state", "kept"), [("open", True), ("acknowledged", True), ("resolved", False)])
def test_snapshots_of_alerts_that_are_not_resolved_stay_readable(
    store: Store, state: str, kept: bool
) -> None:
    pinned = write(store, metrics("b1", NOW))
    with store.transaction() as tx:
        tx.upsert("monitoring.alerts", pa.table({"alert_id": ["a"], "status": [state], "snapshot": [pinned]}))
        tx.delete("metrics.metrics", "true")
    later = write(store, metrics("b2", NOW))
    write(store, metrics("b3", NOW))
    report = maintain(
        store, snapshot_days=0, grace=timedelta(0), now=datetime.now(UTC) + timedelta(seconds=1)
    )
    assert report.pinned == int(kept)
    with pytest.raises(StoreError):
        store.rows("FROM metrics.metrics", snapshot=later)
    if kept:
        found = store.rows("SELECT DISTINCT batch FROM metrics.metrics", snapshot=pinned)
        assert found == [{"batch": "b1"}]
    else:
        with pytest.raises(StoreError):
            store.rows("FROM metrics.metrics", snapshot=pinned)


def test_files_left_by_killed_writers_go_when_they_are_old_enough(store: Store) -> None:
    write(store, metrics("b1", NOW))
    folder = Path(store.settings.store_location) / "metrics" / "metrics"
    known = next(folder.glob("*.parquet"))
    old, fresh = folder / "ducklake-old.parquet", folder / "ducklake-fresh.parquet"
    for orphan in (old, fresh):
        orphan.write_bytes(known.read_bytes())
    hours_ago = time.time() - 7200
    os.utime(old, (hours_ago, hours_ago))
    assert maintain(store).orphans_deleted == 1
    assert not old.exists()
    assert fresh.exists()
    assert store.rows("SELECT count(*) AS n FROM metrics.metrics") == [{"n": 20}]


def test_size_counts_files_and_snapshots(store: Store) -> None:
    before = size(store)
    write(store, metrics("b1", NOW))
    after = size(store)
    assert (after.files, after.snapshots) == (before.files + 1, before.snapshots + 1)
    assert after.bytes > before.bytes


def event(number: int) -> pa.Table:
    return pa.table({"topic": ["t"], "partition": [0], "record_offset": [number]})


def snapshots(store: Store) -> set[int]:
    return {row["snapshot_id"] for row in store.rows("SELECT snapshot_id FROM ducklake_snapshots('lake')")}


def test_old_commits_of_a_stream_are_forgotten_and_all_others_stay(store: Store) -> None:
    own = ("raw.stream_events", "monitoring.offsets")
    made = {}
    for number in range(12):
        with store.transaction() as tx:
            tx.append("raw.stream_events", event(number))
            tx.upsert(
                "monitoring.offsets", pa.table({"topic": ["t"], "partition": [0], "next_offset": [number]})
            )
            if number == 3:
                tx.upsert("metrics.metrics", metrics("b", NOW, rows=1))
        made[number] = store.version()
    with store.transaction() as tx:
        tx.upsert(
            "monitoring.alerts",
            pa.table(
                {
                    "alert_id": ["open", "over"],
                    "status": ["open", "resolved"],
                    "snapshot": [made[5], made[6]],
                }
            ),
        )
        tx.append("metrics.runs", pa.table({"dataset": ["d"], "run_id": ["r"], "snapshot": [made[8]]}))
    before = snapshots(store)
    later = datetime.now(UTC) + timedelta(seconds=1)

    assert forget_commits(store, own, NOW - timedelta(hours=1)) == 0
    assert forget_commits(store, own, later) == 9
    assert forget_commits(store, own, later) == 0

    assert before - snapshots(store) == {made[n] for n in range(12)} - {made[3], made[5], made[8]}
    assert store.rows("SELECT count(*) AS n FROM raw.stream_events") == [{"n": 12}]
    assert store.rows("SELECT count(*) AS n FROM raw.stream_events", snapshot=made[5]) == [{"n": 6}]
    assert store.rows("SELECT next_offset AS n FROM monitoring.offsets") == [{"n": 11}]
