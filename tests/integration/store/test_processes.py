"""Many processes on one store."""

import os
from pathlib import Path

import pyarrow as pa

from dqm_assets.settings import Settings
from dqm_assets.store import Store, open_store
from dqm_assets.store.embedded import EmbeddedPostgres
from dqm_assets.store.migrations import known
from tests.integration.store import processes
from tests.integration.store.processes import ROWS, in_processes

#: Length of the soak; ``DQM_SOAK_SECONDS=60`` for a full minute.
SECONDS = float(os.environ.get("DQM_SOAK_SECONDS", "5"))


def test_four_writers_and_two_readers_meet_no_error_and_leave_exactly_the_rows_written(store: Store) -> None:
    settings = store.settings
    writers = [(processes.write_for, (settings, f"w{number}", SECONDS)) for number in range(4)]
    readers = [(processes.read_for, (settings, SECONDS)) for _ in range(2)]
    *batches, first, second = in_processes([*writers, *readers])
    print(f"\n{SECONDS:.0f} s: {sum(batches)} transactions, {first.reads + second.reads} reads")
    assert min(batches) > 0
    found = store.rows(
        "SELECT dataset, count(*) AS n, count(DISTINCT (column_name, batch)) AS keys "
        "FROM metrics.metrics GROUP BY 1 ORDER BY 1"
    )
    expected = [*(count * ROWS for count in batches), min(max(batches), 10) * ROWS]
    assert [row["n"] for row in found] == [*expected[-1:], *expected[:-1]]
    assert [row["keys"] for row in found] == [row["n"] for row in found]
    events = store.rows("SELECT alert_id, count(*) AS n FROM monitoring.alert_events GROUP BY 1 ORDER BY 1")
    assert [row["n"] for row in events] == batches
    for reader in (first, second):
        assert reader.reads > 0
        assert (reader.torn, reader.backwards) == (0, 0)


def test_keys_stay_unique_when_all_processes_write_the_same_ones(store: Store) -> None:
    in_processes([(processes.upsert_same_keys, (store.settings, number, 10)) for number in range(4)])
    found = store.rows("SELECT count(*) AS n, count(DISTINCT column_name) AS keys FROM metrics.metrics")
    assert found == [{"n": ROWS, "keys": ROWS}]


def test_a_read_inside_a_transaction_decides_on_what_nobody_else_can_change(store: Store) -> None:
    in_processes([(processes.increment, (store.settings, 10))] * 3)
    assert store.rows("SELECT next_offset FROM monitoring.offsets") == [{"next_offset": 30}]


def test_batches_replaced_at_once_by_several_processes_are_there_once(store: Store) -> None:
    store.ensure_table("raw.readings", pa.schema([("value", pa.int64())]))
    batches = [f"r{number}" for number in range(5)]
    in_processes([(processes.replace_batches, (store.settings, batches))] * 3)
    found = store.rows("SELECT _run_id, count(*) AS n FROM raw.readings GROUP BY 1 ORDER BY 1")
    assert found == [{"_run_id": batch, "n": 50} for batch in batches]


def test_a_table_that_several_processes_let_grow_gets_every_column_once(store: Store) -> None:
    names = ["a", "b", "c", "d"]
    in_processes([(processes.grow, (store.settings, names[turn:] + names[:turn])) for turn in range(3)])
    columns = store.query("FROM raw.readings LIMIT 0").schema.names
    assert sorted(columns) == sorted([*names, "_run_id", "_line", "_loaded_at"])


def test_four_processes_that_open_a_store_for_the_first_time_make_it_once(settings: Settings) -> None:
    assert in_processes([(processes.open_and_count, (settings,))] * 4) == [len(known())] * 4


def test_the_embedded_server_is_started_by_the_first_and_stopped_by_the_last(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    server = EmbeddedPostgres(settings.home / "postgres")
    with open_store(settings) as store:
        running = server.pid
        assert in_processes([(processes.open_and_count, (settings,))] * 3) == [len(known())] * 3
        assert server.pid == running
        assert store.version() > 0
    assert server.pid is None


def test_a_version_seen_by_polling_grows_when_another_process_writes(store: Store) -> None:
    before = store.version()
    in_processes([(processes.upsert_same_keys, (store.settings, 1, 1))])
    assert store.version() == before + 1
