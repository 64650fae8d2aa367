"""Baselines: what each judged series of a dataset is expected to be at its next run."""

from dataclasses import dataclass
from datetime import datetime

from dqm_assets.pipeline.datasets import Dataset
from dqm_assets.pipeline.judge import run_watches
from dqm_assets.pipeline.rows import as_json, upsert_rows
from dqm_assets.pipeline.series import judged_runs_of
from dqm_assets.pipeline.series_states import learned_until
from dqm_assets.pipeline.training import training_of
from dqm_assets.pipeline.watch import Point
from dqm_assets.quality.alert import SeriesKey
from dqm_assets.quality.verdict import Verdict
from dqm_assets.store import Store


@dataclass(frozen=True)
class BaselineRow:
    """A line of ``monitoring.baselines``.

    The bounds are NaN while the series is learning. ``window_start`` and ``window_end`` are the data times of
    the oldest and the newest run that it can rest on; ``n`` is how many it does.
    """

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


#: Judged runs, newest first, as many as a baseline rests on at most.
_WINDOW = """
    SELECT run_id, ts FROM metrics.runs WHERE dataset = ? AND status IN ('GOOD', 'BAD')
    ORDER BY ts DESC, run_id DESC LIMIT ?
"""
_WINDOW_RUNS = 1_000


def update_baselines(store: Store, dataset: Dataset) -> BaselineSummary:
    """Store the band that the next point of every judged series is held to.

    It rests on what judging has learned, so that the cost does not grow with the history. The row belongs
    to the newest run, so repeating it rewrites the same rows.
    """
    window = store.rows(_WINDOW, [dataset.name, _WINDOW_RUNS])
    if not window:
        return BaselineSummary(0, 0, "")
    newest = judged_runs_of(store, dataset, [window[0]["run_id"]])[0]
    points = [
        Point(key.column_name, key.segment, key.metric, newest.run_id, newest.ts, value)
        for key, value in newest.values.items()
    ]
    learned = learned_until(
        store, dataset.name, points, run_watches(dataset), training_of(store, dataset.name)
    )
    span = (window[-1]["ts"], window[0]["ts"])
    rows = [
        _row(series, point, detector.judge(point.ts, point.value), span)
        for point, series, detector in learned
    ]
    with store.transaction("monitoring.baselines") as tx:
        upsert_rows(tx, "monitoring.baselines", rows)
    return BaselineSummary(len(rows), sum(row.state == "ready" for row in rows), newest.run_id)


def _row(series: SeriesKey, last: Point, band: Verdict, span: tuple[datetime, datetime]) -> BaselineRow:
    return BaselineRow(
        dataset=series.dataset,
        column_name=series.column_name,
        segment=series.segment,
        metric=series.metric,
        as_of_batch=last.batch,
        as_of=last.ts,
        method=band.method,
        state="learning" if band.verdict == "learning" else "ready",
        n=band.n,
        needed=band.needed,
        expected=band.expected,
        lower=band.lower,
        upper=band.upper,
        scale=band.scale,
        window_start=span[0],
        window_end=span[1],
        params=as_json(dict(band.params)),
    )
