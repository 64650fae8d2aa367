"""Writers and servers that are killed while they work."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from dqm_assets.settings import Settings
from dqm_assets.store import Store, open_store
from dqm_assets.store.maintenance import maintain
from tests.integration.store.processes import ROWS, event_row, metric_rows

pytestmark = pytest.mark.chaos

KILLS = 20

#: Writes one batch after the other; says which one it is about to commit.
WRITER = """
import sys
from pathlib import Path
import pyarrow as pa
from dqm_assets.settings import Settings
from dqm_assets.store import open_store
from tests.integration.store.processes import event_row, metric_rows

store = open_store(Settings(home=Path(sys.argv[1]), postgres_url=sys.argv[2]))
store.ensure_table("raw.readings", pa.schema([("value", pa.int64())]))
for number in range(int(sys.argv[3]), 1_000_000):
    with store.transaction() as tx:
        tx.upsert("metrics.metrics", metric_rows("d", f"b{number}", number))
        tx.append("monitoring.alert_events", event_row("d", f"b{number}"))
        tx.replace("raw.readings", pa.table({"value": list(range(50))}), batch=f"b{number}")
        print(number, flush=True)
"""


def batches(store: Store, sql: str) -> dict[str, int]:
    return {row["batch"]: row["n"] for row in store.rows(sql)}


def assert_whole(store: Store) -> set[str]:
    """Every batch is there in all three tables with all its rows, or in none."""
    metrics = batches(store, "SELECT batch, count(*) AS n FROM metrics.metrics GROUP BY 1")
    events = batches(store, "SELECT event_id AS batch, count(*) AS n FROM monitoring.alert_events GROUP BY 1")
    raw = batches(store, "SELECT _run_id AS batch, count(*) AS n FROM raw.readings GROUP BY 1")
    assert metrics == dict.fromkeys(metrics, ROWS)
    assert events == dict.fromkeys(metrics, 1)
    assert raw == dict.fromkeys(metrics, 50)
    return set(metrics)


def test_a_writer_killed_in_the_middle_leaves_whole_batches_only(store: Store) -> None:
    store.ensure_table("raw.readings", pa.schema([("value", pa.int64())]))
    settings, chance, following = store.settings, random.Random(7), 0
    for kill in range(KILLS):
        command = [
            sys.executable,
            "-c",
            WRITER,
            str(settings.home),
            str(settings.postgres_url),
            str(following),
        ]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            for _ in range(2):
                announced = int(writer.stdout.readline())
            time.sleep(chance.uniform(0.0, 0.06))
            writer.send_signal(signal.SIGKILL)
            rest = [int(line) for line in writer.stdout.read().split()]
        assert writer.returncode == -signal.SIGKILL
        # The killed commit may still end in the server, which notices the death when it next reads.
        present = assert_whole(store)
        begun = max([announced, *rest])
        assert {f"b{number}" for number in range(following, begun)} <= present, kill
        following = begun + 1
    with store.transaction() as tx:
        tx.upsert("metrics.metrics", metric_rows("d", "b0", 1.0))
    maintain(store)
    assert_whole(store)


@pytest.fixture
def own_server(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home")


def kill_postmaster(store: Store) -> None:
    """Kill the running server; one that is still coming back from the last kill is waited for."""
    embedded = store._postgres.embedded
    assert embedded is not None
    deadline = time.monotonic() + 60
    while (pid := embedded.pid) is None:
        assert time.monotonic() < deadline, "the server did not come back"
        # Back-ends outlive their postmaster for a moment: an answer does not prove that it runs.
        store.version()
        time.sleep(0.05)
    os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize(
    "use",
    [
        lambda store: store.version(),
        lambda store: store.rows("FROM metrics.runs"),
        lambda store: write_run(store, "r2"),
    ],
    ids=["version", "read", "write"],
)
def test_the_next_use_after_a_kill_of_the_postmaster_brings_it_back(
    own_server: Settings, use: Callable[[Store], object]
) -> None:
    with open_store(own_server) as store:
        write_run(store, "r1")
        kill_postmaster(store)
        use(store)
        assert store.rows("SELECT run_id FROM metrics.runs WHERE run_id = 'r1'") == [{"run_id": "r1"}]


def write_run(store: Store, run: str) -> None:
    with store.transaction() as tx:
        tx.upsert("metrics.runs", pa.table({"dataset": ["d"], "run_id": [run]}))


def test_a_process_that_opens_the_store_after_a_kill_of_the_postmaster_finds_everything(
    own_server: Settings,
) -> None:
    with open_store(own_server) as store:
        write_run(store, "r1")
        kill_postmaster(store)
        with open_store(own_server) as other:
            assert other.rows("SELECT run_id FROM metrics.runs") == [{"run_id": "r1"}]


def test_kills_of_the_postmaster_while_threads_write_lose_no_event_and_double_none(
    own_server: Settings,
) -> None:
    each, errors = 40, []
    with open_store(own_server) as store:

        def write(writer: str) -> None:
            try:
                for number in range(each):
                    with store.transaction() as tx:
                        tx.append("monitoring.alert_events", event_row(writer, f"e{number}"))
                        tx.upsert("metrics.metrics", metric_rows(writer, f"b{number}", number))
            except Exception as error:
                errors.append(error)

        threads = [threading.Thread(target=write, args=(f"w{number}",)) for number in range(2)]
        for thread in threads:
            thread.start()
        for _ in range(3):
            time.sleep(0.7)
            kill_postmaster(store)
            # The next victim must be a server that works again.
            store.version()
        for thread in threads:
            thread.join()
        assert errors == []
        found = store.rows(
            "SELECT count(*) AS n, count(DISTINCT (alert_id, event_id)) AS keys FROM monitoring.alert_events"
        )
        assert found == [{"n": 2 * each, "keys": 2 * each}]
        assert store.rows("SELECT count(*) AS n FROM metrics.metrics") == [{"n": 2 * each * ROWS}]
