"""Daily volume: rows per day of a dataset of files, whole days only."""

from datetime import UTC, datetime, time

from dqm_assets.pipeline.datasets import Dataset
from dqm_assets.pipeline.observe import ObserveSummary, Point, Watch, observe
from dqm_assets.quality.sensitivity import Sensitivity
from dqm_assets.store import Store

METRIC, DETECTOR_NAME = "daily_row_count", "daily_volume"
#: Days that are looked at again, so that the cost does not grow with the years; a file that comes later than
#: this corrects no day.
_DAYS = 400

#: Rows by day of the data; a day between the first and the last without a file had none, and the newest day
#: is not over.
_DAILY = """
    WITH daily AS (
        SELECT CAST(ts AT TIME ZONE 'UTC' AS DATE) AS day, sum(rows_loaded) AS rows
        FROM metrics.runs WHERE dataset = $dataset AND status IN ('GOOD', 'BAD') GROUP BY ALL
    ), days AS (
        SELECT CAST(unnest(generate_series(
            greatest(min(day), max(day) - CAST($days AS INTEGER))::TIMESTAMP,
            max(day)::TIMESTAMP - INTERVAL 1 DAY, INTERVAL 1 DAY
        )) AS DATE) AS day FROM daily
    )
    SELECT day, coalesce(rows, 0)::DOUBLE AS rows FROM days LEFT JOIN daily USING (day) ORDER BY day
"""
#: Batches that come every day, or nearly, have a daily rhythm; a dataset of a file a month has none.
_LEAST_BUSY = 0.5


def observe_days(store: Store, dataset: Dataset) -> ObserveSummary:
    """Judge the rows of each whole day; the same days again change nothing, a late file corrects its day."""
    rows = store.rows(_DAILY, {"dataset": dataset.name, "days": _DAYS})
    busy = sum(row["rows"] > 0 for row in rows)
    if not rows or busy < _LEAST_BUSY * len(rows):
        return ObserveSummary()
    points = [
        Point("", "", METRIC, row["day"].isoformat(), datetime.combine(row["day"], time(), UTC), row["rows"])
        for row in rows
    ]
    watch = Watch(
        METRIC,
        DETECTOR_NAME,
        method="ensemble",
        sensitivity=Sensitivity.per_weeks(12),
        kind="count",
        least_relative=0.05,
        calendar=dataset.calendar,
    )
    return observe(
        store,
        dataset.name,
        points,
        [watch],
        owner=dataset.owner,
        retention_days=dataset.retention_days,
    )
