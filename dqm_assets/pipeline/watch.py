"""What is watched: points of series, and how a metric is judged."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime

from dqm_assets.quality.alert import Severity
from dqm_assets.quality.detectors import DEFAULT_SENSITIVITY, Detector
from dqm_assets.quality.holiday_calendar import HolidayCalendar
from dqm_assets.quality.relevance import BadWhen, Relevance
from dqm_assets.quality.sensitivity import Sensitivity
from dqm_assets.quality.transform import ValueKind


@dataclass(frozen=True)
class Point:
    """One value of one series.

    Attributes:
        column_name: column, or '' for the whole table.
        segment: segment value, or '' for all rows.
        metric: name of the metric.
        batch: arrival that the value is of; a batch of a series has one time.
        ts: when the data happened, with a time zone.
        value: as observed; NaN when nothing could be measured.
    """

    column_name: str
    segment: str
    metric: str
    batch: str
    ts: datetime
    value: float


@dataclass(frozen=True)
class Watch:
    """How a metric is judged; several watches may judge one metric under different detector names.

    Attributes:
        metric: name of the metric, in every column and segment that has points of it.
        detector: name that is stored with verdicts and alerts, such as ``share_drop``.
        method: a method of ``quality.baselines``.
        sensitivity: how readily it alarms.
        kind: what the values are.
        bad_when, least_change, least_relative: deviations that matter (see ``Relevance``).
        parameters: the method's own options, such as ``history`` and ``drop``.
        severity: of an alert at its opening.
        adapt_after: anomalous points in a row that are the new normal.
        calendar: days that teach nothing.
        resolve_after: normal points in a row that end an incident.
        joins: detector of the same metric into whose alerts the findings of this one go: what both find is
            one incident. Empty when it has alerts of its own.
        segments: whether series of single segments are judged, or only kept to explain the whole.
    """

    metric: str
    detector: str
    method: str = "ensemble"
    sensitivity: Sensitivity = DEFAULT_SENSITIVITY
    kind: ValueKind = "real"
    bad_when: BadWhen = "either"
    least_change: float = 0.0
    least_relative: float = 0.0
    parameters: Mapping[str, float] = field(default_factory=dict)
    severity: Severity = "warning"
    adapt_after: int | None = None
    calendar: HolidayCalendar | None = None
    resolve_after: int = 3
    joins: str = ""
    segments: bool = True

    def detector_with(self, sensitivity: Sensitivity) -> Detector:
        """Make a detector without history."""
        return Detector(
            self.method,
            sensitivity,
            kind=self.kind,
            calendar=self.calendar,
            options=self.parameters,
            adapt_after=self.adapt_after,
            relevance=Relevance(self.bad_when, self.least_change, self.least_relative),
        )

    def setting_with(self, sensitivity: Sensitivity) -> str:
        """Short name of everything that a learned state depends on: another setting learns anew."""
        calendar = (
            {**asdict(self.calendar), "extra_days": sorted(self.calendar.extra_days)}
            if self.calendar
            else None
        )
        document = {
            "method": self.method,
            "sensitivity": asdict(sensitivity),
            "kind": self.kind,
            "relevance": [self.bad_when, self.least_change, self.least_relative],
            "parameters": dict(self.parameters),
            "adapt_after": self.adapt_after,
            "calendar": calendar,
        }
        return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()[:16]
