"""What the read side hands to pages and routes: frozen records, times aware and in UTC."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

#: Data this fresh happened when it was told.
SAME_TIME = timedelta(hours=1)
RunStatus = Literal["LOADED", "GOOD", "BAD", "QUARANTINED", "BLOCKED"]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a run was judged BAD."""

    code: str
    message: str
    column: str = ""
    metric: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """One file of a dataset, registered and perhaps judged."""

    dataset: str
    run_id: str
    file: str
    status: RunStatus
    #: Time of the data itself, not of its arrival.
    ts: datetime | None
    landed_at: datetime | None
    registered_at: datetime | None
    judged_at: datetime | None
    rows_in: int | None
    rows_loaded: int | None
    rows_quarantined: int | None
    file_bytes: int | None
    file_sha256: str | None
    reasons: tuple[Reason, ...] = ()
    dialect: dict[str, Any] = field(default_factory=dict)
    dagster_run_id: str | None = None
    snapshot: int | None = None
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class RunPage:
    """A page of runs, newest first, and how many there are in all."""

    runs: tuple[Run, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Metric:
    """One number read off a run's profile; ``column`` is empty for a number of the whole table."""

    column: str
    segment: str
    metric: str
    value: float | None


@dataclass(frozen=True, slots=True)
class SeriesPoint:
    """One run's value of a metric with the band it was judged against, where one was ready."""

    run_id: str
    ts: datetime | None
    value: float | None
    expected: float | None
    lower: float | None
    upper: float | None
    #: 'learning', 'normal' or 'anomalous'; empty where no detector judged the point.
    verdict: str
    detector: str
    status: RunStatus | None


@dataclass(frozen=True, slots=True)
class ProfileState:
    """The kernel's stored state of one column of one run."""

    column: str
    kind: str
    rows: int
    state: bytes


@dataclass(frozen=True, slots=True)
class QuarantinedRow:
    """A row, or with ``line`` 0 a whole file, that was not loaded, and why."""

    line: int
    column: str
    code: str
    reason: str
    raw_text: str
    file: str


@dataclass(frozen=True, slots=True)
class Quarantine:
    """A run's quarantined rows: counts by code, and the first of the rows."""

    total: int
    by_code: tuple[tuple[str, int], ...]
    rows: tuple[QuarantinedRow, ...]


@dataclass(frozen=True, slots=True)
class DatasetSummary:
    """A dataset with what its runs and alerts say."""

    dataset: str
    table_name: str
    owner: str
    contract: str
    description: str
    discovered: bool
    timestamp_column: str
    #: Arrivals of any kind; of a source of files they are its runs.
    batches: int
    runs: int
    good: int
    bad: int
    quarantined: int
    rows_loaded: int
    rows_quarantined: int
    open_alerts: int
    last_arrival: datetime | None
    last_run_id: str | None
    last_status: RunStatus | None
    #: Statuses of the newest runs, oldest first.
    recent: tuple[RunStatus, ...] = ()

    @property
    def asset(self) -> tuple[str, ...]:
        """Key of the Dagster asset that brings its rows."""
        name = self.table_name.removeprefix("raw.")
        if self.runs:
            return (f"raw_{name}",)
        return (name,) if name != self.table_name else (self.dataset,)

    @property
    def judged(self) -> int:
        """Runs that carry a judgement."""
        return self.good + self.bad

    @property
    def share_good(self) -> float | None:
        """Share of judged runs that are GOOD, or ``None`` while none is judged."""
        return self.good / self.judged if self.judged else None


@dataclass(frozen=True, slots=True)
class Alert:
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
    #: When dqm raised it; ``opened_ts`` is when its data happened.
    raised_at: datetime | None
    evidence: Any = None
    #: Shared by alerts of one cause.
    group: str = ""
    #: Id and title of the alert upstream that it follows from.
    caused_by: str = ""
    cause: str = ""
    #: Datasets downstream that have active alerts which follow from it.
    affects: tuple[str, ...] = ()

    @property
    def data_of(self) -> str:
        """The data's own time in words, where it is not about the time at which the alert was raised."""
        if self.opened_ts is None or self.raised_at is None:
            return ""
        if abs(self.raised_at - self.opened_ts) < SAME_TIME:
            return ""
        return f"data of {self.opened_ts:%Y-%m-%d %H:%M} UTC"

    @property
    def headline(self) -> str:
        """What is wrong, without the dataset's name in front, which is always shown beside it."""
        short = self.title.removeprefix(f"{self.dataset}.").replace(f" in {self.dataset} ", " ", 1)
        return short or f"{self.column} {self.metric}".strip()


@dataclass(frozen=True, slots=True)
class AlertEvent:
    """One step in an alert's life."""

    ts: datetime | None
    event: str
    actor: str
    reason: str
    #: When it was written; ``ts`` is the time of the data that made it happen.
    recorded_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AlertPage:
    """A page of alerts, newest first, and how many there are in all."""

    alerts: tuple[Alert, ...]
    total: int


@dataclass(frozen=True, slots=True)
class PipelineStatus:
    """How a pipeline's last attempt ended."""

    pipeline: str
    status: str
    stage: str
    reason: str
    last_success: datetime | None
    last_attempt: datetime | None


@dataclass(frozen=True, slots=True)
class StoreHealth:
    """Whether the store answers, and what arrived last."""

    version: int
    last_arrival: datetime | None
    pipelines: tuple[PipelineStatus, ...]
