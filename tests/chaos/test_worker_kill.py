"""Two workers on homes of their own; one is lost in the middle of a run: another does it, once."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import psycopg
import pytest
from dagster_celery.tags import DAGSTER_CELERY_TASK_ID_TAG
from ruamel.yaml import YAML

from dqm_assets.dagster_home import WORKSPACE_FILE, dagster_instance, prepare_dagster_home
from dqm_assets.run_launcher import WorkerRunLauncher
from dqm_assets.settings import Settings
from dqm_assets.settings import settings as process_settings
from dqm_assets.store import Store, locks, open_store
from dqm_assets.store.postgres import Postgres, connect
from tests.chaos.wired import Cable, wired
from tests.integration.store.machines import free_port, postgres_over_tcp, s3_bucket, wait_for, with_password

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.timeout(900),
    pytest.mark.skipif(
        shutil.which("redis-server") is None and "DQM_REQUIRE_REDIS" not in os.environ,
        reason="needs redis-server: apt-get install redis-server",
    ),
]

FILES, ROWS = 3, 200
CONTRACT = """
apiVersion: v3.2.0
kind: DataContract
id: orders
version: 1.0.0
status: active
schema:
  - name: orders
    properties:
      - {name: id, logicalType: integer, required: true}
      - {name: amount, logicalType: number, logicalTypeOptions: {minimum: 0}}
"""
PATIENCE_SECONDS = 400


@dataclass(frozen=True)
class Machine:
    """A worker process group with a home of its own."""

    name: str
    process: subprocess.Popen

    def kill(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@contextmanager
def servers(tmp_path: Path, host: str) -> Iterator[Settings]:
    """Settings of the machine with the daemon, exported to the environment; the others differ in the home."""
    redis = free_port()
    (tmp_path / "contracts").mkdir()
    (tmp_path / "contracts" / "orders.odcs.yaml").write_text(CONTRACT)
    (tmp_path / "landing" / "orders").mkdir(parents=True)
    broker = subprocess.Popen(
        ["redis-server", "--port", str(redis), "--bind", host, "--protected-mode", "no", "--save", ""],
        stdout=subprocess.DEVNULL,
    )
    try:
        with (
            postgres_over_tcp(tmp_path / "postgres", host) as url,
            s3_bucket(host) as bucket,
            pytest.MonkeyPatch.context() as environment,
        ):
            for name in [name for name in os.environ if name.startswith(("DQM_", "DAGSTER_"))]:
                environment.delenv(name)
            environment.setenv("DQM_HOME", str(tmp_path / "home"))
            environment.setenv("DQM_POSTGRES_URL", with_password(url))
            environment.setenv("DQM_STORE_PATH", bucket)
            environment.setenv("DQM_LANDING", str(tmp_path / "landing"))
            environment.setenv("DQM_LANDING_SETTLE_SECONDS", "0")
            environment.setenv("DQM_CONTRACTS", str(tmp_path / "contracts"))
            environment.setenv("DQM_CELERY_BROKER", f"redis://{host}:{redis}/0")
            environment.setenv("DQM_DAGSTER_PORT", str(free_port()))
            environment.setenv("DAGSTER_HOME", "")
            wait_for(redis, host)
            # What this process found out for another run of this test does not hold.
            process_settings.cache_clear()
            yield Settings()
    finally:
        process_settings.cache_clear()
        broker.terminate()
        broker.wait()


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[Settings]:
    with servers(tmp_path, "127.0.0.1") as settings:
        yield settings


@contextmanager
def running(
    *command: str, log: Path, cable: Cable | None = None, **environment: str
) -> Iterator[subprocess.Popen]:
    """A process in a group of its own, beyond a cable if there is one; killed at the end of the block."""
    whole = [sys.executable, "-W", "ignore", "-m", *command]
    with log.open("wb") as output:
        process = subprocess.Popen(
            whole if cable is None else cable.beyond(whole),
            env={**os.environ, **environment},
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextmanager
def machine(shared: Settings, name: str, cable: Cable | None = None) -> Iterator[Machine]:
    folder = shared.home.parent
    command = ("dqm_assets.cli", "worker", "--name", name, "--concurrency", "1")
    with running(*command, log=folder / f"{name}.log", cable=cable, DQM_HOME=str(folder / name)) as process:
        yield Machine(name, process)


@contextmanager
def daemon(shared: Settings) -> Iterator[None]:
    home = prepare_dagster_home(shared)
    # Looks at the runs more often than by default, so that the test ends soon.
    yaml = YAML(typ="safe")
    instance = yaml.load(home / "dagster.yaml")
    instance["run_monitoring"]["poll_interval_seconds"] = 1
    yaml.dump(instance, home / "dagster.yaml")
    command = ("dagster._daemon", "run", "-w", str(WORKSPACE_FILE))
    with running(*command, log=shared.home.parent / "daemon.log", DAGSTER_HOME=str(home)):
        yield


def until(what: str, look: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not look():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.2)


def waits_for_lock(postgres: psycopg.Connection) -> bool:
    return bool(
        postgres.execute("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted").fetchone()
    )


def drop(shared: Settings) -> None:
    for number in range(FILES):
        lines = [f"{row},{(row + number) / 7:.2f}" for row in range(ROWS - 1)]
        # Every file breaks its contract in one row.
        content = "\n".join(["id,amount", *lines, f"{ROWS},-1"]) + "\n"
        (shared.landing_folder / "orders" / f"2026-03-{number + 1:02d}.csv").write_text(content)


def test_a_run_whose_worker_is_killed_is_done_by_another_worker_exactly_once(shared: Settings) -> None:
    with machine(shared, "a") as first, machine(shared, "b") as second:
        lose_a_worker(shared, {"a": first.kill, "b": second.kill})


@pytest.mark.parametrize("how", ["killed", "cut off"])
def test_a_machine_that_reaches_the_servers_over_one_cable_is_lost_and_another_does_its_run_exactly_once(
    tmp_path: Path, how: str
) -> None:
    """Nothing but their end of a cable is in the workers' namespaces: no loopback server, no other route."""
    with (
        wired("a", "b") as wiring,
        servers(tmp_path, wiring.address) as shared,
        machine(shared, "a", wiring.cables["a"]) as first,
        machine(shared, "b", wiring.cables["b"]) as second,
    ):
        kills = {"a": first.kill, "b": second.kill}
        cuts = {name: cable.pull for name, cable in wiring.cables.items()}
        lost = lose_a_worker(shared, kills if how == "killed" else cuts)
        if how == "cut off":
            # What it had begun it gives up, when it is back, too.
            wiring.cables[lost].plug()
            with open_store(shared) as store, dagster_instance(shared) as instance:
                until("the machine that was cut off", lambda: is_idle(instance, lost))
                check_rows(store)


