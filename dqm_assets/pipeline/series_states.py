"""Detector states of many series: read, brought up to date with new points, and written back."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import structlog

from dqm_assets.errors import SettingsError
from dqm_assets.pipeline.stored_points import (
    Address,
    Place,
    address_of,
    newest_points,
    place_of,
    points_between,
)
from dqm_assets.pipeline.training import Training
from dqm_assets.pipeline.watch import Point, Watch
from dqm_assets.quality.alert import SeriesKey
from dqm_assets.quality.alerts import Finding
from dqm_assets.quality.detectors import Detector
from dqm_assets.quality.judgements import Judgements
from dqm_assets.quality.point_times import seconds
from dqm_assets.quality.sensitivity import Sensitivity
from dqm_assets.store import Store

_log = structlog.get_logger(__name__)

#: A state is written when it has learned so many points since it was last written, or when it is small: the
#: points in between are learned again from the metrics, which costs less than writing large states each time.
_CHECKPOINT_POINTS = 16
_SMALL_STATE_BYTES = 2_048

_STATES = """
    SELECT column_name, segment, metric, detector, ts, batch, setting, state
    FROM monitoring.detector_states WHERE dataset = $dataset AND list_contains($metrics, metric)
"""


@dataclass(frozen=True)
class StateRow:
    """A line of ``monitoring.detector_states``: what a detector has learned up to a place."""

    dataset: str
    column_name: str
    segment: str
    metric: str
    detector: str
    ts: datetime
    batch: str
    setting: str
    state: bytes
    updated_at: datetime


@dataclass(frozen=True)
class Learned:
    """A detector that has learned its series up to a place.

    Attributes:
        detector: it goes on from here.
        setting: what it depends on (`Watch.setting_with`).
        place: of the last point that it learned.
        unwritten: points that its stored state has not learned.
    """

    detector: Detector
    setting: str
    place: Place
    unwritten: int


@dataclass(frozen=True)
class Judged:
    """Verdicts on new points, in the order of their places, the states to write, and what was learned."""

    findings: tuple[Finding, ...]
    states: tuple[StateRow, ...]
    learned: Mapping[SeriesKey, Learned] = field(default_factory=dict)


@dataclass(frozen=True)
class _Asked:
    """One detector of one series that has new points, the first of them at a place."""

    series: SeriesKey
    watch: Watch
    setting: str
    sensitivity: Sensitivity
    first: Place


@dataclass(frozen=True)
class _Task:
    """One detector of one series that has new points."""

    series: SeriesKey
    watch: Watch
    setting: str
    detector: Detector
    #: Place up to which the detector has learned; ``None`` when it starts anew.
    learned: Place | None
    #: Bytes of the stored state that it goes on from.
    size: int = 0
    #: Points that it learned since then, and whether they were learned by an earlier call.
    unwritten: int = 0
    live: bool = False


def judge_points(  # noqa: PLR0917 - what is judged, by what
    store: Store,
    dataset: str,
    points: Sequence[Point],
    watches: Sequence[Watch],
    training: Training,
    live: Mapping[SeriesKey, Learned] | None = None,
) -> Judged:
    """Judge points that are not stored yet, each by what came before it in its series.

    A point that comes late is judged by the points before it; the state then learns its series anew, with
    that point in its place. Reads states and the points since then: cost does not grow with the history.

    Args:
        store: The open store.
        dataset: Dataset of the points.
        points: New or corrected points of any number of series.
        watches: How they are judged; points of other metrics are left alone.
        training: What people have said of the series.
        live: detectors that have learned all that is stored of their series; they learn these points too.
    """
    by_series: dict[Address, list[Point]] = defaultdict(list)
    for point in points:
        by_series[address_of(point)].append(point)
    tasks = _tasks(store, dataset, by_series, watches, training, live=live or {})
    if not tasks:
        return Judged((), ())
    past = _past(store, dataset, tasks, by_series)
    findings: list[Finding] = []
    states: list[StateRow] = []
    known: dict[SeriesKey, Learned] = {}
    snapshot, now = store.changes().version, datetime.now(UTC)
    for task in tasks:
        address = (task.series.column_name, task.series.segment, task.series.metric)
        fresh = by_series[address]
        line = _timeline(past.get(address, ()), fresh, task.learned)
        found, state = _advance(task, line, {point.batch for point in fresh}, training, (snapshot, now))
        findings += found
        if state is not None:
            states.append(state)
        unwritten = 0 if state is not None else task.unwritten + len(line)
        known[task.series] = Learned(task.detector, task.setting, place_of(line[-1]), unwritten)
    findings.sort(key=lambda finding: finding.place)
    return Judged(tuple(findings), tuple(states), known)


def learned_until(
    store: Store, dataset: str, newest: Sequence[Point], watches: Sequence[Watch], training: Training
) -> list[tuple[Point, SeriesKey, Detector]]:
    """What the detectors of series have learned up to and with their newest points, which were judged.

    Args:
        store: The open store.
        dataset: Dataset of the points.
        newest: The newest stored point of each series.
        watches: How they are judged.
        training: What people have said of the series.
    """
    by_series = {address_of(point): [point] for point in newest}
    tasks = _tasks(store, dataset, by_series, watches, training, judged=True)
    past = _past(store, dataset, tasks, by_series) if tasks else {}
    found = []
    for task in tasks:
        address = (task.series.column_name, task.series.segment, task.series.metric)
        [point] = by_series[address]
        timeline = _timeline(past.get(address, ()), [], task.learned)
        line = [one for one in timeline if place_of(one) <= place_of(point)]
        _run(task, line, training)
        found.append((point, task.series, task.detector))
    return found


def _tasks(
    store: Store,
    dataset: str,
    by_series: Mapping[Address, Sequence[Point]],
    watches: Sequence[Watch],
    training: Training,
    *,
    judged: bool = False,
    live: Mapping[SeriesKey, Learned] | None = None,
) -> list[_Task]:
    """Detectors that go on from where they are, or from their states where these are not beyond the points.

    Args:
        judged: the points may have been learned already.
    """
    tasks, cold = [], []
    for asked in _asked(dataset, by_series, watches, training):
        known = (live or {}).get(asked.series)
        if known is not None and known.setting == asked.setting and asked.first > known.place:
            task = _Task(asked.series, asked.watch, asked.setting, known.detector, known.place)
            tasks.append(replace(task, unwritten=known.unwritten, live=True))
        else:
            cold.append(asked)
    if not cold:
        return tasks
    metrics = sorted({asked.series.metric for asked in cold})
    stored = {
        (row["column_name"], row["segment"], row["metric"], row["detector"]): row
        for row in store.query(_STATES, {"dataset": dataset, "metrics": metrics}).to_pylist()
    }
    for asked in cold:
        series = asked.series
        row = stored.get((series.column_name, series.segment, series.metric, series.detector))
        tasks.append(_stored_task(asked, row, judged=judged))
    return tasks


def _asked(
    dataset: str,
    by_series: Mapping[Address, Sequence[Point]],
    watches: Sequence[Watch],
    training: Training,
) -> Iterator[_Asked]:
    """Which detectors judge the series."""
    settings: dict[tuple[int, Sensitivity], str] = {}
    by_metric: dict[str, list[Watch]] = defaultdict(list)
    for watch in watches:
        by_metric[watch.metric].append(watch)
    for address, points in by_series.items():
        first = min(map(place_of, points))
        for watch in by_metric.get(address[2], ()):
            if address[1] and not watch.segments:
                continue
            series = SeriesKey(dataset, *address, watch.detector)
            sensitivity = training.sensitivity(series, watch.sensitivity)
            key = (id(watch), sensitivity)
            setting = settings.get(key) or settings.setdefault(key, watch.setting_with(sensitivity))
            yield _Asked(series, watch, setting, sensitivity, first)


def _stored_task(asked: _Asked, row: Mapping[str, Any] | None, *, judged: bool) -> _Task:
    """The detector goes on from its stored state, or starts anew."""
    if row is not None and row["setting"] == asked.setting:
        learned = (row["ts"], row["batch"])
        if asked.first > learned or (judged and asked.first == learned):
            detector = _restored(row["state"])
            if detector is not None:
                size = len(row["state"])
                return _Task(asked.series, asked.watch, asked.setting, detector, learned, size)
    detector = asked.watch.detector_with(asked.sensitivity)
    return _Task(asked.series, asked.watch, asked.setting, detector, None)


def _restored(state: bytes) -> Detector | None:
    """The detector of a stored state; ``None`` when another version wrote it, so that it is learned anew."""
    try:
        return Detector.from_bytes(state)
    except SettingsError as error:
        _log.warning("detector_state_unreadable", error=str(error))
        return None


def _past(
    store: Store, dataset: str, tasks: Sequence[_Task], by_series: Mapping[Address, Sequence[Point]]
) -> dict[Address, list[Point]]:
    """Stored points that the tasks must learn: since their states, or the whole recent history."""
    past: dict[Address, list[Point]] = {}
    cold = [task for task in tasks if not task.live]
    learned = [task.learned[0] for task in cold if task.learned is not None]
    if learned:
        metrics = {task.series.metric for task in cold if task.learned is not None}
        last = max(point.ts for points in by_series.values() for point in points)
        past.update(points_between(store, dataset, metrics, min(learned), last))
    anew = {(t.series.column_name, t.series.segment, t.series.metric) for t in cold if t.learned is None}
    if anew:
        past.update(newest_points(store, dataset, anew))
    return past


def _timeline(past: Sequence[Point], fresh: Sequence[Point], learned: Place | None) -> list[Point]:
    """Points to learn in order; a corrected point takes the place of the stored one."""
    merged = {point.batch: point for point in past} | {point.batch: point for point in fresh}
    points = sorted(merged.values(), key=place_of)
    return [point for point in points if learned is None or place_of(point) > learned]


def _run(task: _Task, line: Sequence[Point], training: Training) -> Judgements:
    ts = seconds([point.ts for point in line])
    left_out, accepted = training.masks(task.series, ts)
    return task.detector.run(
        ts, np.array([point.value for point in line], dtype=np.float64), left_out, accepted
    )


def _advance(
    task: _Task,
    line: Sequence[Point],
    fresh: Collection[str],
    training: Training,
    judged_at: tuple[int, datetime],
) -> tuple[list[Finding], StateRow | None]:
    snapshot, now = judged_at
    judged = _run(task, line, training)
    findings = [
        Finding(task.series, point.batch, judged.verdict_at(i), snapshot)
        for i, point in enumerate(line)
        if point.batch in fresh
    ]
    lasting = task.live or task.size > _SMALL_STATE_BYTES
    if lasting and task.unwritten + len(line) < _CHECKPOINT_POINTS:
        return findings, None
    series, last = task.series, line[-1]
    row = StateRow(
        series.dataset,
        series.column_name,
        series.segment,
        series.metric,
        series.detector,
        last.ts,
        last.batch,
        task.setting,
        task.detector.to_bytes(),
        now,
    )
    return findings, row
