"""Whether the store answers, what arrived last, and how the pipelines ended."""

from dash_app.services.records import PipelineStatus, StoreHealth
from dash_app.services.rows import as_text, as_utc
from dqm_assets.store import Store

PIPELINES = """
SELECT pipeline, status, stage, reason, last_success, last_attempt
FROM monitoring.pipeline_status
ORDER BY status = 'SUCCESS', pipeline
"""

LAST_ARRIVAL = "SELECT max(landed_at) AS last_arrival FROM metrics.runs"


def pipeline_statuses(store: Store) -> tuple[PipelineStatus, ...]:
    """Read every pipeline's status, the failed ones first."""
    return tuple(
        PipelineStatus(
            pipeline=row["pipeline"],
            status=as_text(row["status"]),
            stage=as_text(row["stage"]),
            reason=as_text(row["reason"]),
            last_success=as_utc(row["last_success"]),
            last_attempt=as_utc(row["last_attempt"]),
        )
        for row in store.rows(PIPELINES)
    )


def store_health(store: Store) -> StoreHealth:
    """Ask the store for its version, the last arrival and the pipelines.

    Raises:
        StoreError: the store cannot be reached.
    """
    version = store.version()
    return StoreHealth(
        version=version,
        last_arrival=as_utc(store.rows(LAST_ARRIVAL)[0]["last_arrival"]),
        pipelines=pipeline_statuses(store),
    )
