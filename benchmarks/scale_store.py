"""Stores of every size for the scale benchmark, and what a batch costs there."""

import os
import statistics
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest import mock

import numpy as np
import psutil
import pyarrow as pa
from dagster._core.definitions.definitions_load_context import DefinitionsLoadContext, DefinitionsLoadType

from dash_app.services.alerts import AlertFilter, alert_page
from dash_app.services.changes import recent_changes
from dash_app.services.datasets import dataset_summaries
from dash_app.services.runs import RunFilter, run_page
from dash_app.services.scores import dataset_scores
from dqm_assets.definitions import defs
from dqm_assets.ingest import Landing
from dqm_assets.pipeline.alerts import update_alerts
from dqm_assets.pipeline.baselines import update_baselines
from dqm_assets.pipeline.claims import claim_dropped
from dqm_assets.pipeline.datasets import Dataset, find_dataset
from dqm_assets.pipeline.judge import judge_runs
from dqm_assets.pipeline.load import load_runs
from dqm_assets.pipeline.measure import measure_runs
from dqm_assets.pipeline.observe import Point, Watch, observe
from dqm_assets.pipeline.scores import update_scores
from dqm_assets.store import Store
from dqm_assets.store.embedded import EmbeddedPostgres
from dqm_assets.store.names import quoted, quoted_table
from dqm_assets.store.tables import TABLES

#: CPU seconds of a batch, whole and by stage.
Costs = dict[str, float]

#: Files that a dataset has when others are made like it.
PAST_FILES = 40
_ROWS = 500
#: Runs that each of the other datasets has.
_OTHERS_RUNS = 10
#: Datasets of one bulk insert, and rows.
_COPIES = 500
_CHUNK = 1_000_000
_TABLES_OF_RUNS = (
    "metrics.runs",
    "metrics.metrics",
    "metrics.profiles",
    "monitoring.verdicts",
    "monitoring.baselines",
    "monitoring.contract_violations",
    "monitoring.schema_history",
)
_RUN_COLUMNS = ("run_id", "batch", "as_of_batch")


@contextmanager
def environment(home: Path) -> Generator[None]:
    """Have everything in this process use one home."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DQM_")}
    contracts = home / "contracts"
    contracts.mkdir(parents=True)
    with mock.patch.dict(
        os.environ, {**kept, "DQM_HOME": str(home), "DQM_CONTRACTS": str(contracts)}, clear=True
    ):
        yield


def cpu_seconds(store: Store) -> float:
    """CPU seconds of this process and of the store's PostgreSQL since their start."""
    spent = time.process_time()
    server = EmbeddedPostgres(store.settings.home.absolute() / "postgres").pid
    if server is not None:
        for process in [psutil.Process(server), *psutil.Process(server).children()]:
            with suppress(psutil.Error):
                times = process.cpu_times()
                spent += times.user + times.system
    return spent


def measured(store: Store, times: int, work: Callable[[], object]) -> float:
    """Median CPU seconds of a piece of work, after one that warms up."""
    work()
    found = []
    for _ in range(times):
        began = cpu_seconds(store)
        work()
        found.append(cpu_seconds(store) - began)
    return statistics.median(found)


class Files:
    """A dataset of files, from the landing folder to its alerts."""

    def __init__(self, store: Store, columns: int) -> None:
        self._store = store
        self._columns = columns
        self._landing = Landing(store.settings.landing_folder)
        self._landing.add_dataset("template")
        self.dataset: Dataset = find_dataset(store.settings, "template")
        self._random = np.random.default_rng(5)
        self._next = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=12)

    def take(self, files: int) -> Costs:
        """Take files one after the other, each through every stage; median CPU seconds of each stage."""
        found: dict[str, list[float]] = {}
        for _ in range(files):
            for stage, cost in self.take_together(1).items():
                found.setdefault(stage, []).append(cost)
        return {stage: statistics.median(costs) for stage, costs in found.items()}

    def take_together(self, files: int) -> Costs:
        """Take files through every stage at once."""
        for _ in range(files):
            self._drop()
        store, dataset = self._store, self.dataset
        claims = claim_dropped(lambda: store, self._landing, dataset, settle_seconds=0)
        run_ids = [claim.run_id for claim in claims]
        stages: dict[str, Callable[[], object]] = {
            "load": lambda: load_runs(store, self._landing, dataset, claims),
            "measure": lambda: measure_runs(store, dataset, run_ids),
            "judge": lambda: judge_runs(store, dataset, run_ids),
            "baselines": lambda: update_baselines(store, dataset),
            "alerts": lambda: update_alerts(store, dataset),
        }
        costs = {}
        for stage, work in stages.items():
            began = cpu_seconds(store)
            work()
            costs[stage] = cpu_seconds(store) - began
        return {"batch": sum(costs.values()), **costs}

    def _drop(self) -> None:
        self._next += timedelta(minutes=1)
        values = self._random.normal(10, 1, (_ROWS, self._columns)).round(3)
        header = ",".join(["at", *(f"c{place}" for place in range(self._columns))])
        lines = [",".join([self._next.isoformat(), *map(str, row)]) for row in values]
        path = self._landing.folder / "template" / f"{self._next:%Y%m%dT%H%M%S}.csv"
        path.write_text("\n".join([header, *lines]) + "\n")


