"""Series: the history of each judged metric of a dataset, as numpy arrays."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dqm_assets.pipeline.datasets import Dataset
from dqm_assets.pipeline.judged_metrics import JUDGED_METRICS
from dqm_assets.store import Store

#: Runs of history that judging reads, so that its cost does not grow with the years.
HISTORY_RUNS = 400


@dataclass(frozen=True)
class SeriesKey:
    """Which series: a metric of a column (``''`` is the table) and segment (``''`` is all rows)."""

    column_name: str
    segment: str
    metric: str


@dataclass(frozen=True)
class RunPoints:
    """All judged values of one run, and those of its series that were judged anomalous before."""

    run_id: str
    ts: datetime
    status: str
    values: dict[SeriesKey, float]
    anomalous: set[SeriesKey]


#: The runs to judge and the history before them. (ts, run_id) orders runs by the time of their data.
_RUN_POINTS = """
    WITH known AS (
        SELECT run_id, ts, status FROM metrics.runs WHERE dataset = $dataset AND status <> 'QUARANTINED'
    ), first AS (
        SELECT ts, run_id FROM known WHERE list_contains($runs, run_id) ORDER BY ts, run_id LIMIT 1
    ), last AS (
        SELECT ts, run_id FROM known WHERE list_contains($runs, run_id) ORDER BY ts DESC, run_id DESC LIMIT 1
    ), wanted AS (
        SELECT k.* FROM known AS k, first AS f, last AS l
        WHERE (k.ts, k.run_id) >= (f.ts, f.run_id) AND (k.ts, k.run_id) <= (l.ts, l.run_id)
        UNION ALL
        SELECT * FROM (
            SELECT k.* FROM known AS k, first AS f WHERE (k.ts, k.run_id) < (f.ts, f.run_id)
            ORDER BY k.ts DESC, k.run_id DESC LIMIT $history
        )
    )
    SELECT w.run_id, w.ts, w.status, m.column_name, m.segment, m.metric, m.value,
           coalesce(v.verdict = 'anomalous', false) AS anomalous
    FROM wanted AS w
    LEFT JOIN metrics.metrics AS m
      ON m.dataset = $dataset AND m.batch = w.run_id
     AND m.segment = ''
     AND ((m.column_name = '' AND list_contains($table_metrics, m.metric))
          OR (m.column_name <> '' AND list_contains($column_metrics, m.metric)))
    LEFT JOIN monitoring.verdicts AS v
      ON v.dataset = $dataset AND v.batch = w.run_id AND v.detector = $detector
     AND v.column_name = m.column_name AND v.segment = m.segment AND v.metric = m.metric
    ORDER BY w.ts, w.run_id, m.column_name, m.segment, m.metric
"""


def runs_until(
    store: Store, dataset: Dataset, run_ids: Sequence[str], detector: str, history: int = HISTORY_RUNS
) -> list[RunPoints]:
    """The given runs and up to ``history`` runs before the first of them, oldest first.

    A repeated or backfilled judgement sees exactly the runs whose data came before.

    Args:
        store: The open store.
        dataset: The dataset of the runs.
        run_ids: Runs to be judged.
        detector: Name under which earlier verdicts are stored.
        history: Earlier runs to read.
    """
    rows = store.rows(
        _RUN_POINTS,
        {
            "dataset": dataset.name,
            "runs": list(run_ids),
            "detector": detector,
            "history": history,
            "table_metrics": [metric.name for metric in JUDGED_METRICS.values() if metric.of == "table"],
            "column_metrics": [metric.name for metric in JUDGED_METRICS.values() if metric.of == "column"],
        },
    )
    runs: dict[str, RunPoints] = {}
    for row in rows:
        run = runs.setdefault(row["run_id"], RunPoints(row["run_id"], row["ts"], row["status"], {}, set()))
        if row["metric"] is not None:
            key = SeriesKey(row["column_name"], row["segment"], row["metric"])
            run.values[key] = row["value"]
            if row["anomalous"]:
                run.anomalous.add(key)
    return list(runs.values())
