"""Datasets with what their runs and alerts say, in one query however many there are."""

from dash_app.services.records import DatasetSummary
from dash_app.services.rows import as_count, as_text, as_utc
from dqm_assets.store import Store

#: How many of the newest runs a summary shows as a strip.
RECENT_RUNS = 40

SUMMARIES = """
WITH ranked AS (
    SELECT dataset, run_id, status, landed_at, rows_loaded, rows_quarantined,
        row_number() OVER (
            PARTITION BY dataset ORDER BY landed_at DESC NULLS LAST, ts DESC, registered_at DESC, run_id DESC
        ) AS place
    FROM metrics.runs
    WHERE $dataset IS NULL OR dataset = $dataset
), counted AS (
    SELECT dataset,
        count(*) AS runs,
        count(*) FILTER (WHERE status = 'GOOD') AS good,
        count(*) FILTER (WHERE status = 'BAD') AS bad,
        count(*) FILTER (WHERE status = 'QUARANTINED') AS quarantined,
        sum(rows_loaded) AS rows_loaded,
        sum(rows_quarantined) AS rows_quarantined,
        max(landed_at) AS last_arrival,
        max(run_id) FILTER (WHERE place = 1) AS last_run_id,
        max(status) FILTER (WHERE place = 1) AS last_status,
        list(status ORDER BY place DESC) FILTER (WHERE place <= $recent) AS recent
    FROM ranked
    GROUP BY dataset
), measured AS (
    SELECT dataset, count(DISTINCT batch) AS batches, max(ts) AS last_data
    FROM metrics.metrics
    WHERE ($dataset IS NULL OR dataset = $dataset) AND dataset NOT IN (SELECT dataset FROM counted)
    GROUP BY dataset
), alerted AS (
    SELECT dataset, count(*) AS open_alerts
    FROM monitoring.alerts
    WHERE status IN ('open', 'acknowledged')
    GROUP BY dataset
)
SELECT coalesce(d.dataset, c.dataset) AS name, d.table_name, d.owner, d.contract, d.description, d.discovered,
    d.timestamp_column, c.* EXCLUDE (dataset, last_arrival), a.open_alerts,
    coalesce(c.last_arrival, m.last_data) AS last_arrival, coalesce(c.runs, m.batches) AS batches
FROM (SELECT * FROM monitoring.datasets WHERE $dataset IS NULL OR dataset = $dataset) AS d
FULL JOIN counted AS c ON c.dataset = d.dataset
LEFT JOIN measured AS m ON m.dataset = coalesce(d.dataset, c.dataset)
LEFT JOIN alerted AS a ON a.dataset = coalesce(d.dataset, c.dataset)
ORDER BY name
"""

NAMES = """
SELECT dataset FROM monitoring.datasets
UNION
SELECT DISTINCT dataset FROM metrics.runs
ORDER BY dataset
"""

#: The dataset whose data arrived last, else the first by name.
DEFAULT = """
SELECT dataset FROM (
    SELECT dataset, max(landed_at) AS arrived FROM metrics.runs GROUP BY dataset
    UNION ALL
    SELECT dataset, NULL AS arrived FROM monitoring.datasets
)
ORDER BY arrived DESC NULLS LAST, dataset
LIMIT 1
"""


def dataset_summaries(store: Store, dataset: str | None = None) -> tuple[DatasetSummary, ...]:
    """Read the summary of every dataset, or of one, by name; a dataset without runs is there too."""
    rows = store.rows(SUMMARIES, {"dataset": dataset, "recent": RECENT_RUNS})
    return tuple(
        DatasetSummary(
            dataset=row["name"],
            table_name=as_text(row["table_name"]),
            owner=as_text(row["owner"]),
            contract=as_text(row["contract"]),
            description=as_text(row["description"]),
            discovered=bool(row["discovered"]),
            timestamp_column=as_text(row["timestamp_column"]),
            batches=as_count(row["batches"]),
            runs=as_count(row["runs"]),
            good=as_count(row["good"]),
            bad=as_count(row["bad"]),
            quarantined=as_count(row["quarantined"]),
            rows_loaded=as_count(row["rows_loaded"]),
            rows_quarantined=as_count(row["rows_quarantined"]),
            open_alerts=as_count(row["open_alerts"]),
            last_arrival=as_utc(row["last_arrival"]),
            last_run_id=row["last_run_id"],
            last_status=row["last_status"],
            recent=tuple(row["recent"] or ()),
        )
        for row in rows
    )


def dataset_names(store: Store) -> tuple[str, ...]:
    """Name every dataset, known or only seen in runs, in alphabetical order."""
    return tuple(row["dataset"] for row in store.rows(NAMES))


def default_dataset(store: Store) -> str | None:
    """Name the dataset to show when none is asked for, or ``None`` while there is none."""
    rows = store.rows(DEFAULT)
    return rows[0]["dataset"] if rows else None
