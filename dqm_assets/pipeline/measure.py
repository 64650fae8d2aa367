"""Measure: raw rows of a run → kernel states per column, and the metrics read off them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from dqm_assets.pipeline.datasets import Dataset
from dqm_assets.pipeline.judged_metrics import JUDGED_METRICS
from dqm_assets.pipeline.raw_rows import LoadedRun, loaded_runs, run_tables
from dqm_assets.pipeline.rows import upsert_rows
from dqm_assets.quality.profile import Profile, profile
from dqm_assets.store import Store


@dataclass(frozen=True)
class ProfileRow:
    """A line of ``metrics.profiles``: the mergeable state of one column of one run."""

    dataset: str
    column_name: str
    segment: str
    batch: str
    ts: datetime
    rows: int
    kind: str
    state: bytes


@dataclass(frozen=True)
class MetricRow:
    """A line of ``metrics.metrics``: one named number of one column (or of the table, ``''``)."""

    dataset: str
    column_name: str
    segment: str
    metric: str
    batch: str
    ts: datetime
    value: float


@dataclass(frozen=True)
class MeasureSummary:
    """What a measurement did."""

    runs: int
    rows: int
    columns: int
    metrics: int


def measure_runs(store: Store, dataset: Dataset, run_ids: Sequence[str]) -> MeasureSummary:
    """Profile the loaded runs and store states and metrics; repeating it leaves the same rows.

    Args:
        store: The open store.
        dataset: The dataset of the runs.
        run_ids: Runs to measure; those that are not loaded are left out.
    """
    runs, rows, columns, metrics = 0, 0, 0, 0
    for chunk in run_tables(store, dataset, loaded_runs(store, dataset, run_ids)):
        measured = [(run, _profile(dataset, table)) for run, table in chunk]
        states = [row for run, result in measured for row in _profile_rows(dataset, run, result)]
        numbers = [row for run, result in measured for row in _metric_rows(dataset, run, result)]
        with store.transaction("metrics.profiles", "metrics.metrics") as tx:
            upsert_rows(tx, "metrics.profiles", states)
            upsert_rows(tx, "metrics.metrics", numbers)
        runs += len(chunk)
        rows += sum(run.rows_loaded for run, _ in chunk)
        columns = max([columns, *(len(result.columns) for _, result in measured)])
        metrics += len(numbers)
    return MeasureSummary(runs, rows, columns, metrics)


def _profile(dataset: Dataset, table: pa.Table) -> Profile:
    """Profile a run, and each of its segments when the contract names a column that it has."""
    column = dataset.segment_column
    rows = table.drop_columns(["_line"])
    return profile(rows, segment_by=column if column in rows.column_names else None)


def _profile_rows(dataset: Dataset, run: LoadedRun, result: Profile) -> Iterator[ProfileRow]:
    for segment, part in (("", result), *result.segments.items()):
        for name, column in part.columns.items():
            yield ProfileRow(
                dataset.name, name, segment, run.run_id, run.ts, part.rows, column.kind, column.to_bytes()
            )


def _metric_rows(dataset: Dataset, run: LoadedRun, result: Profile) -> Iterator[MetricRow]:
    table_metrics = {
        "row_count": run.rows_loaded,
        "quarantined_fraction": run.rows_quarantined / run.rows_in if run.rows_in else 0.0,
        "column_count": len(result.columns),
    }
    for metric, value in table_metrics.items():
        yield MetricRow(dataset.name, "", "", metric, run.run_id, run.ts, float(value))
    for name, column in result.columns.items():
        for metric, value in column.metrics().items():
            if isinstance(value, int | float):
                yield MetricRow(dataset.name, name, "", metric, run.run_id, run.ts, float(value))
    for segment, part in result.segments.items():
        yield MetricRow(dataset.name, "", segment, "row_count", run.run_id, run.ts, float(part.rows))
        for name, column in part.columns.items():
            for metric, value in column.metrics().items():
                # What is judged of the whole, so that segments can explain it.
                if metric in JUDGED_METRICS and isinstance(value, int | float):
                    yield MetricRow(dataset.name, name, segment, metric, run.run_id, run.ts, float(value))
