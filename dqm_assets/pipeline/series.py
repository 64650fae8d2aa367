"""Series: the history of each judged metric of a dataset, as numpy arrays."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dqm_assets.pipeline.datasets import Dataset
from dqm_assets.pipeline.judged_metrics import JUDGED_METRICS
from dqm_assets.store import Store


@dataclass(frozen=True)
class SeriesKey:
    """Which series: a metric of a column (``''`` is the table) and segment (``''`` is all rows)."""

    column_name: str
    segment: str
    metric: str


@dataclass(frozen=True)
class RunPoints:
    """All judged values of one run."""

    run_id: str
    ts: datetime
    values: dict[SeriesKey, float]


#: (ts, run_id) orders runs by the time of their data.
_RUN_POINTS = """
    SELECT r.run_id, r.ts, m.column_name, m.segment, m.metric, m.value
    FROM metrics.runs AS r
    LEFT JOIN metrics.metrics AS m
      ON m.dataset = r.dataset AND m.batch = r.run_id AND list_contains($runs, m.batch)
     AND m.ts BETWEEN $first AND $last AND m.segment = ''
     AND ((m.column_name = '' AND list_contains($table_metrics, m.metric))
          OR (m.column_name <> '' AND list_contains($column_metrics, m.metric)))
    WHERE r.dataset = $dataset AND r.status <> 'QUARANTINED' AND list_contains($runs, r.run_id)
    ORDER BY r.ts, r.run_id, m.column_name, m.segment, m.metric
"""
_SPAN = """
    SELECT min(ts) AS first, max(ts) AS last FROM metrics.runs
    WHERE dataset = ? AND status <> 'QUARANTINED' AND list_contains(?, run_id)
"""


def judged_runs_of(store: Store, dataset: Dataset, run_ids: Sequence[str]) -> list[RunPoints]:
    """Read the judged values of runs, oldest first; a run that was not measured has none.

    Args:
        store: The open store.
        dataset: The dataset of the runs.
        run_ids: Runs to be judged; those that could not be read are left out.
    """
    span = store.rows(_SPAN, [dataset.name, list(run_ids)])[0]
    rows = store.rows(
        _RUN_POINTS,
        {
            "dataset": dataset.name,
            "runs": list(run_ids),
            **span,
            "table_metrics": [metric.name for metric in JUDGED_METRICS.values() if metric.of == "table"],
            "column_metrics": [metric.name for metric in JUDGED_METRICS.values() if metric.of == "column"],
        },
    )
    runs: dict[str, RunPoints] = {}
    for row in rows:
        run = runs.setdefault(row["run_id"], RunPoints(row["run_id"], row["ts"], {}))
        if row["metric"] is not None:
            run.values[SeriesKey(row["column_name"], row["segment"], row["metric"])] = row["value"]
    return list(runs.values())
