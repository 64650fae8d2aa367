"""Volume and anomalies of anyone's asset: each batch is measured, and judged in dqm's store."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from dqm_assets.checks.batches import Batch
from dqm_assets.checks.volume import BatchCount
from dqm_assets.pipeline.judged_metrics import JUDGED_METRICS
from dqm_assets.pipeline.judged_values import values_of_batches
from dqm_assets.pipeline.observe import Point, Watch, observe
from dqm_assets.quality.judged_value import JudgedValue
from dqm_assets.quality.profile import Profile
from dqm_assets.quality.sensitivity import Sensitivity

if TYPE_CHECKING:
    from dqm_assets.store import Store

ROW_COUNT = "row_count"
#: Name that verdicts and alerts of these series carry.
DETECTOR = "asset_metric"
_HISTORY = 400

_TIMES = """
    SELECT batch, min(ts) AS ts FROM metrics.metrics
    WHERE dataset = $dataset AND list_contains($batches, batch) GROUP BY batch
"""


def table_points(batch: Batch, rows: int) -> list[Point]:
    """The row count of a batch as a point."""
    return [Point("", "", ROW_COUNT, batch.name, batch.ts, float(rows))]


def column_points(batch: Batch, profile: Profile, metrics: Sequence[str]) -> Iterator[Point]:
    """Metrics of each column of a batch's profile as points.

    Args:
        batch: what was profiled.
        profile: its profile.
        metrics: names of metrics, or ``column.metric`` for one column only.
    """
    for name, column in profile.columns.items():
        for metric, value in column.metrics().items():
            wanted = metric in metrics or f"{name}.{metric}" in metrics
            if wanted and isinstance(value, int | float):
                yield Point(name, "", metric, batch.name, batch.ts, float(value))


def watch_points(
    store: "Store", dataset: str, points: Sequence[Point], *, sensitivity: Sensitivity, owner: str
) -> None:
    """Keep points, judge them, and bring the alerts of the dataset up to date.

    A batch that was seen before stays at its time: a partition without a time of its own that is made again
    corrects its points, wherever its new run began.
    """
    metrics = {point.metric for point in points}
    batches = sorted({point.batch for point in points})
    known = {row["batch"]: row["ts"] for row in store.rows(_TIMES, {"dataset": dataset, "batches": batches})}
    placed = [replace(point, ts=known.get(point.batch, point.ts)) for point in points]
    observe(store, dataset, placed, [_watch(name, sensitivity) for name in sorted(metrics)], owner=owner)


def row_counts(store: "Store", dataset: str) -> list[BatchCount]:
    """Row counts of the latest batches, in time order."""
    rows = store.rows(
        "SELECT batch, ts, value FROM metrics.metrics "
        "WHERE dataset = ? AND column_name = '' AND segment = '' AND metric = ? "
        "ORDER BY ts DESC, batch DESC LIMIT ?",
        [dataset, ROW_COUNT, _HISTORY],
    )
    return [BatchCount(row["batch"], row["ts"], int(row["value"])) for row in reversed(rows)]


def judged_series(store: "Store", dataset: str, batches: Sequence[str]) -> list[JudgedValue]:
    """Judged metrics of columns in some batches; the row count has a check of its own."""
    found = values_of_batches(store, dataset, batches)
    return [one for one in found if one.series.detector == DETECTOR and one.series.metric != ROW_COUNT]


def _watch(metric: str, sensitivity: Sensitivity) -> Watch:
    known = JUDGED_METRICS.get(metric)
    if known is None:
        return Watch(metric, DETECTOR, "robust", sensitivity)
    return Watch(
        metric,
        DETECTOR,
        "zscore" if metric == ROW_COUNT else "robust",
        sensitivity,
        kind=known.kind,
        bad_when=known.bad_when,
        least_change=known.least_change,
        least_relative=known.least_relative,
    )
