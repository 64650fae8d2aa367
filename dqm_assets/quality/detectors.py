"""Detector: a series and its baseline in, a verdict per point out, with no look at the future."""

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import numpy as np

from dqm_assets.errors import SettingsError
from dqm_assets.quality.baselines import Bands, learner
from dqm_assets.quality.holiday_calendar import HolidayCalendar
from dqm_assets.quality.relevance import Relevance
from dqm_assets.quality.sensitivity import Sensitivity
from dqm_assets.quality.transform import ValueKind

VerdictName = Literal["learning", "normal", "anomalous"]
#: Verdicts as they are numbered in ``Judgements.verdict``.
VERDICTS: tuple[VerdictName, ...] = ("learning", "normal", "anomalous")
_LEARNING, _NORMAL, _ANOMALOUS = range(3)
_MAGIC = b"DQMDET2\n"
_LARGEST_BLOCK = 512
DEFAULT_SENSITIVITY = Sensitivity.per_weeks(4)


@dataclass(frozen=True)
class Verdict:
    """What a detector says of one point; the columns of monitoring.verdicts.

    Attributes:
        ts: time of the point, UTC.
        value: as observed; NaN stays NaN and is judged "normal" with score 0 (a missing value is the
            completeness check's business).
        expected, lower, upper: in the series' unit; NaN while learning. Bounds may be infinite.
        scale: spread of normal points on the method's judging scale; NaN while learning.
        score: distance from expected in scales, ≥ 0; 0 while learning.
        n, needed: points learned from, and points needed before the first verdict.
        params: what the method fitted.
    """

    ts: datetime
    value: float
    expected: float
    lower: float
    upper: float
    scale: float
    score: float
    verdict: VerdictName
    method: str
    n: int
    needed: int
    params: Mapping[str, float | str]

    @property
    def explanation(self) -> str:
        """One line for people."""
        if self.verdict == "learning":
            return f"learning, {self.n} of {self.needed} points"
        return (
            f"{self.verdict}: {self.value:.6g}, expected {self.expected:.6g} "
            f"({self.lower:.6g} to {self.upper:.6g}), {self.score:.1f} scales away"
        )


def seconds(times: Sequence[datetime] | np.ndarray) -> np.ndarray:
    """Times as seconds since 1970 UTC, float64; a time without a zone is taken as UTC."""
    array = np.asarray(times)
    if array.dtype.kind == "M":
        return array.astype("datetime64[us]").astype(np.int64) / 1e6
    if array.dtype.kind in "iuf":
        return array.astype(np.float64)
    return np.array([second_of(time) for time in times], dtype=np.float64)


def second_of(time: datetime | float) -> float:
    """One time as seconds since 1970 UTC."""
    if isinstance(time, int | float):
        return float(time)
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()


@dataclass(frozen=True)
class Judgements:
    """Verdicts on k points as arrays of shape (k,); see ``Verdict`` for their meaning."""

    ts: np.ndarray
    value: np.ndarray
    expected: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    scale: np.ndarray
    score: np.ndarray
    verdict: np.ndarray
    n: np.ndarray
    needed: int
    method: str
    params: tuple[Mapping[str, float | str], ...]

    @property
    def anomalous(self) -> np.ndarray:
        """Bool: which points are anomalous."""
        return self.verdict == _ANOMALOUS

    def verdict_at(self, i: int) -> Verdict:
        """The verdict on point ``i``."""
        columns = (self.value, self.expected, self.lower, self.upper, self.scale, self.score)
        return Verdict(
            datetime.fromtimestamp(float(self.ts[i]), UTC),
            *(float(column[i]) for column in columns),
            VERDICTS[int(self.verdict[i])],
            self.method,
            int(self.n[i]),
            self.needed,
            self.params[i],
        )

    def verdicts(self) -> list[Verdict]:
        """One object per point."""
        columns = (self.value, self.expected, self.lower, self.upper, self.scale, self.score)
        numbers = zip(*(column.tolist() for column in columns), strict=True)
        rest = zip(self.ts.tolist(), self.verdict.tolist(), self.n.tolist(), self.params, strict=True)
        return [
            Verdict(
                datetime.fromtimestamp(ts, UTC), *row, VERDICTS[name], self.method, n, self.needed, params
            )
            for row, (ts, name, n, params) in zip(numbers, rest, strict=True)
        ]


