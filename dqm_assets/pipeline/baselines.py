"""Baselines: what each judged series of a dataset is expected to be at its next run."""

from dataclasses import dataclass
from datetime import datetime

from dqm_assets.pipeline.datasets import Dataset
from dqm_assets.pipeline.judge import DETECTOR_NAME, SeriesDetectors
from dqm_assets.pipeline.rows import as_json, upsert_rows
from dqm_assets.pipeline.series import RunPoints, SeriesKey, runs_until
from dqm_assets.pipeline.training import Training, training_of
from dqm_assets.store import Store


@dataclass(frozen=True)
class BaselineRow:
    """A line of ``monitoring.baselines``; the bounds are NaN while the series is learning."""

    dataset: str
    column_name: str
    segment: str
    metric: str
    as_of_batch: str
    as_of: datetime
    method: str
    state: str
    n: int
    needed: int
    expected: float
    lower: float
    upper: float
    scale: float
    window_start: datetime
    window_end: datetime
    params: str


@dataclass(frozen=True)
class BaselineSummary:
    """What an update of the baselines did."""

    series: int
    ready: int
    as_of_batch: str


def update_baselines(store: Store, dataset: Dataset) -> BaselineSummary:
    """Learn every judged series from its normal points so far and store the band its next point is held to.

    The row belongs to the newest run, so repeating it rewrites the same rows.
    """
    newest = store.rows(
        "SELECT run_id FROM metrics.runs WHERE dataset = ? AND status IN ('GOOD', 'BAD') "
        "ORDER BY ts DESC, run_id DESC LIMIT 1",
        [dataset.name],
    )
    if not newest:
        return BaselineSummary(0, 0, "")
    runs = runs_until(store, dataset, [newest[0]["run_id"]], DETECTOR_NAME)
    training = training_of(store, dataset.name)
    rows = [_row(dataset, key, runs, training) for key in runs[-1].values]
    with store.transaction("monitoring.baselines") as tx:
        upsert_rows(tx, "monitoring.baselines", rows)
    return BaselineSummary(len(rows), sum(row.state == "ready" for row in rows), runs[-1].run_id)


def _row(dataset: Dataset, key: SeriesKey, runs: list[RunPoints], training: Training) -> BaselineRow:
    detectors = SeriesDetectors(dataset, training)
    seen = [run for run in runs if key in run.values]
    for run in seen:
        detectors.learn_one(key, run, anomalous=key in run.anomalous)
    last = seen[-1]
    band = detectors.judge_one(key, last)
    trained = [run.ts for run in seen if key not in run.anomalous] or [last.ts]
    return BaselineRow(
        dataset=dataset.name,
        column_name=key.column_name,
        segment=key.segment,
        metric=key.metric,
        as_of_batch=last.run_id,
        as_of=last.ts,
        method=band.method,
        state="learning" if band.verdict == "learning" else "ready",
        n=band.n,
        needed=band.needed,
        expected=band.expected,
        lower=band.lower,
        upper=band.upper,
        scale=band.scale,
        window_start=trained[0],
        window_end=trained[-1],
        params=as_json(dict(band.params)),
    )
