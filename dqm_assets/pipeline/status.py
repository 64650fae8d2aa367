"""Pipeline status: SUCCESS or FAILED, when it last worked, and at which stage it broke."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog

from dqm_assets.errors import StoreError
from dqm_assets.pipeline.rows import as_json, upsert_rows
from dqm_assets.store import Store

_log = structlog.get_logger(__name__)
#: What the platform itself does is named so: no folder, and so no dataset, can be called that.
MONITORING = "monitoring/"


@dataclass(frozen=True)
class StatusRow:
    """A line of ``monitoring.pipeline_status`` after a success."""

    pipeline: str
    status: str
    last_success: datetime
    last_attempt: datetime
    stage: str
    reason: str
    details: str


@dataclass(frozen=True)
class FailureRow:
    """A line of ``monitoring.pipeline_status`` after a failure: the last success stays as it was."""

    pipeline: str
    status: str
    last_attempt: datetime
    stage: str
    reason: str


@contextmanager
def stage(store: Store, pipeline: str, name: str) -> Generator[dict[str, Any]]:
    """Record how a stage ends: SUCCESS with what the block puts into the mapping, or FAILED with the reason.

    Args:
        store: The open store.
        pipeline: Name of the pipeline: its dataset, or for work of the platform itself ``MONITORING`` and a
            name.
        name: Name of the stage, such as ``load``.

    Yields:
        A mapping for the numbers that the status should carry.
    """
    details: dict[str, Any] = {}
    try:
        yield details
    except Exception as error:
        now = datetime.now(UTC)
        try:
            _write(store, FailureRow(pipeline, "FAILED", now, name, str(error)))
        except StoreError as unwritten:
            # The caller must hear of its own error, not that the store could not be told of it.
            _log.error("pipeline_status_not_written", pipeline=pipeline, stage=name, error=str(unwritten))
        raise
    _succeed(store, pipeline, name, details)


def _succeed(store: Store, pipeline: str, name: str, details: Mapping[str, Any]) -> None:
    now = datetime.now(UTC)
    _write(store, StatusRow(pipeline, "SUCCESS", now, now, name, "", as_json(details)))


def _write(store: Store, row: StatusRow | FailureRow) -> None:
    with store.transaction("monitoring.pipeline_status") as tx:
        upsert_rows(tx, "monitoring.pipeline_status", [row])