def is_idle(instance: dg.DagsterInstance, name: str) -> bool:
    launcher = instance.run_launcher
    assert isinstance(launcher, WorkerRunLauncher)
    active = launcher.celery.control.inspect(timeout=4).active() or {}
    return any(worker.startswith(f"{name}@") and not tasks for worker, tasks in active.items())


def lose_a_worker(shared: Settings, lose: Mapping[str, Callable[[], None]]) -> str:
    """Lose the worker that has a run which waits to write; another must do it. The name of the lost one."""
    with open_store(shared) as store, dagster_instance(shared) as instance:
        launcher = instance.run_launcher
        assert isinstance(launcher, WorkerRunLauncher)
        # Before anybody looks, so that one run takes them all.
        drop(shared)
        with connect(Postgres(shared).join().lake) as postgres, daemon(shared):
            with locks.held(postgres, ["metrics.metrics"]):
                # Its rows are loaded by then; what it measured cannot be written.
                until("a run that waits for the lock", lambda: waits_for_lock(postgres))
                [run] = instance.get_runs()
                worker = launcher.celery.AsyncResult(run.tags[DAGSTER_CELERY_TASK_ID_TAG]).info["hostname"]
                name = worker.partition("@")[0]
                lose[name]()
            until("a repetition that succeeds", lambda: succeeded(instance))
        check_runs(instance, run)
        check_rows(store)
    return name


def succeeded(instance: dg.DagsterInstance) -> bool:
    return bool(instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.SUCCESS])))


def check_runs(instance: dg.DagsterInstance, lost: dg.DagsterRun) -> None:
    """The lost run failed, and a retry of it did what was left."""
    failed = instance.get_run_by_id(lost.run_id)
    assert failed is not None
    assert failed.status == dg.DagsterRunStatus.FAILURE
    [retry] = instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.SUCCESS]))
    # On a slow machine it may be the second one.
    assert retry.root_run_id == lost.run_id


def check_rows(store: Store) -> None:
    def one(query: str) -> dict:
        [row] = store.rows(query)
        return row

    assert one("SELECT count(*) AS n FROM raw.orders") == {"n": FILES * ROWS}
    registered = store.rows("SELECT status, rows_loaded FROM metrics.runs")
    assert registered == [{"status": "BAD", "rows_loaded": ROWS}] * FILES
    keys = "dataset, column_name, segment, metric, batch"
    for table, key in (("metrics.metrics", keys), ("monitoring.verdicts", f"{keys}, detector")):
        twice = f"SELECT {key} FROM {table} GROUP BY ALL HAVING count(*) > 1"
        assert store.rows(twice) == []
    # That a worker died is no news while the run is repeated; what the data broke is told once.
    alerts = store.rows("SELECT detector, metric, evaluations FROM monitoring.alerts")
    assert alerts == [{"detector": "contract", "metric": "amount__minimum", "evaluations": FILES}]
    opened = "SELECT count(*) AS n FROM monitoring.alert_events WHERE event = 'opened'"
    assert one(opened) == {"n": 1}
    assert one("SELECT count(*) AS n FROM monitoring.outbox WHERE event = 'opened'") == {"n": 1}
