"""Volume and anomalies of anyone's asset: each batch is measured, and judged in dqm's store."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import dagster as dg

from dqm_assets.checks.batches import Batch
from dqm_assets.checks.metadata import markdown_table
from dqm_assets.checks.volume import BatchCount
from dqm_assets.pipeline.judged_metrics import JUDGED_METRICS
from dqm_assets.pipeline.observe import Point, Watch, observe
from dqm_assets.quality.plural import counted
from dqm_assets.quality.profile import Profile
from dqm_assets.quality.sensitivity import Sensitivity

if TYPE_CHECKING:
    from dqm_assets.store import Store

ROW_COUNT = "row_count"
#: Name that verdicts and alerts of these series carry.
DETECTOR = "asset_metric"
_LISTED = 20
_HISTORY = 400


@dataclass(frozen=True)
class AnomalousSeries:
    """A series whose value in one batch lies outside its band."""

    batch: str
    column: str
    metric: str
    value: float
    expected: float
    lower: float
    upper: float


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
    """Keep points, judge them, and bring the alerts of the dataset up to date."""
    metrics = {point.metric for point in points}
    observe(store, dataset, points, [_watch(name, sensitivity) for name in sorted(metrics)], owner=owner)


def row_counts(store: "Store", dataset: str) -> list[BatchCount]:
    """Row counts of the latest batches, in time order."""
    rows = store.rows(
        "SELECT batch, ts, value FROM metrics.metrics "
        "WHERE dataset = ? AND column_name = '' AND segment = '' AND metric = ? "
        "ORDER BY ts DESC, batch DESC LIMIT ?",
        [dataset, ROW_COUNT, _HISTORY],
    )
    return [BatchCount(row["batch"], row["ts"], int(row["value"])) for row in reversed(rows)]


def anomalous_series(store: "Store", dataset: str, batches: Sequence[str]) -> list[AnomalousSeries]:
    """Series of some batches that lie outside their bands; the row count has a check of its own."""
    rows = store.rows(
        "SELECT batch, column_name, metric, value, expected, lower, upper FROM monitoring.verdicts "
        "WHERE dataset = ? AND detector = ? AND verdict = 'anomalous' AND metric <> ? "
        "AND list_contains(?, batch) ORDER BY ts, batch, column_name, metric",
        [dataset, DETECTOR, ROW_COUNT, list(batches)],
    )
    return [AnomalousSeries(*row.values()) for row in rows]


def anomaly_result(
    found: Sequence[AnomalousSeries], judged: int, *, asset_key: dg.AssetKey, check_name: str, link: str
) -> dg.AssetCheckResult:
    """Tell which metrics of which columns are out of their bands.

    Args:
        found: the anomalous series.
        judged: series that were looked at.
        asset_key: Asset of the check.
        check_name: Name of the check.
        link: Address that shows the series on the dashboard.

    Returns:
        Failed (severity WARN) when there is one.
    """
    metadata: dict = {"series": judged, "anomalous": len(found), "dashboard": dg.MetadataValue.url(link)}
    if found:
        header = ("batch", "column", "metric", "value", "expected", "from", "to")
        rows = [(s.batch, s.column, s.metric, s.value, s.expected, s.lower, s.upper) for s in found]
        metadata["out_of_band"] = dg.MetadataValue.md(markdown_table(header, rows[:_LISTED], total=len(rows)))
    return dg.AssetCheckResult(
        asset_key=asset_key,
        check_name=check_name,
        passed=not found,
        severity=dg.AssetCheckSeverity.WARN,
        description=_told(found[0]) if found else f"{counted(judged, 'metric')} as usual, or still learning.",
        metadata=metadata,
    )


def _told(series: AnomalousSeries) -> str:
    band = f"{series.lower:.4g} to {series.upper:.4g}"
    metric = series.metric.replace("_", " ")
    return f"{metric} of {series.column} is {series.value:.4g} in {series.batch}, expected {band}."


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
