"""What changed since yesterday: alerts, scores, columns, new datasets and bad runs of the last 24 hours."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from dash_app.services.rows import as_count, as_text, as_utc
from dqm_assets.store import Store

Kind = Literal["opened", "resolved", "score", "schema", "dataset", "runs"]
#: Changes of one kind that are listed at most.
MOST_OF_A_KIND = 4
#: A score that moved less is not worth telling.
LEAST_MOVE = 2.0

ALERTS = """
SELECT e.event, a.dataset, a.title, a.alert_id, coalesce(e.recorded_at, e.ts) AS ts
FROM monitoring.alert_events AS e JOIN monitoring.alerts AS a USING (alert_id)
WHERE e.event IN ('opened', 'resolved')
    AND coalesce(e.recorded_at, e.ts) >= now() - INTERVAL 1 DAY
QUALIFY row_number() OVER (PARTITION BY e.event ORDER BY coalesce(e.recorded_at, e.ts) DESC) <= $most
ORDER BY coalesce(e.recorded_at, e.ts) DESC
"""

SCORES = """
WITH days AS (
    SELECT name, day, score, lag(score) OVER (PARTITION BY name ORDER BY day) AS before
    FROM monitoring.scores WHERE scope = 'dataset' AND day >= current_date - 2
)
SELECT name AS dataset, score, before FROM days
WHERE day = current_date AND abs(score - before) >= $least
ORDER BY abs(score - before) DESC LIMIT $most
"""

SCHEMAS = """
SELECT h.dataset, h.run_id, json_array_length(h.changes) AS changes, r.landed_at AS ts
FROM monitoring.schema_history AS h JOIN metrics.runs AS r USING (dataset, run_id)
WHERE json_array_length(h.changes) > 0 AND r.landed_at >= now() - INTERVAL 1 DAY
ORDER BY r.landed_at DESC LIMIT $most
"""

DATASETS = """
SELECT dataset, first_seen AS ts FROM monitoring.datasets
WHERE first_seen >= now() - INTERVAL 1 DAY ORDER BY first_seen DESC LIMIT $most
"""

RUNS = """
SELECT dataset, count(*) AS runs, count(*) FILTER (WHERE status = 'BAD') AS bad, max(landed_at) AS ts
FROM metrics.runs WHERE landed_at >= now() - INTERVAL 1 DAY
GROUP BY dataset HAVING bad > 0 ORDER BY bad DESC LIMIT $most
"""


@dataclass(frozen=True, slots=True)
class Change:
    """One change; ``target`` is an alert's or a run's id, empty when it is the dataset as a whole."""

    kind: Kind
    dataset: str
    text: str
    target: str
    ts: datetime | None
    #: Whether it is a change for the worse.
    worse: bool


def recent_changes(store: Store) -> tuple[Change, ...]:
    """Read what changed in the last 24 hours, grouped by kind, for the worse first."""
    most = {"most": MOST_OF_A_KIND}
    found: list[Change] = []
    for row in store.rows(ALERTS, most):
        text = as_text(row["title"]).removeprefix(f"{row['dataset']}.")
        opened = row["event"] == "opened"
        kind: Kind = "opened" if opened else "resolved"
        found.append(Change(kind, row["dataset"], text, row["alert_id"], as_utc(row["ts"]), opened))
    for row in store.rows(SCORES, {**most, "least": LEAST_MOVE}):
        text = f"score {row['before']:.0f} → {row['score']:.0f}"
        found.append(Change("score", row["dataset"], text, "", None, row["score"] < row["before"]))
    for row in store.rows(SCHEMAS, most):
        amount = as_count(row["changes"])
        text = f"{amount} {'change' if amount == 1 else 'changes'} of columns"
        found.append(Change("schema", row["dataset"], text, row["run_id"], as_utc(row["ts"]), worse=True))
    for row in store.rows(RUNS, most):
        text = f"{row['bad']:,} of {row['runs']:,} runs are bad"
        found.append(Change("runs", row["dataset"], text, "", as_utc(row["ts"]), worse=True))
    found += [
        Change("dataset", row["dataset"], "new dataset", "", as_utc(row["ts"]), worse=False)
        for row in store.rows(DATASETS, most)
    ]
    return tuple(sorted(found, key=lambda change: not change.worse))