class Detector:
    """Streaming detector of one series: ``judge`` a point, then ``learn`` it; ``step`` and ``run`` do both.

    Points must be learned in time order; cost per point does not grow with history.
    """

    def __init__(
        self,
        method: str = "ensemble",
        sensitivity: Sensitivity = DEFAULT_SENSITIVITY,
        *,
        kind: ValueKind | None = None,
        calendar: HolidayCalendar | None = None,
        options: Mapping[str, float] | None = None,
        adapt_after: int | None = None,
        relevance: Relevance | None = None,
    ) -> None:
        """Start with no history.

        Args:
            method: a name of ``baselines.METHODS``.
            sensitivity: how readily it alarms.
            kind: what the values are (real, count, share, positive); ``None`` reads it from them.
            calendar: days that are left out of training.
            options: the method's own options.
            adapt_after: anomalous points in a row that are the new normal; ``None`` for 60, or a sixteenth
                of the history if that is more.
            relevance: deviations that matter; others are normal and learned. ``None``: all matter.

        Raises:
            SettingsError: unknown method or option.
        """
        self.method = method
        self.sensitivity = sensitivity
        self.kind: ValueKind | None = kind
        self.calendar = calendar
        self.options = dict(options or {})
        self.adapt_after = adapt_after
        self.relevance = relevance
        self._learner = learner(method, kind, adapt_after, **self.options)

    def judge(self, ts: datetime | float, value: float) -> Verdict:
        """Judge one point by what was learned before it; nothing is learned."""
        found = self._judge_block(np.array([second_of(ts)]), np.array([value], dtype=np.float64))
        return found.verdicts()[0]

    def learn(self, ts: datetime | float, value: float, *, excluded: bool = False) -> None:
        """Take a point into the history, unless it is excluded, not finite, or on a special day.

        Args:
            ts: not before the newest learned point.
            value: as observed.
            excluded: the caller holds it for anomalous. After enough of them in a row (``adapt_after``) the
                series has a new normal, and they are learned.
        """
        second = second_of(ts)
        if np.isfinite(value) and not self._is_special(second):
            self._learner.learn(second, value, anomalous=excluded, left_out=excluded)

    def step(self, ts: datetime | float, value: float, *, left_out: bool = False) -> Verdict:
        """Judge a point and learn it as its method wants: ``judge`` of a series, point by point."""
        found = self.run(np.array([second_of(ts)]), np.array([value], dtype=np.float64), np.array([left_out]))
        return found.verdicts()[0]

    def run(
        self, ts: np.ndarray, values: np.ndarray, left_out: np.ndarray, accepted: np.ndarray | None = None
    ) -> Judgements:
        """Judge and learn a stretch of points, the same as one by one but faster.

        Args:
            ts: seconds since 1970 UTC, float64, shape (k,).
            values: float64, shape (k,).
            left_out: bool, shape (k,): judged but never learned.
            accepted: bool, shape (k,): learned as normal, whatever the verdict; people said so.
        """
        blocks, start, size = [], 0, 1
        while start < ts.size:
            end = min(start + min(size, self._learner.ahead, _LARGEST_BLOCK), ts.size)
            block = self._judge_block(ts[start:end], values[start:end])
            surprising = block.anomalous if accepted is None else block.anomalous & ~accepted[start:end]
            used = self._learn_block(block, left_out[start:end], surprising)
            blocks.append((block, used))
            size = 2 * size if start + used == end else 1
            start += used
        return _joined(blocks, self.method, self._learner.needed)

    def _judge_block(self, ts: np.ndarray, values: np.ndarray) -> Judgements:
        k, n = ts.size, self._learner.n
        needed, method = self._learner.needed, self.method
        counts = n + np.arange(k)
        if n < needed:
            unknown = np.full(k, np.nan)
            columns = (unknown, unknown, unknown, unknown, np.zeros(k), np.full(k, _LEARNING))
            return Judgements(ts, values, *columns, counts, needed, method, ({},) * k)
        finite = np.isfinite(values)
        bands: Bands = self._learner.judge(ts, np.where(finite, values, 0.0), self.sensitivity)
        infinite = np.isinf(values)
        score = np.where(finite, bands.score, np.where(infinite, np.inf, 0.0))
        anomalous = (finite & bands.anomalous) | infinite
        if self.relevance is not None:
            anomalous &= self.relevance.matters(values, bands.expected)
        verdict = np.where(anomalous, _ANOMALOUS, _NORMAL)
        columns = (bands.expected, bands.lower, bands.upper, bands.scale, score, verdict)
        return Judgements(ts, values, *columns, counts, needed, method, (self._learner.params,) * k)

    def _learn_block(self, block: Judgements, left_out: np.ndarray, surprising: np.ndarray) -> int:
        """Learn until a point is not learned as the block assumed; returns how many points were used."""
        if not (np.any(left_out) or self.calendar or np.any(surprising)) and np.all(np.isfinite(block.value)):
            self._learner.learn_normal(block.ts.tolist(), block.value.tolist())
            return block.ts.size
        anomalous = surprising.tolist()
        for i, (ts, value) in enumerate(zip(block.ts.tolist(), block.value.tolist(), strict=True)):
            if left_out[i] or not np.isfinite(value) or self._is_special(ts):
                return i + 1
            if not self._learner.learn(ts, value, anomalous=anomalous[i]):
                return i + 1
        return block.ts.size

    def _is_special(self, ts: float) -> bool:
        return self.calendar is not None and self.calendar.is_special(ts)

    def to_bytes(self) -> bytes:
        """State from which ``from_bytes`` continues exactly."""
        arrays = [np.asarray(array, dtype="<f8") for array in self._learner.to_arrays()]
        header = {
            "method": self.method,
            "sensitivity": asdict(self.sensitivity),
            "kind": self.kind,
            "calendar": _calendar_document(self.calendar),
            "options": self.options,
            "adapt_after": self.adapt_after,
            "relevance": asdict(self.relevance) if self.relevance else None,
            "sizes": [array.size for array in arrays],
        }
        text = json.dumps(header, sort_keys=True).encode()
        return b"".join((_MAGIC, struct.pack("<I", len(text)), text, *(array.tobytes() for array in arrays)))

    @classmethod
    def from_bytes(cls, state: bytes) -> "Detector":
        """Continue from the bytes of ``to_bytes``.

        Raises:
            SettingsError: the bytes are no detector state.
        """
        start = len(_MAGIC) + 4
        try:
            if not state.startswith(_MAGIC):
                raise ValueError("wrong first bytes")
            (length,) = struct.unpack("<I", state[len(_MAGIC) : start])
            header = json.loads(state[start : start + length])
            numbers = np.frombuffer(state[start + length :], dtype="<f8")
            edges = np.cumsum(header["sizes"])
            if numbers.size != edges[-1]:
                raise ValueError("cut short")
        except (ValueError, KeyError, struct.error) as error:
            raise SettingsError(f"These bytes are no detector state: {error}. Learn it again.") from None
        detector = cls(
            header["method"],
            Sensitivity(**header["sensitivity"]),
            kind=header["kind"],
            calendar=_calendar_from(header["calendar"]),
            options=header["options"],
            adapt_after=header["adapt_after"],
            relevance=Relevance(**header["relevance"]) if header.get("relevance") else None,
        )
        detector._learner.restore(np.split(numbers, edges[:-1]))
        return detector