def copy_datasets(store: Store, template: str, count: int) -> None:
    """Make datasets with the newest runs of one under other names; of the large states only the newest."""
    for name in [*_TABLES_OF_RUNS, "monitoring.datasets", "monitoring.detector_states"]:
        others = ", ".join(f"{quoted(column)}" for column in TABLES[name].column_names if column != "dataset")
        run = next((column for column in TABLES[name].column_names if column in _RUN_COLUMNS), None)
        kept = 1 if name == "metrics.profiles" else _OTHERS_RUNS
        newest = (
            f" AND {quoted(run)} IN (SELECT run_id FROM metrics.runs WHERE dataset = ? "
            f"ORDER BY run_id DESC LIMIT {kept})"
            if run
            else ""
        )
        # So few at once that the memory of one insert stays bounded.
        for first in range(0, count - 1, _COPIES):
            last = min(first + _COPIES, count - 1)
            _insert(
                store,
                name,
                f"SELECT printf('d%06d', copy) AS dataset, {others} FROM {quoted_table(name)}, "
                f"range(?, ?) AS t(copy) WHERE dataset = ?{newest} ORDER BY copy",
                [first, last, template, *([template] if run else [])],
            )


def score_days(store: Store, days: int = 30) -> None:
    """Score every dataset, and give the oldest of its scores to days before."""
    update_scores(store)
    _insert(
        store,
        "monitoring.scores",
        "SELECT scope, name, day - ago::INTEGER AS day, score, parts "
        "FROM monitoring.scores, range(1, ?) AS t(ago) "
        "WHERE day = (SELECT min(day) FROM monitoring.scores) ORDER BY day",
        [days],
    )


def copy_runs(store: Store, template: str, count: int) -> None:
    """Give a dataset a longer past: the runs it has, again and again, each before the other."""
    span = f"INTERVAL {PAST_FILES} MINUTE"
    for name in _TABLES_OF_RUNS:
        chosen = []
        for column in TABLES[name].columns:
            if column.name in _RUN_COLUMNS:
                chosen.append(f"printf('p%06d-', copy) || {quoted(column.name)} AS {quoted(column.name)}")
            elif column.type == "TIMESTAMPTZ":
                chosen.append(f"{quoted(column.name)} - {span} * (copy + 1) AS {quoted(column.name)}")
            else:
                chosen.append(quoted(column.name))
        _insert(
            store,
            name,
            f"SELECT {', '.join(chosen)} FROM {quoted_table(name)}, range(?) AS t(copy) WHERE dataset = ? "
            "ORDER BY copy DESC",
            [count // PAST_FILES, template],
        )


def _insert(store: Store, table: str, select: str, values: list[object]) -> None:
    with store.connection() as connection:
        connection.execute(f"INSERT INTO {quoted_table(table)} BY NAME {select}", values)


class Minutes:
    """An observed series with a long past."""

    _WATCH = Watch("rate", "rate_anomaly")

    def __init__(self, store: Store, minutes: int) -> None:
        self._store = store
        self._random = np.random.default_rng(3)
        self._next = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(days=1)
        self._fill(minutes)
        # Learned once from the newest points, as the first observation after an upgrade does.
        self.observe_next()

    def observe_next(self) -> None:
        """Take the next minute."""
        self._next += timedelta(minutes=1)
        value = float(100 + self._random.normal())
        batch = f"{self._next:%Y%m%dT%H%M}"
        observe(self._store, "minutes", [Point("", "", "rate", batch, self._next, value)], [self._WATCH])

    def _fill(self, minutes: int) -> None:
        first = self._next - timedelta(minutes=minutes - 1)
        for begin in range(0, minutes, _CHUNK):
            count = min(_CHUNK, minutes - begin)
            times = [first + timedelta(minutes=begin + place) for place in range(count)]
            values = 100 + self._random.normal(size=count)
            common = {
                "dataset": pa.repeat("minutes", count),
                "column_name": pa.repeat("", count),
                "segment": pa.repeat("", count),
                "metric": pa.repeat("rate", count),
                "batch": [f"{at:%Y%m%dT%H%M}" for at in times],
                "ts": pa.array(times, pa.timestamp("us", "UTC")),
                "value": values,
            }
            verdict = {
                "detector": pa.repeat("rate_anomaly", count),
                "verdict": pa.repeat("normal", count),
                "expected": pa.repeat(100.0, count),
                "judged_at": pa.array(times, pa.timestamp("us", "UTC")),
            }
            with self._store.transaction() as tx:
                tx.append("metrics.metrics", pa.table(common))
                tx.append("monitoring.verdicts", pa.table({**common, **verdict}))


def overview(store: Store) -> None:
    """Everything that the dashboard's first page reads."""
    dataset_summaries(store)
    dataset_scores(store)
    alert_page(store, AlertFilter(statuses=("open", "acknowledged")), 6)
    run_page(store, RunFilter(), 8)
    recent_changes(store)


def load_definitions() -> None:
    """Load the code location anew, as Dagster does when a dataset comes."""
    DefinitionsLoadContext.set(DefinitionsLoadContext(load_type=DefinitionsLoadType.INITIALIZATION))
    defs().get_repository_def()


def commit_often(store: Store, commits: int) -> None:
    """Write many small transactions, each of which makes files."""
    begin = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=commits)
    for number in range(commits):
        at = begin + timedelta(minutes=number)
        rows = {
            "dataset": [f"d{place % 20:02d}" for place in range(100)],
            "column_name": [f"c{place // 20}" for place in range(100)],
            "segment": [""] * 100,
            "metric": ["mean"] * 100,
            "batch": [f"b{number}"] * 100,
            "ts": pa.array([at] * 100, pa.timestamp("us", "UTC")),
            "value": [float(number)] * 100,
        }
        with store.transaction() as tx:
            tx.upsert("metrics.metrics", pa.table(rows))


def read(store: Store) -> None:
    """The latest values of one series."""
    store.query(
        "SELECT batch, ts, value FROM metrics.metrics WHERE dataset = 'd07' AND column_name = 'c3' "
        "AND metric = 'mean' ORDER BY ts DESC LIMIT 100"
    )
