"""Checks: what each clause of a dataset's contract found, batch by batch."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dash_app.services.rows import as_count, as_json, as_text, as_utc
from dqm_assets.store import Store

RECENT_RESULTS = 40

CLAUSES = """
WITH ranked AS (
    SELECT c.*, coalesce(r.ts, r.landed_at, c.checked_at) AS came, r.run_id IS NOT NULL AS of_file,
        row_number() OVER (
            PARTITION BY c.clause ORDER BY coalesce(r.ts, r.landed_at, c.checked_at) DESC, c.run_id DESC
        ) AS place
    FROM monitoring.contract_violations AS c
    LEFT JOIN metrics.runs AS r ON r.dataset = c.dataset AND r.run_id = c.run_id
    WHERE c.dataset = $dataset
)
SELECT clause, max(severity) FILTER (WHERE place = 1) AS severity,
    max(dimension) FILTER (WHERE place = 1) AS dimension,
    max(message) FILTER (WHERE place = 1) AS message,
    max(run_id) FILTER (WHERE place = 1) AS run_id, bool_or(of_file) AS of_file,
    max(came) FILTER (WHERE place = 1) AS came,
    bool_and(passed) FILTER (WHERE place = 1) AS passed,
    max(failing_rows) FILTER (WHERE place = 1) AS failing_rows,
    max(checked_rows) FILTER (WHERE place = 1) AS checked_rows,
    count(*) AS results, count(*) FILTER (WHERE NOT passed) AS failures,
    arg_max(run_id, came) FILTER (WHERE NOT passed) AS last_failed_run,
    arg_max(message, came) FILTER (WHERE NOT passed) AS last_failure,
    list(passed ORDER BY place DESC) FILTER (WHERE place <= $recent) AS recent
FROM ranked
GROUP BY clause
ORDER BY bool_and(passed) FILTER (WHERE place = 1), failures DESC, clause
"""

SAMPLE = """
SELECT message, failing_rows, checked_rows, sample, snapshot, checked_at
FROM monitoring.contract_violations
WHERE dataset = $dataset AND clause = $clause AND run_id = $run_id
"""


@dataclass(frozen=True, slots=True)
class ClauseHistory:
    """A clause's newest result, and how the ones before went."""

    clause: str
    severity: str
    dimension: str
    message: str
    run_id: str
    ts: datetime | None
    passed: bool
    failing_rows: int
    checked_rows: int
    results: int
    failures: int
    last_failed_run: str
    last_failure: str
    #: Whether each of the newest results passed, oldest first.
    recent: tuple[bool, ...]
    #: Whether its batches are runs of files, which have a page of their own.
    of_file: bool


@dataclass(frozen=True, slots=True)
class ClauseSample:
    """Failing rows of a clause in one batch, as kept when it was judged."""

    message: str
    failing_rows: int
    checked_rows: int
    snapshot: int | None
    checked_at: datetime | None
    rows: tuple[dict[str, Any], ...]


def clause_histories(store: Store, dataset: str) -> tuple[ClauseHistory, ...]:
    """Read every clause that was ever judged on a dataset, those that fail first."""
    return tuple(
        ClauseHistory(
            clause=row["clause"],
            severity=as_text(row["severity"]),
            dimension=as_text(row["dimension"]),
            message=as_text(row["message"]),
            run_id=row["run_id"],
            ts=as_utc(row["came"]),
            passed=bool(row["passed"]),
            failing_rows=as_count(row["failing_rows"]),
            checked_rows=as_count(row["checked_rows"]),
            results=row["results"],
            failures=row["failures"],
            last_failed_run=as_text(row["last_failed_run"]),
            last_failure=as_text(row["last_failure"]),
            recent=tuple(row["recent"] or ()),
            of_file=bool(row["of_file"]),
        )
        for row in store.rows(CLAUSES, {"dataset": dataset, "recent": RECENT_RESULTS})
    )


def clause_sample(store: Store, dataset: str, clause: str, run_id: str) -> ClauseSample | None:
    """Read the failing rows that a clause kept of a batch, or ``None`` if it did not judge it."""
    rows = store.rows(SAMPLE, {"dataset": dataset, "clause": clause, "run_id": run_id})
    if not rows:
        return None
    row = rows[0]
    kept = as_json(row["sample"]) or []
    return ClauseSample(
        message=as_text(row["message"]),
        failing_rows=as_count(row["failing_rows"]),
        checked_rows=as_count(row["checked_rows"]),
        snapshot=row["snapshot"],
        checked_at=as_utc(row["checked_at"]),
        rows=tuple(each for each in kept if isinstance(each, dict)),
    )