def _joined(blocks: list[tuple[Judgements, int]], method: str, needed: int) -> Judgements:
    """One after the other, each cut to the points that were used."""
    names = ("ts", "value", "expected", "lower", "upper", "scale", "score", "verdict", "n")
    columns = (
        np.concatenate([getattr(block, name)[:used] for block, used in blocks] or [np.zeros(0)])
        for name in names
    )
    params = tuple(one for block, used in blocks for one in block.params[:used])
    return Judgements(*columns, needed, method, params)


def _calendar_document(calendar: HolidayCalendar | None) -> dict[str, object] | None:
    if calendar is None:
        return None
    return {**asdict(calendar), "extra_days": sorted(calendar.extra_days)}


def _calendar_from(document: Mapping[str, Any] | None) -> HolidayCalendar | None:
    if document is None:
        return None
    return HolidayCalendar(document["country"], document["subdivision"], frozenset(document["extra_days"]))


def judge_series(
    times: Sequence[datetime] | np.ndarray,
    values: np.ndarray | Sequence[float],
    *,
    method: str = "ensemble",
    sensitivity: Sensitivity = DEFAULT_SENSITIVITY,
    exclude: np.ndarray | None = None,
    calendar: HolidayCalendar | None = None,
    kind: ValueKind | None = None,
    options: Mapping[str, float] | None = None,
) -> Judgements:
    """Do what ``judge`` does, with arrays as the result: no object per point."""
    detector = Detector(method, sensitivity, kind=kind, calendar=calendar, options=options)
    ts = seconds(times)
    left_out = np.zeros(ts.size, dtype=bool) if exclude is None else np.asarray(exclude, dtype=bool)
    series = np.asarray(values, dtype=np.float64)
    if not ts.size == series.size == left_out.size:
        raise SettingsError(
            f"times, values and exclude differ in length: {ts.size}, {series.size}, {left_out.size}."
        )
    return detector.run(ts, series, left_out)


def judge(
    times: Sequence[datetime] | np.ndarray,
    values: np.ndarray | Sequence[float],
    *,
    method: str = "ensemble",
    sensitivity: Sensitivity = DEFAULT_SENSITIVITY,
    exclude: np.ndarray | None = None,
    calendar: HolidayCalendar | None = None,
    kind: ValueKind | None = None,
    options: Mapping[str, float] | None = None,
) -> list[Verdict]:
    """Judge a whole series as if it arrived point by point: verdict i uses only points before i.

    Args:
        times: ascending, shape (n,): datetimes, datetime64, or seconds since 1970 UTC.
        values: shape (n,).
        method, sensitivity, calendar, kind, options: as for ``Detector``.
        exclude: bool, shape (n,): points of known incidents and muted spans, judged but never learned.
            Points judged anomalous are left out as well.

    Returns:
        One verdict per point, in order.

    Raises:
        SettingsError: unknown method or option, or arrays of different length.
    """
    return judge_series(
        times,
        values,
        method=method,
        sensitivity=sensitivity,
        exclude=exclude,
        calendar=calendar,
        kind=kind,
        options=options,
    ).verdicts()
