"""Detector states of many series: read, brought up to date with new points, and written back."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import structlog

from dqm_assets.errors import SettingsError
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

#: Points of a series that are read when its state must be learned anew.
HISTORY_POINTS = 5_000
#: A state is written when it has learned so many points since it was last written, or when it is small: the
#: points in between are learned again from the metrics, which costs less than writing large states each time.
_CHECKPOINT_POINTS = 16
_SMALL_STATE_BYTES = 2_048

_STATES = """
    SELECT column_name, segment, metric, detector, ts, batch, setting, state
    FROM monitoring.detector_states WHERE dataset = $dataset AND list_contains($metrics, metric)
"""
_WINDOW = """
    SELECT column_name, segment, metric, batch, ts, value FROM metrics.metrics
    WHERE dataset = $dataset AND list_contains($metrics, metric) AND ts BETWEEN $first AND $last
"""
_HISTORY = """
    SELECT column_name, segment, metric, batch, ts, value FROM metrics.metrics
    WHERE dataset = $dataset AND list_contains($metrics, metric)
      AND list_contains($series, column_name || chr(31) || segment || chr(31) || metric)
    QUALIFY row_number() OVER (
        PARTITION BY column_name, segment, metric ORDER BY ts DESC, batch DESC
    ) <= $points
"""

#: Column, segment and metric.
Address = tuple[str, str, str]
#: Time and batch: the order of a series.
Place = tuple[datetime, str]


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
class Judged:
    """Verdicts on new points, in the order of their places, and the states to write."""

    findings: tuple[Finding, ...]
    states: tuple[StateRow, ...]


@dataclass(frozen=True)
class _Task:
    """One detector of one series that has new points."""

    series: SeriesKey
    watch: Watch
    setting: str
    detector: Detector
    #: Place up to which the detector has learned; ``None`` when it starts anew.
    learned: Place | None
    #: Bytes of the state that it goes on from.
    size: int = 0


def address_of(point: Point) -> Address:
    """Which series a point is of."""
    return point.column_name, point.segment, point.metric


def place_of(point: Point) -> Place:
    """Where a point stands in its series."""
    return point.ts, point.batch


def unknown_points(store: Store, dataset: str, points: Iterable[Point]) -> tuple[list[Point], list[Point]]:
    """Split points into those the store has never seen and those that it has with another value."""
    wanted = {(address_of(point), point.batch): point for point in points}
    stored = _stored(
        store,
        dataset,
        {point.metric for point in wanted.values()},
        min(point.ts for point in wanted.values()),
        max(point.ts for point in wanted.values()),
    )
    values = {(address, point.batch): point.value for address, of in stored.items() for point in of}
    new = [point for key, point in wanted.items() if key not in values]
    known = [(values[key], point) for key, point in wanted.items() if key in values]
    return new, [point for value, point in known if not _same(value, point.value)]


def judge_points(
    store: Store, dataset: str, points: Sequence[Point], watches: Sequence[Watch], training: Training
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
    """
    by_series: dict[Address, list[Point]] = defaultdict(list)
    for point in points:
        by_series[address_of(point)].append(point)
    tasks = _tasks(store, dataset, by_series, watches, training)
    if not tasks:
        return Judged((), ())
    past = _past(store, dataset, tasks, by_series)
    findings: list[Finding] = []
    states: list[StateRow] = []
    snapshot, now = store.changes().version, datetime.now(UTC)
    for task in tasks:
        address = (task.series.column_name, task.series.segment, task.series.metric)
        fresh = by_series[address]
        line = _timeline(past[address], fresh, task.learned)
        found, state = _advance(task, line, {point.batch for point in fresh}, training, (snapshot, now))
        findings += found
        if state is not None:
            states.append(state)
    findings.sort(key=lambda finding: finding.place)
    return Judged(tuple(findings), tuple(states))


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
        line = [one for one in _timeline(past[address], [], task.learned) if place_of(one) <= place_of(point)]
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
) -> list[_Task]:
    """Detectors that go on from their states where these are not beyond the first point.

    Args:
        judged: the points may have been learned already.
    """
    settings: dict[tuple[int, Sensitivity], str] = {}
    by_metric: dict[str, list[Watch]] = defaultdict(list)
    for watch in watches:
        by_metric[watch.metric].append(watch)
    metrics = sorted({address[2] for address in by_series} & set(by_metric))
    if not metrics:
        return []
    rows = store.query(_STATES, {"dataset": dataset, "metrics": metrics}).to_pylist()
    stored = {(row["column_name"], row["segment"], row["metric"], row["detector"]): row for row in rows}
    tasks = []
    for address, points in by_series.items():
        first = min(map(place_of, points))
        for watch in by_metric.get(address[2], ()):
            if address[1] and not watch.segments:
                continue
            series = SeriesKey(dataset, *address, watch.detector)
            sensitivity = training.sensitivity(series, watch.sensitivity)
            asked = (id(watch), sensitivity)
            setting = settings.get(asked) or settings.setdefault(asked, watch.setting_with(sensitivity))
            row = stored.get((*address, watch.detector))
            known = (
                row is not None
                and row["setting"] == setting
                and (first > (row["ts"], row["batch"]) or (judged and first == (row["ts"], row["batch"])))
            )
            detector = _restored(row["state"]) if row is not None and known else None
            if row is not None and detector is not None:
                learned = (row["ts"], row["batch"])
                tasks.append(_Task(series, watch, setting, detector, learned, len(row["state"])))
            else:
                tasks.append(_Task(series, watch, setting, watch.detector_with(sensitivity), None))
    return tasks


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
    past: dict[Address, list[Point]] = defaultdict(list)
    learned = [task.learned[0] for task in tasks if task.learned is not None]
    if learned:
        metrics = {task.series.metric for task in tasks if task.learned is not None}
        last = max(point.ts for points in by_series.values() for point in points)
        past.update(_stored(store, dataset, metrics, min(learned), last))
    anew = {(t.series.column_name, t.series.segment, t.series.metric) for t in tasks if t.learned is None}
    if anew:
        rows = store.query(
            _HISTORY,
            {
                "dataset": dataset,
                "metrics": sorted({address[2] for address in anew}),
                "series": ["\x1f".join(address) for address in sorted(anew)],
                "points": HISTORY_POINTS,
            },
        ).to_pylist()
        for address in anew:
            past[address] = []
        for row in rows:
            point = Point(**row)
            past[address_of(point)].append(point)
    return past


def _stored(
    store: Store, dataset: str, metrics: Collection[str], first: datetime, last: datetime
) -> dict[Address, list[Point]]:
    rows = store.query(
        _WINDOW, {"dataset": dataset, "metrics": sorted(metrics), "first": first, "last": last}
    ).to_pylist()
    found: dict[Address, list[Point]] = defaultdict(list)
    for row in rows:
        point = Point(**row)
        found[address_of(point)].append(point)
    return found


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
    if task.size > _SMALL_STATE_BYTES and len(line) < _CHECKPOINT_POINTS:
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


def _same(a: float, b: float) -> bool:
    return a == b or (a != a and b != b)  # noqa: PLR0124 (NaN is the same as NaN)
