"""What the routes answer: the documented shapes, made from records."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from dash_app.services.records import (
    Alert,
    AlertEvent,
    DatasetSummary,
    Metric,
    PipelineStatus,
    Quarantine,
    Reason,
    Run,
    RunStatus,
    SeriesPoint,
)


class _Model(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class RunModel(_Model):
    """One file of a dataset."""

    dataset: str
    run_id: str
    file: str
    status: RunStatus = Field(description="LOADED until it is judged.")
    ts: datetime | None = Field(description="Time of the data itself.")
    landed_at: datetime | None
    registered_at: datetime | None
    judged_at: datetime | None
    rows_in: int | None
    rows_loaded: int | None
    rows_quarantined: int | None
    file_bytes: int | None
    file_sha256: str | None
    simulated: bool
    snapshot: int | None = Field(description="Store snapshot that holds the run's rows.")
    dagster_run_id: str | None
    reasons: list[Reason]


class MeasuredRunModel(RunModel):
    """A run with its metrics."""

    metrics: dict[str, dict[str, float | None]] = Field(
        description="Metrics by column; those of the whole table are under the empty name."
    )

    @classmethod
    def of(cls, run: Run, metrics: Sequence[Metric]) -> "MeasuredRunModel":
        """Join a run with its metrics over all rows (segments are left out)."""
        by_column: dict[str, dict[str, float | None]] = {}
        for metric in metrics:
            if not metric.segment:
                by_column.setdefault(metric.column, {})[metric.metric] = metric.value
        return cls(**RunModel.model_validate(run).model_dump(), metrics=by_column)


class QuarantineModel(BaseModel):
    """How many rows of a run were kept out, by reason, and the first of them."""

    total: int
    by_code: dict[str, int]
    first: list["QuarantinedRowModel"]

    @classmethod
    def of(cls, quarantine: Quarantine) -> "QuarantineModel":
        """Sum up a run's quarantine."""
        return cls(
            total=quarantine.total,
            by_code=dict(quarantine.by_code),
            first=[QuarantinedRowModel.model_validate(row) for row in quarantine.rows],
        )


class QuarantinedRowModel(_Model):
    """A row that was not loaded."""

    line: int = Field(description="Line in the file; 0 is the whole file.")
    column: str
    code: str
    reason: str
    raw_text: str


class RunDetailModel(MeasuredRunModel):
    """A run with all that is known of it."""

    dialect: dict[str, Any]
    quarantine: QuarantineModel


class RunPageModel(BaseModel):
    """A page of runs, newest data first."""

    total: int
    limit: int
    offset: int
    next: str | None = Field(description="Address of the next page, or null on the last one.")
    runs: list[MeasuredRunModel]


class SeriesModel(BaseModel):
    """One metric of a column over the newest runs, oldest first."""

    dataset: str
    column: str
    metric: str
    points: list[SeriesPoint]

    @classmethod
    def of(cls, dataset: str, column: str, metric: str, points: Sequence[SeriesPoint]) -> "SeriesModel":
        """Name a series and its points."""
        return cls(
            dataset=dataset,
            column=column,
            metric=metric,
            points=list(points),
        )


class DatasetModel(_Model):
    """A monitored dataset with what its runs and alerts say."""

    dataset: str
    table_name: str
    owner: str
    contract: str
    description: str
    discovered: bool
    timestamp_column: str
    runs: int
    good: int
    bad: int
    quarantined: int
    rows_loaded: int
    rows_quarantined: int
    share_good: float | None = Field(description="GOOD runs over judged runs; null while none is judged.")
    open_alerts: int
    last_arrival: datetime | None
    last_run_id: str | None
    last_status: RunStatus | None

    @classmethod
    def of(cls, summary: DatasetSummary) -> "DatasetModel":
        """Show a summary."""
        return cls.model_validate(summary)


class AlertModel(_Model):
    """An anomaly with its lifecycle."""

    alert_id: str
    dataset: str
    column: str
    segment: str
    metric: str
    detector: str
    severity: str
    status: str
    title: str
    owner: str
    opened_ts: datetime | None
    last_ts: datetime | None
    resolved_ts: datetime | None
    first_batch: str
    last_batch: str
    evaluations: int
    value: float | None
    expected: float | None
    lower: float | None
    upper: float | None
    score: float | None
    snapshot: int | None
    updated_at: datetime | None
    raised_at: datetime | None = Field(
        description="When dqm raised it, or raised it again; opened_ts is when its data happened."
    )
    group: str = Field(description="Shared by alerts of one cause.")
    caused_by: str = Field(description="Id of the alert upstream that it follows from; empty when none.")
    affects: list[str] = Field(description="Datasets downstream with active alerts that follow from it.")


class AlertDetailModel(AlertModel):
    """An alert with its evidence and history."""

    evidence: Any
    events: list[AlertEvent]

    @classmethod
    def of(cls, alert: Alert, events: Sequence[AlertEvent]) -> "AlertDetailModel":
        """Join an alert with its history."""
        return cls(
            **AlertModel.model_validate(alert).model_dump(),
            evidence=alert.evidence,
            events=list(events),
        )


class AlertPageModel(BaseModel):
    """A page of alerts, the last raised first."""

    total: int
    limit: int
    offset: int
    next: str | None
    alerts: list[AlertModel]


class HealthModel(BaseModel):
    """Whether the platform works."""

    status: Literal["ok", "failing", "unreachable"] = Field(
        description="failing: a pipeline's last attempt failed; unreachable: the store does not answer (503)."
    )
    version: int | None = Field(description="The store's version: it grows with every change.")
    last_arrival: datetime | None
    pipelines: list[PipelineStatus]
    detail: str | None = None


class ErrorModel(BaseModel):
    """What went wrong, in words."""

    detail: str
