"""Runs in the store: pages of the registry, one run, its metrics, profile states and quarantine."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dash_app.services.records import (
    Metric,
    ProfileState,
    Quarantine,
    QuarantinedRow,
    Run,
    RunPage,
)
from dash_app.services.rows import as_count, as_json, as_number, as_reasons, as_text, as_utc
from dqm_assets.store import Store

RUN_COLUMNS = """
    dataset, run_id, file, status, ts, landed_at, registered_at, judged_at, rows_in, rows_loaded,
    rows_quarantined, file_bytes, file_sha256, reasons, dialect, dagster_run_id, snapshot, simulated
"""

RUN_FILTER = """
    ($dataset IS NULL OR dataset = $dataset)
    AND ($status IS NULL OR status = $status)
    AND ($since IS NULL OR coalesce(ts, landed_at) >= $since::TIMESTAMPTZ)
    AND ($until IS NULL OR coalesce(ts, landed_at) < $until::TIMESTAMPTZ)
"""

RUN_PAGE = f"""
SELECT {RUN_COLUMNS}, count(*) OVER () AS total
FROM metrics.runs
WHERE {RUN_FILTER}
ORDER BY coalesce(ts, landed_at) DESC, run_id DESC, dataset
LIMIT $limit OFFSET $offset
"""  # noqa: S608 - only the constants above are put in; values are parameters

RUN_COUNT = f"SELECT count(*) AS total FROM metrics.runs WHERE {RUN_FILTER}"  # noqa: S608 - as above

RUNS_BY_ID = f"""
SELECT {RUN_COLUMNS}
FROM metrics.runs
WHERE run_id = $run_id AND ($dataset IS NULL OR dataset = $dataset)
ORDER BY dataset
"""  # noqa: S608 - as above

LATEST_RUNS = f"""
SELECT {RUN_COLUMNS}
FROM metrics.runs
WHERE $dataset IS NULL OR dataset = $dataset
QUALIFY row_number() OVER (
    PARTITION BY dataset ORDER BY coalesce(ts, landed_at) DESC, registered_at DESC, run_id DESC
) = 1
ORDER BY dataset
"""  # noqa: S608 - as above

RUN_METRICS = """
SELECT dataset, batch, column_name, segment, metric, value
FROM metrics.metrics
WHERE (dataset, batch) IN (SELECT unnest($datasets::VARCHAR[]), unnest($batches::VARCHAR[]))
ORDER BY dataset, batch, column_name, segment, metric
"""

PROFILE_STATES = """
SELECT column_name, kind, rows, state
FROM metrics.profiles
WHERE dataset = $dataset AND batch = $run_id AND segment = ''
ORDER BY column_name
"""

QUARANTINE_CODES = """
SELECT code, count(*) AS rows
FROM raw.quarantine
WHERE dataset = $dataset AND run_id = $run_id
GROUP BY code
ORDER BY rows DESC, code
"""

QUARANTINED_ROWS = """
SELECT line, column_name, code, reason, raw_text, file
FROM raw.quarantine
WHERE dataset = $dataset AND run_id = $run_id
ORDER BY line, column_name
LIMIT $limit
"""


@dataclass(frozen=True, slots=True)
class RunFilter:
    """Which runs a page holds; ``None`` asks for no limit on that field, ``until`` is exclusive."""

    dataset: str | None = None
    status: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def run_page(store: Store, where: RunFilter, limit: int, offset: int = 0) -> RunPage:
    """Read a page of runs, newest data first."""
    chosen = {
        "dataset": where.dataset,
        "status": where.status,
        "since": where.since,
        "until": where.until,
    }
    rows = store.rows(RUN_PAGE, {**chosen, "limit": limit, "offset": offset})
    # Past the end, the window function has no row to say the total in.
    counted = rows or store.rows(RUN_COUNT, chosen)
    return RunPage(runs=tuple(_run(row) for row in rows), total=int(counted[0]["total"]))


def runs_with_id(store: Store, run_id: str, dataset: str | None = None) -> tuple[Run, ...]:
    """Read the runs of that id: one, none, or one per dataset that took in the same file."""
    rows = store.rows(RUNS_BY_ID, {"run_id": run_id, "dataset": dataset})
    return tuple(_run(row) for row in rows)


def latest_runs(store: Store, dataset: str | None = None) -> tuple[Run, ...]:
    """Read the newest run of each dataset, or of one."""
    return tuple(_run(row) for row in store.rows(LATEST_RUNS, {"dataset": dataset}))


def metrics_of(store: Store, keys: tuple[tuple[str, str], ...]) -> dict[tuple[str, str], tuple[Metric, ...]]:
    """Read all metrics of the runs named by (dataset, run id); a run without metrics has an empty tuple."""
    found: dict[tuple[str, str], list[Metric]] = {key: [] for key in keys}
    if not keys:
        return {}
    datasets, batches = (list(part) for part in zip(*keys, strict=True))
    for row in store.rows(RUN_METRICS, {"datasets": datasets, "batches": batches}):
        found[row["dataset"], row["batch"]].append(
            Metric(
                column=as_text(row["column_name"]),
                segment=as_text(row["segment"]),
                metric=row["metric"],
                value=as_number(row["value"]),
            )
        )
    return {key: tuple(metrics) for key, metrics in found.items()}


def profile_states(store: Store, dataset: str, run_id: str) -> tuple[ProfileState, ...]:
    """Read the kernel's states of a run, one per column, whole table only (no segments)."""
    return tuple(
        ProfileState(
            column=row["column_name"],
            kind=as_text(row["kind"]),
            rows=as_count(row["rows"]),
            state=bytes(row["state"]),
        )
        for row in store.rows(PROFILE_STATES, {"dataset": dataset, "run_id": run_id})
    )


def quarantine_of(store: Store, dataset: str, run_id: str, limit: int = 200) -> Quarantine:
    """Read a run's quarantine: counts by code over all rows, and at most ``limit`` of them."""
    key = {"dataset": dataset, "run_id": run_id}
    by_code = tuple((row["code"], int(row["rows"])) for row in store.rows(QUARANTINE_CODES, key))
    rows = store.rows(QUARANTINED_ROWS, {**key, "limit": limit}) if by_code else []
    return Quarantine(
        total=sum(count for _, count in by_code),
        by_code=by_code,
        rows=tuple(
            QuarantinedRow(
                line=int(row["line"]),
                column=as_text(row["column_name"]),
                code=row["code"],
                reason=as_text(row["reason"]),
                raw_text=as_text(row["raw_text"]),
                file=as_text(row["file"]),
            )
            for row in rows
        ),
    )


def _run(row: dict[str, Any]) -> Run:
    dialect = as_json(row["dialect"])
    return Run(
        dataset=row["dataset"],
        run_id=row["run_id"],
        file=as_text(row["file"]),
        status=row["status"],
        ts=as_utc(row["ts"]),
        landed_at=as_utc(row["landed_at"]),
        registered_at=as_utc(row["registered_at"]),
        judged_at=as_utc(row["judged_at"]),
        rows_in=row["rows_in"],
        rows_loaded=row["rows_loaded"],
        rows_quarantined=row["rows_quarantined"],
        file_bytes=row["file_bytes"],
        file_sha256=row["file_sha256"],
        reasons=as_reasons(row["reasons"]),
        dialect=dialect if isinstance(dialect, dict) else {},
        dagster_run_id=row["dagster_run_id"],
        snapshot=row["snapshot"],
        simulated=bool(row["simulated"]),
    )
