"""The platform itself: what came in, how large the store is, what waits, which versions run."""

import platform
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from dash_app.services.rows import as_count, as_json, as_utc
from dqm_assets.notify.listing import Queue as NotificationQueue
from dqm_assets.notify.listing import queue as notification_queue
from dqm_assets.store import Store
from dqm_assets.store.maintenance import SNAPSHOT_DAYS
from dqm_assets.store.status import StoreStatus
from dqm_assets.store.status import status as store_status

#: Packages whose versions matter when something is asked about.
SHOWN_PACKAGES = (
    "dqm",
    "dagster",
    "duckdb",
    "duckdb-extension-ducklake",
    "pyarrow",
    "dash",
    "plotly",
    "fastapi",
)

INGEST = """
SELECT count(*) FILTER (WHERE landed_at >= now() - INTERVAL 1 DAY) AS runs_day,
    coalesce(sum(rows_loaded) FILTER (WHERE landed_at >= now() - INTERVAL 1 DAY), 0)::BIGINT AS rows_day,
    coalesce(sum(rows_quarantined) FILTER (WHERE landed_at >= now() - INTERVAL 1 DAY), 0)::BIGINT AS kept_out,
    count(*) FILTER (WHERE status = 'LOADED') AS not_judged,
    count(*) AS runs, max(landed_at) AS last_arrival,
    median(epoch(judged_at - landed_at)) FILTER (
        WHERE landed_at >= now() - INTERVAL 1 DAY AND judged_at >= landed_at
    ) AS seconds_to_judge
FROM metrics.runs
"""

MAINTENANCE = """
SELECT status, last_success, last_attempt, reason, details
FROM monitoring.pipeline_status WHERE pipeline = 'store_maintenance'
"""


@dataclass(frozen=True, slots=True)
class Ingest:
    """What came in during the last day, and in all."""

    runs_day: int
    rows_day: int
    quarantined_day: int
    not_judged: int
    runs: int
    last_arrival: datetime | None
    #: Median seconds from arrival to judgement in the last day.
    seconds_to_judge: float | None


@dataclass(frozen=True, slots=True)
class Maintenance:
    """How the last maintenance of the store ended; ``None`` times while there was none."""

    status: str
    last_success: datetime | None
    last_attempt: datetime | None
    reason: str
    #: Numbers that it reported, such as ``files_before``.
    details: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class SystemState:
    """The platform as a whole."""

    ingest: Ingest
    store: StoreStatus
    notifications: NotificationQueue
    maintenance: Maintenance
    retention_days: int
    snapshot_days: int


def system_state(store: Store) -> SystemState:
    """Read the state of the platform; costs some milliseconds per table."""
    return SystemState(
        ingest=_ingest(store.rows(INGEST)[0]),
        store=store_status(store),
        notifications=notification_queue(store),
        maintenance=_maintenance(store),
        retention_days=store.settings.retention_days,
        snapshot_days=SNAPSHOT_DAYS,
    )


def package_versions() -> tuple[tuple[str, str], ...]:
    """Name the versions of the packages that matter, and of Python."""
    found = [("python", platform.python_version())]
    for name in SHOWN_PACKAGES:
        try:
            found.append((name, version(name)))
        except PackageNotFoundError:
            found.append((name, "not installed"))
    return tuple(found)


def _ingest(row: dict[str, Any]) -> Ingest:
    return Ingest(
        runs_day=as_count(row["runs_day"]),
        rows_day=as_count(row["rows_day"]),
        quarantined_day=as_count(row["kept_out"]),
        not_judged=as_count(row["not_judged"]),
        runs=as_count(row["runs"]),
        last_arrival=as_utc(row["last_arrival"]),
        seconds_to_judge=row["seconds_to_judge"],
    )


def _maintenance(store: Store) -> Maintenance:
    rows = store.rows(MAINTENANCE)
    if not rows:
        return Maintenance("", None, None, "", ())
    row = rows[0]
    details = as_json(row["details"]) or {}
    return Maintenance(
        status=row["status"],
        last_success=as_utc(row["last_success"]),
        last_attempt=as_utc(row["last_attempt"]),
        reason=row["reason"] or "",
        details=tuple((name.replace("_", " "), str(value)) for name, value in details.items())
        if isinstance(details, dict)
        else (),
    )
