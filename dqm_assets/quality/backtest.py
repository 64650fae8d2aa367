"""Replay a detector over history, point by point, and score its alerts before it is switched on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from dqm_assets.quality.alert import Alert, AlertEvent, SeriesKey
from dqm_assets.quality.alerts import AlertPolicy, Finding, advance
from dqm_assets.quality.detectors import Detector
from dqm_assets.quality.holiday_calendar import HolidayCalendar
from dqm_assets.quality.judgements import Judgements
from dqm_assets.quality.labels import Label
from dqm_assets.quality.relevance import Relevance
from dqm_assets.quality.sensitivity import SECONDS_PER_WEEK, Sensitivity
from dqm_assets.quality.transform import ValueKind

_SERIES = SeriesKey("backtest", "", "", "value", "backtest")


@dataclass(frozen=True)
class Setting:
    """One way to watch a series."""

    method: str = "ensemble"
    sensitivity: Sensitivity = field(default_factory=lambda: Sensitivity.per_weeks(4))
    policy: AlertPolicy = field(default_factory=AlertPolicy)
    kind: ValueKind | None = None
    calendar: HolidayCalendar | None = None
    options: Mapping[str, float] = field(default_factory=dict)
    adapt_after: int | None = None
    relevance: Relevance | None = None

    def detector(self) -> Detector:
        """Make a detector without history."""
        return Detector(
            self.method,
            self.sensitivity,
            kind=self.kind,
            calendar=self.calendar,
            options=self.options,
            adapt_after=self.adapt_after,
            relevance=self.relevance,
        )

    @property
    def name(self) -> str:
        """Short name, such as ``ensemble, 1 per 4 weeks``."""
        wanted = self.sensitivity
        if wanted.z is not None:
            return f"{self.method}, z {wanted.z:g}"
        if wanted.points is not None:
            return f"{self.method}, 1 per {wanted.points:g} points"
        return f"{self.method}, 1 per {wanted.weeks:g} weeks"


@dataclass(frozen=True)
class Replay:
    """What would have happened."""

    setting: Setting
    judgements: Judgements
    alerts: tuple[Alert, ...]
    events: tuple[AlertEvent, ...]

    @property
    def spans(self) -> list[tuple[float, float]]:
        """First and last anomalous time of each alert, in seconds."""
        return [(alert.opened_ts.timestamp(), alert.last_ts.timestamp()) for alert in self.alerts]


@dataclass(frozen=True)
class Score:
    """A replay against labels; ratios are NaN when there is nothing to divide by.

    Attributes:
        weeks: length of the series.
        alerts: alerts opened; of these ``true_alerts`` touch a labelled incident, ``expected_alerts`` touch a
            span labelled as expected or a false alarm, and the others are unlabelled.
        precision: true alerts among all alerts.
        labels: labels given; without any there is no precision.
        incidents, found: labelled incidents, and those during which an alert was open and anomalous.
        recall: found among incidents.
        delay: median seconds from the start of a found incident to the first anomalous point in it.
    """

    setting: Setting
    weeks: float
    alerts: int
    true_alerts: int
    expected_alerts: int
    labels: int
    incidents: int
    found: int
    delay: float

    @property
    def alerts_per_week(self) -> float:
        """Alerts opened per week."""
        return self.alerts / self.weeks if self.weeks else float("nan")

    @property
    def precision(self) -> float:
        """True alerts among all alerts."""
        return self.true_alerts / self.alerts if self.alerts and self.labels else float("nan")

    @property
    def recall(self) -> float:
        """Found incidents among all."""
        return self.found / self.incidents if self.incidents else float("nan")


def replay(
    ts: np.ndarray,
    values: np.ndarray,
    setting: Setting,
    left_out: np.ndarray | None = None,
    accepted: np.ndarray | None = None,
    *,
    series: SeriesKey = _SERIES,
) -> Replay:
    """Judge a series and run its alerts as if it arrived point by point.

    Args:
        ts: seconds since 1970 UTC, ascending, float64, shape (n,).
        values: float64, shape (n,).
        setting: how to watch it.
        left_out: bool, shape (n,): judged but never learned.
        accepted: bool, shape (n,): learned as normal, whatever the verdict.
        series: what the alerts are called by.
    """
    nothing = np.zeros(ts.size, dtype=bool)
    judgements = setting.detector().run(ts, values, nothing if left_out is None else left_out, accepted)
    alert: Alert | None = None
    alerts: dict[str, Alert] = {}
    events: list[AlertEvent] = []
    for verdict in judgements.verdicts():
        alert, new = advance(alert, Finding(series, verdict.ts.isoformat(), verdict), setting.policy)
        events.extend(new)
        if alert is not None:
            alerts[alert.alert_id] = alert
    return Replay(setting, judgements, tuple(alerts.values()), tuple(events))


def score(done: Replay, labels: Sequence[Label]) -> Score:
    """Compare a replay with labels."""
    ts, anomalous = done.judgements.ts, done.judgements.anomalous
    incidents = [label for label in labels if label.is_incident]
    expected = [label for label in labels if not label.is_incident]
    delays = []
    for incident in incidents:
        inside = ts[anomalous & (ts >= incident.start) & (ts <= incident.end)]
        if inside.size:
            delays.append(float(inside[0]) - incident.start)
    true = [_touches(span, incidents) for span in done.spans]
    known = [_touches(span, expected) for span in done.spans]
    return Score(
        done.setting,
        float(ts[-1] - ts[0]) / SECONDS_PER_WEEK if ts.size else 0.0,
        len(done.alerts),
        sum(true),
        sum(bad and not good for bad, good in zip(known, true, strict=True)),
        len(labels),
        len(incidents),
        len(delays),
        float(np.median(delays)) if delays else float("nan"),
    )


def compare(
    ts: np.ndarray,
    values: np.ndarray,
    settings: Sequence[Setting],
    labels: Sequence[Label] = (),
    *,
    series: SeriesKey = _SERIES,
) -> list[tuple[Replay, Score]]:
    """Replay several settings side by side; see `replay` and `score`."""
    replays = [replay(ts, values, setting, series=series) for setting in settings]
    return [(done, score(done, labels)) for done in replays]


def _touches(span: tuple[float, float], labels: Sequence[Label]) -> bool:
    return any(span[0] <= label.end and span[1] >= label.start for label in labels)
