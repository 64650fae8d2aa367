"""What an alert is: one incident of one series, from its first anomalous point to its resolution."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Literal

Severity = Literal["info", "warning", "error", "critical"]
Status = Literal["open", "acknowledged", "muted", "resolved"]
EventName = Literal["opened", "updated", "escalated", "acknowledged", "muted", "resolved", "reopened"]
SEVERITIES: tuple[Severity, ...] = ("info", "warning", "error", "critical")


@dataclass(frozen=True)
class SeriesKey:
    """Which series: the key columns of monitoring.verdicts except the batch."""

    dataset: str
    column_name: str
    segment: str
    metric: str
    detector: str

    @property
    def name(self) -> str:
        """Short name for people: ``dataset.column metric [segment]``."""
        column = f".{self.column_name}" if self.column_name else ""
        segment = f" [{self.segment}]" if self.segment else ""
        return f"{self.dataset}{column} {self.metric}{segment}"


@dataclass(frozen=True)
class EvidencePoint:
    """One anomalous point of an incident."""

    ts: datetime
    batch: str
    value: float
    score: float


@dataclass(frozen=True)
class DetectorEvidence:
    """What one detector says of an incident: its newest anomalous verdict.

    Attributes:
        detector: its name.
        since: data time from which it has found the incident.
        value, expected, lower, upper, score: of its newest anomalous verdict.
        explanation: that verdict in words.
    """

    detector: str
    since: datetime
    value: float
    expected: float
    lower: float
    upper: float
    score: float
    explanation: str


@dataclass(frozen=True)
class Evidence:
    """What the alert rests on, and what the lifecycle must remember.

    Attributes:
        seen_ts, seen_batch: newest point that was taken into account; what is not newer changes nothing. Two
            batches of the same time are ordered by their names.
        normal_points: normal points in a row since the last anomalous one.
        excess: how far outside the band the incident's worst point was, in half widths (1 is on the edge).
        first_points, last_points: up to 5 anomalous points each.
        muted_until: end of the mute; ``None`` when not muted or muted for good.
        explanation: the verdict in words; contributions of segments may be added by the caller.
        simulated: whether the data behind it is made up.
        detectors: what each detector that finds the incident says of it.
        failed_step: of a pipeline's failure the step that failed, an asset as lineage names it.
    """

    seen_ts: datetime
    normal_points: int = 0
    excess: float = 0.0
    first_points: tuple[EvidencePoint, ...] = ()
    last_points: tuple[EvidencePoint, ...] = ()
    muted_until: datetime | None = None
    explanation: str = ""
    seen_batch: str = ""
    simulated: bool = False
    detectors: tuple[DetectorEvidence, ...] = ()
    failed_step: str = ""

    @property
    def seen(self) -> tuple[datetime, str]:
        """Place of the newest point that was taken into account."""
        return self.seen_ts, self.seen_batch

    def to_document(self) -> dict[str, Any]:
        """As plain types for the JSON column."""
        return {
            "seen_ts": self.seen_ts.isoformat(),
            "normal_points": self.normal_points,
            "excess": self.excess,
            "first_points": [_point_document(point) for point in self.first_points],
            "last_points": [_point_document(point) for point in self.last_points],
            "muted_until": self.muted_until.isoformat() if self.muted_until else None,
            "explanation": self.explanation,
            "seen_batch": self.seen_batch,
            "simulated": self.simulated,
            "detectors": [{**asdict(each), "since": each.since.isoformat()} for each in self.detectors],
            "failed_step": self.failed_step,
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Evidence":
        """Read what ``to_document`` made."""
        muted = document["muted_until"]
        return cls(
            datetime.fromisoformat(document["seen_ts"]),
            document["normal_points"],
            document["excess"],
            tuple(_point(point) for point in document["first_points"]),
            tuple(_point(point) for point in document["last_points"]),
            datetime.fromisoformat(muted) if muted else None,
            document["explanation"],
            document.get("seen_batch", ""),
            document.get("simulated", False),
            tuple(_detector(each) for each in document.get("detectors", ())),
            document.get("failed_step", ""),
        )


@dataclass(frozen=True)
class Alert:
    """One incident; the columns of monitoring.alerts.

    ``opened_ts``, ``last_ts`` and ``resolved_ts`` are times of the data; ``raised_at`` is when dqm raised it,
    at its opening and again when it reopened (``None`` until it is written). ``group_key`` is shared by
    alerts of one cause; ``caused_by`` is the alert upstream that this one follows from, or empty.
    """

    alert_id: str
    dataset: str
    column_name: str
    segment: str
    metric: str
    detector: str
    severity: Severity
    status: Status
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
    evidence: Evidence
    snapshot: int | None
    updated_at: datetime
    raised_at: datetime | None = None
    caused_by: str = ""

    @property
    def series(self) -> SeriesKey:
        """The series it is about."""
        return SeriesKey(self.dataset, self.column_name, self.segment, self.metric, self.detector)

    @property
    def active(self) -> bool:
        """Whether the incident still goes on."""
        return self.status != "resolved"


@dataclass(frozen=True)
class AlertEvent:
    """One transition; the columns of monitoring.alert_events.

    ``event_id`` is made from what happened, so that writing the same transition again changes nothing.
    ``ts`` is the time of the data that made it happen, or of the person's act; ``recorded_at`` is when it was
    written.
    """

    alert_id: str
    event_id: str
    ts: datetime
    event: EventName
    actor: str
    reason: str
    details: Mapping[str, Any]
    recorded_at: datetime | None = None


def alert_id_of(series: SeriesKey, incident_start: datetime) -> str:
    """Key of the incident of ``series`` that began at ``incident_start``: 32 hex digits of SHA-256."""
    return _digest(
        series.dataset,
        series.column_name,
        series.segment,
        series.metric,
        series.detector,
        incident_start.astimezone(UTC).isoformat(),
    )


def event_of(
    alert_id: str, ts: datetime, event: EventName, *, actor: str, reason: str, details: Mapping[str, Any]
) -> AlertEvent:
    """Make an event whose id follows from alert, event, time and actor."""
    event_id = _digest(alert_id, event, ts.astimezone(UTC).isoformat(), actor)
    return AlertEvent(alert_id, event_id, ts, event, actor, reason, details)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]


def _point_document(point: EvidencePoint) -> dict[str, Any]:
    return {
        "ts": point.ts.isoformat(),
        "batch": point.batch,
        "value": point.value,
        "score": point.score,
    }


def _detector(document: Mapping[str, Any]) -> DetectorEvidence:
    numbers = {
        name: float("nan") if document[name] is None else document[name]
        for name in ("value", "expected", "lower", "upper", "score")
    }
    since = datetime.fromisoformat(document["since"])
    return DetectorEvidence(document["detector"], since, **numbers, explanation=document["explanation"])


def _point(document: Mapping[str, Any]) -> EvidencePoint:
    return EvidencePoint(
        datetime.fromisoformat(document["ts"]), document["batch"], document["value"], document["score"]
    )
