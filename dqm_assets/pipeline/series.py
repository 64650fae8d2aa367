"""Series: the history of each judged metric of a dataset, as numpy arrays."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dqm_assets.pipeline.datasets import Dataset
from dqm_assets.store import Store

#: Metrics judged against their baseline, by what kind of column they make sense for. The others are
#: kept and shown; judging all of them would only multiply false alerts.
TABLE_METRICS = ("row_count", "quarantined_fraction")
COLUMN_METRICS = (
    "mean",
    "stddev",
    "min",
    "max",
    "null_fraction",
    "outlier_fraction",
    "distinct_fraction",
    "longest_repeat",
    "mean_length",
)
JUDGED_METRICS = (*TABLE_METRICS, *COLUMN_METRICS)

#: Runs of history that judging reads, so that its cost does not grow with the years.
HISTORY_RUNS = 400


@dataclass(frozen=True)
class SeriesKey:
    """Which series: a metric of a column (``''`` is the table) and segment (``''`` is all rows)."""

    column_name: str
    segment: str
    metric: str


@dataclass(frozen=True)
class Point:
    """One run's value of one series."""

    run_id: str
    ts: datetime
    value: float


@dataclass(frozen=True)
class RunPoints:
    """All judged values of one run."""

    run_id: str
    ts: datetime
    status: str
    values: dict[SeriesKey, float]


def runs_until(store: Store, dataset: Dataset, run_ids: Sequence[str], history: int = HISTORY_RUNS) -> list[RunPoints]:
    """The given runs and up to ``history`` runs before the first of them, oldest first.

    Runs are ordered by (data time, run id), so a repeated or backfilled judgement sees
    exactly the runs that came before.

    Args:
        store: The open store.
        dataset: The dataset of the runs.
        run_ids: Runs to be judged.
        history: Earlier runs to read.
    """
    rows = store.rows(
        f"""
        WITH first AS (
            SELECT ts, run_id FROM metrics.runs
            WHERE dataset = $dataset AND list_contains($runs, run_id) ORDER BY ts, run_id LIMIT 1
        ), last AS (
            SELECT ts, run_id FROM metrics.runs
            WHERE dataset = $dataset AND list_contains($runs, run_id) ORDER BY ts DESC, run_id DESC LIMIT 1
        ), wanted AS (
            SELECT run_id, ts, status FROM metrics.runs
            WHERE dataset = $dataset AND status <> 'QUARANTINED'
              AND (ts, run_id) >= (SELECT (ts, run_id) FROM first) AND (ts, run_id) <= (SELECT (ts, run_id) FROM last)
            UNION ALL
            SELECT * FROM (
                SELECT run_id, ts, status FROM metrics.runs
                WHERE dataset = $dataset AND status <> 'QUARANTINED' AND (ts, run_id) < (SELECT (ts, run_id) FROM first)
                ORDER BY ts DESC, run_id DESC LIMIT {int(history)}
            )
        )
        SELECT w.run_id, w.ts, w.status, m.column_name, m.segment, m.metric, m.value
        FROM wanted AS w LEFT JOIN metrics.metrics AS m
          ON m.dataset = $dataset AND m.batch = w.run_id AND list_contains($metrics, m.metric)
        ORDER BY w.ts, w.run_id
        """,
        {"dataset": dataset.name, "runs": list(run_ids), "metrics": list(JUDGED_METRICS)},
    )
    runs: dict[str, RunPoints] = {}
    for row in rows:
        run = runs.setdefault(row["run_id"], RunPoints(row["run_id"], row["ts"], row["status"], {}))
        if row["metric"] is not None:
            run.values[SeriesKey(row["column_name"], row["segment"], row["metric"])] = row["value"]
    return list(runs.values())
