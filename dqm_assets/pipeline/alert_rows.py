"""Alerts and their events as lines of the store, and back."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dqm_assets.pipeline.rows import as_json
from dqm_assets.quality.alert import Alert, AlertEvent, Evidence


@dataclass(frozen=True)
class AlertRow:
    """A line of ``monitoring.alerts``."""

    alert_id: str
    dataset: str
    column_name: str
    segment: str
    metric: str
    detector: str
    severity: str
    status: str
    title: str
    opened_ts: datetime
    last_ts: datetime
    resolved_ts: datetime | None
    first_batch: str
    last_batch: str
    evaluations: int
    value: float
    expected: float
    lower: float
    upper: float
    score: float
    owner: str
    group_key: str
    evidence: str
    snapshot: int | None
    updated_at: datetime
    raised_at: datetime | None
    caused_by: str


@dataclass(frozen=True)
class EventRow:
    """A line of ``monitoring.alert_events``."""

    alert_id: str
    event_id: str
    ts: datetime
    event: str
    actor: str
    reason: str
    details: str
    recorded_at: datetime | None


def alert_of(row: dict[str, Any]) -> Alert:
    """Read a line of ``monitoring.alerts``."""
    values = dict(row)
    evidence = Evidence.from_document(json.loads(values.pop("evidence")))
    # What was written before dqm knew of causes says nothing of one.
    values["caused_by"] = values.get("caused_by") or ""
    return Alert(**values, evidence=evidence)


def alert_row(alert: Alert) -> AlertRow:
    """Write an alert as a line of ``monitoring.alerts``."""
    values = {name: getattr(alert, name) for name in AlertRow.__dataclass_fields__ if name != "evidence"}
    return AlertRow(**values, evidence=as_json(alert.evidence.to_document()))


def event_row(event: AlertEvent) -> EventRow:
    """Write an event as a line of ``monitoring.alert_events``."""
    return EventRow(
        event.alert_id,
        event.event_id,
        event.ts,
        event.event,
        event.actor,
        event.reason,
        as_json(event.details),
        event.recorded_at,
    )
