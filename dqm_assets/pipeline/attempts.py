"""Attempts of a pipeline that asks a source for data: each is recorded, whichever way it ends."""

import uuid
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import structlog

from dqm_assets.error_log import error_log
from dqm_assets.errors import DqmError, StoreError
from dqm_assets.pipeline.pipeline_alerts import pipeline_alert
from dqm_assets.pipeline.rows import as_json, upsert_rows
from dqm_assets.pipeline.status import FailureRow, StatusRow
from dqm_assets.store import Store

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class AttemptRow:
    """A line of ``monitoring.pipeline_attempts``."""

    pipeline: str
    attempt_id: str
    started_at: datetime
    finished_at: datetime
    status: str
    stage: str
    reason: str
    details: str
    simulated: bool
    dagster_run_id: str


@dataclass
class Attempt:
    """An attempt under way; the work says which stage it is at and what it found."""

    attempt_id: str
    started_at: datetime
    stage: str = ""
    #: Said with a success: what was not as it should be, such as a rate that is old.
    reservation: str = ""
    simulated: bool = False
    details: dict[str, Any] = field(default_factory=dict)


@contextmanager
def attempt(store: Store, pipeline: str, *, owner: str = "", dagster_run_id: str = "") -> Generator[Attempt]:
    """Record how a block of work ends: in the store, in ``logs/error.log``, and as an alert.

    A failure is SUCCESS's opposite in all three: the alert opens, and the next success resolves it. The
    error goes on to the caller.

    Args:
        store: The open store.
        pipeline: Name of the pipeline, which is its dataset's name.
        owner: Who is told of a failure.
        dagster_run_id: The Dagster run that the work belongs to.
    """
    current = Attempt(uuid.uuid4().hex[:16], datetime.now(UTC))
    try:
        yield current
    except Exception as error:
        failed = _row(current, pipeline, "FAILED", _reason(error), dagster_run_id)
        error_log(store.settings.home).error(
            "pipeline_failed",
            pipeline=pipeline,
            stage=failed.stage,
            reason=failed.reason,
            code=getattr(error, "code", type(error).__name__),
            attempt_id=failed.attempt_id,
            started_at=failed.started_at.isoformat(),
            dagster_run_id=dagster_run_id,
            exc_info=None if isinstance(error, DqmError) else error,
        )
        _store_failure(store, failed, owner)
        raise
    succeeded = _row(current, pipeline, "SUCCESS", current.reservation, dagster_run_id)
    if succeeded.reason:
        error_log(store.settings.home).warning(
            "pipeline_reservation",
            pipeline=pipeline,
            reason=succeeded.reason,
            attempt_id=succeeded.attempt_id,
        )
    _record(store, succeeded)
    pipeline_alert(store, pipeline, False, succeeded.stage, "", succeeded.finished_at, owner=owner)


def _store_failure(store: Store, failed: AttemptRow, owner: str) -> None:
    """Record a failure; when the store is what failed, the log has to be enough."""
    try:
        _record(store, failed)
        pipeline_alert(
            store,
            failed.pipeline,
            True,
            failed.stage,
            failed.reason,
            failed.finished_at,
            owner=owner,
            dagster_run_id=failed.dagster_run_id,
        )
    except StoreError as error:
        _log.warning("failure_not_stored", pipeline=failed.pipeline, error=str(error))


def _row(current: Attempt, pipeline: str, status: str, reason: str, dagster_run_id: str) -> AttemptRow:
    return AttemptRow(
        pipeline=pipeline,
        attempt_id=current.attempt_id,
        started_at=current.started_at,
        finished_at=datetime.now(UTC),
        status=status,
        stage=current.stage,
        reason=reason,
        details=as_json(current.details),
        simulated=current.simulated,
        dagster_run_id=dagster_run_id,
    )


def _record(store: Store, row: AttemptRow) -> None:
    status = (
        StatusRow(
            row.pipeline, row.status, row.finished_at, row.finished_at, row.stage, row.reason, row.details
        )
        if row.status == "SUCCESS"
        else FailureRow(row.pipeline, row.status, row.finished_at, row.stage, row.reason)
    )
    with store.transaction() as tx:
        upsert_rows(tx, "monitoring.pipeline_attempts", [row])
        upsert_rows(tx, "monitoring.pipeline_status", [status])


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__
