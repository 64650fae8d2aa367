"""What people's words mean for training: spans that teach nothing, spans that are normal, rarer alarms."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from dqm_assets.quality.alert import SeriesKey
from dqm_assets.quality.point_times import second_of
from dqm_assets.quality.sensitivity import Sensitivity
from dqm_assets.store import Store

#: Incidents and muted spans teach nothing; spans that people expected are learned as normal. False alarms
#: change no training: they widen the calibration of their series (``monitoring.learned``). A mute without an
#: end lasts until its alert is resolved.
_SAID = """
    SELECT dataset, column_name, segment, metric, detector, kind, start_ts, end_ts, alert_id, 1.0 AS widen
    FROM monitoring.labels WHERE kind <> 'false_alarm' AND accepted_at IS NOT NULL
    UNION ALL
    SELECT dataset, column_name, segment, metric, detector, 'widen', NULL, NULL, NULL, widen
    FROM monitoring.learned
"""
_TABLES = frozenset({"monitoring.labels", "monitoring.learned"})
_RESOLVED = "SELECT alert_id, resolved_ts FROM monitoring.alerts WHERE list_contains(?, alert_id)"


@dataclass(frozen=True)
class Span:
    """A stretch of a series, seconds since 1970 UTC, both ends included."""

    start: float
    end: float
    #: Learned as normal whatever the verdict; otherwise it teaches nothing.
    accepted: bool


@dataclass(frozen=True)
class Training:
    """What people have said of the series of one dataset.

    Attributes:
        spans: by series without its detector: what happened to the data is so for whoever judges it.
        widened: by series and detector.
    """

    spans: Mapping[SeriesKey, Sequence[Span]] = field(default_factory=dict)
    widened: Mapping[SeriesKey, float] = field(default_factory=dict)

    def masks(self, series: SeriesKey, ts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Which of the times (seconds) teach nothing, and which are normal whatever the verdict."""
        left_out, accepted = np.zeros(ts.size, dtype=bool), np.zeros(ts.size, dtype=bool)
        for span in self.spans.get(_any_detector(series), ()):
            inside = (ts >= span.start) & (ts <= span.end)
            if span.accepted:
                accepted |= inside
            else:
                left_out |= inside
        return left_out & ~accepted, accepted

    def meaning(self, series: SeriesKey, ts: float) -> tuple[bool, bool]:
        """Whether a time teaches nothing, and whether it is normal whatever the verdict."""
        if _any_detector(series) not in self.spans:
            return False, False
        left_out, accepted = self.masks(series, np.array([ts]))
        return bool(left_out[0]), bool(accepted[0])

    def sensitivity(self, series: SeriesKey, wanted: Sensitivity) -> Sensitivity:
        """The wanted sensitivity, made as much rarer as people accepted for this series."""
        factor = self.widened.get(series, 1.0)
        if factor == 1.0 or wanted.z is not None:
            return wanted
        if wanted.points is not None:
            return Sensitivity.per_points(wanted.points * factor)
        return Sensitivity.per_weeks((wanted.weeks or 1.0) * factor)


def training_of(store: Store, dataset: str) -> Training:
    """Read what people have said of the series of a dataset; again only when somebody has said more."""
    rows = _said(store).get(dataset, ())
    lasting = [row["alert_id"] for row in rows if row["kind"] != "widen" and row["end_ts"] is None]
    ends = (
        {row["alert_id"]: row["resolved_ts"] for row in store.rows(_RESOLVED, [lasting])} if lasting else {}
    )
    spans: dict[SeriesKey, list[Span]] = defaultdict(list)
    widened: dict[SeriesKey, float] = {}
    for row in rows:
        series = _series(dataset, row)
        if row["kind"] == "widen":
            widened[series] = row["widen"]
            continue
        end: datetime | None = row["end_ts"] or ends.get(row["alert_id"])
        last = second_of(end) if end else float("inf")
        spans[_any_detector(series)].append(Span(second_of(row["start_ts"]), last, row["kind"] == "expected"))
    return Training(dict(spans), widened)


_Said = Mapping[str, Sequence[Mapping[str, Any]]]
#: What each open store held at a version, by dataset. People say little, and every judgement asks for it.
_known: WeakKeyDictionary[Store, tuple[int, _Said]] = WeakKeyDictionary()


def _said(store: Store) -> _Said:
    version, said = _known.get(store, (None, {}))
    changes = store.changes(version)
    if version is None or changes.tables is None or changes.tables & _TABLES:
        by_dataset: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
        for row in store.rows(_SAID):
            by_dataset[row["dataset"]].append(row)
        said = dict(by_dataset)
    _known[store] = (changes.version, said)
    return said


def _any_detector(series: SeriesKey) -> SeriesKey:
    return replace(series, detector="")


def _series(dataset: str, row: Mapping[str, str]) -> SeriesKey:
    return SeriesKey(dataset, row["column_name"], row["segment"], row["metric"], row["detector"])
