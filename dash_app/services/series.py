"""One metric over the runs of a dataset, with the bands it was judged against."""

from dash_app.services.metric_series import series_point
from dash_app.services.records import SeriesPoint
from dqm_assets.store import Store

#: Several detectors may judge one point: the one that fired is shown, else the first by name.
SERIES = """
WITH newest AS (
    SELECT run_id, coalesce(ts, landed_at) AS ts, status
    FROM metrics.runs
    WHERE dataset = $dataset
    ORDER BY coalesce(ts, landed_at) DESC, run_id DESC
    LIMIT $limit
), judged AS (
    SELECT metric, batch, expected, lower, upper, verdict, detector
    FROM monitoring.verdicts
    WHERE dataset = $dataset AND column_name = $column AND segment = ''
        AND list_contains($metrics::VARCHAR[], metric)
    QUALIFY row_number() OVER (
        PARTITION BY metric, batch ORDER BY (verdict = 'anomalous') DESC, lower IS NULL, detector
    ) = 1
)
SELECT m.metric, newest.run_id AS batch, newest.ts, m.value, j.expected, j.lower, j.upper, j.verdict,
    j.detector, newest.status
FROM newest
JOIN metrics.metrics AS m
    ON m.dataset = $dataset AND m.batch = newest.run_id AND m.column_name = $column AND m.segment = ''
        AND list_contains($metrics::VARCHAR[], m.metric)
LEFT JOIN judged AS j ON j.metric = m.metric AND j.batch = m.batch
ORDER BY m.metric, newest.ts, newest.run_id
"""

CHART_COLUMNS = """
SELECT m.column_name, max(v.judged) AS judged
FROM metrics.metrics AS m
LEFT JOIN (
    SELECT column_name, count(*) AS judged
    FROM monitoring.verdicts
    WHERE dataset = $dataset AND metric IN ('stddev', 'row_count') AND segment = ''
    GROUP BY column_name
) AS v ON v.column_name = m.column_name
WHERE m.dataset = $dataset AND m.segment = '' AND m.value IS NOT NULL
    AND (m.metric = 'stddev' OR (m.metric = 'row_count' AND m.column_name = ''))
GROUP BY m.column_name
ORDER BY m.column_name = '', judged DESC NULLS LAST, m.column_name = 'value' DESC, m.column_name
"""


def series_of(
    store: Store, dataset: str, column: str, metrics: tuple[str, ...], limit: int
) -> dict[str, tuple[SeriesPoint, ...]]:
    """Read the newest ``limit`` runs' values of some metrics of a column, oldest first, by metric."""
    found: dict[str, list[SeriesPoint]] = {metric: [] for metric in metrics}
    asked = {"dataset": dataset, "column": column, "metrics": list(metrics), "limit": limit}
    for row in store.rows(SERIES, asked):
        found[row["metric"]].append(series_point(row))
    return {metric: tuple(points) for metric, points in found.items()}


def chart_columns(store: Store, dataset: str) -> tuple[str, ...]:
    """Name the columns to chart, the most judged first; last the empty name, for the table as a whole."""
    return tuple(row["column_name"] for row in store.rows(CHART_COLUMNS, {"dataset": dataset}))
