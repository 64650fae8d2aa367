"""Detector: a series and its baseline in, a verdict per point out, with no look at the future."""

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import numpy as np

from dqm_assets.errors import SettingsError
from dqm_assets.quality.baselines import Baseline, History, Model, baseline
from dqm_assets.quality.holiday_calendar import HolidayCalendar
from dqm_assets.quality.sensitivity import Sensitivity
from dqm_assets.quality.transform import ValueKind

VerdictName = Literal["learning", "normal", "anomalous"]
_MAGIC = b"DQMDET1\n"
DEFAULT_SENSITIVITY = Sensitivity.per_weeks(4)
#: A series that stays anomalous this many points in a row has a new normal: it is learned from then on.
ADAPT_AFTER = 60
#: The baseline is fitted again after each point up to here, later after every 1/32 of the history.
_REFIT_ALWAYS_BELOW = 64
_REFIT_SHARE = 32
_CADENCE_POINTS = 1000


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


class Detector:
    """Streaming detector of one series: ``judge`` a point, then ``learn`` it.

    Judging changes nothing. Points must be learned in time order; cost per point does not grow with history.
    """

    def __init__(
        self,
        method: str = "ensemble",
        sensitivity: Sensitivity = DEFAULT_SENSITIVITY,
        *,
        kind: ValueKind | None = None,
        calendar: HolidayCalendar | None = None,
        options: Mapping[str, float] | None = None,
        adapt_after: int = ADAPT_AFTER,
    ) -> None:
        """Start with no history.

        Args:
            method: a name of ``baselines.METHODS``.
            sensitivity: how readily it alarms.
            kind: what the values are (real, count, share, positive); ``None`` reads it from them.
            calendar: days that are left out of training.
            options: the method's own options.
            adapt_after: anomalous points in a row after which they are the new normal.

        Raises:
            SettingsError: unknown method or option.
        """
        self.method = method
        self.adapt_after = adapt_after
        self.sensitivity = sensitivity
        self.kind: ValueKind | None = kind
        self.calendar = calendar
        self.options = dict(options or {})
        self._baseline: Baseline = baseline(method, **self.options)
        self._ts: list[float] = []
        self._values: list[float] = []
        self._run: list[tuple[float, float]] = []
        self._since_fit = 0
        self._model: Model | None = None

    def judge(self, ts: datetime | float, value: float) -> Verdict:
        """Judge one point by what was learned before it."""
        second = second_of(ts)
        when = datetime.fromtimestamp(second, UTC)
        needed, n = self._baseline.needed, len(self._values)
        model = self._model
        if model is None:
            nan = float("nan")
            return Verdict(when, value, nan, nan, nan, nan, 0.0, "learning", self.method, n, needed, {})
        if not np.isfinite(value):
            band = model.band(second, self._values[-1], self.sensitivity)
            infinite = np.isinf(value)
            score, name = (float("inf"), "anomalous") if infinite else (0.0, "normal")
        else:
            band = model.band(second, value, self.sensitivity)
            score, name = band.score, "anomalous" if band.anomalous else "normal"
        return Verdict(
            when,
            value,
            band.expected,
            band.lower,
            band.upper,
            band.scale,
            score,
            name,
            self.method,
            n,
            needed,
            model.params,
        )

    def learn(self, ts: datetime | float, value: float, *, excluded: bool = False) -> None:
        """Take a point into the history, unless it is excluded, not finite, or on a special day.

        Args:
            ts: not before the newest learned point.
            value: as observed.
            excluded: judged anomalous, in a muted span, or part of an open incident.

        An excluded point is remembered: when ``adapt_after`` follow one another the series has a new
        normal, and they are learned with the history before them forgotten.
        """
        second = second_of(ts)
        if not np.isfinite(value) or (self.calendar is not None and self.calendar.is_special(second)):
            return
        if excluded:
            self._run.append((second, value))
            if len(self._run) < self.adapt_after:
                return
            self._ts = [point[0] for point in self._run]
            self._values = [point[1] for point in self._run]
            self._run = []
            self._model = None
            self._fit_when_due()
            return
        self._run = []
        self._ts.append(second)
        self._values.append(value)
        self._since_fit += 1
        self._fit_when_due()

    def to_bytes(self) -> bytes:
        """State from which ``from_bytes`` continues exactly."""
        header = {
            "method": self.method,
            "sensitivity": asdict(self.sensitivity),
            "kind": self.kind,
            "calendar": _calendar_document(self.calendar),
            "options": self.options,
            "adapt_after": self.adapt_after,
            "since_fit": self._since_fit,
            "points": len(self._ts),
            "run": len(self._run),
        }
        text = json.dumps(header, sort_keys=True).encode()
        run = np.array(self._run, dtype="<f8").reshape(-1, 2)
        arrays = (self._ts, self._values, run[:, 0], run[:, 1])
        body = b"".join(np.asarray(array, dtype="<f8").tobytes() for array in arrays)
        return _MAGIC + struct.pack("<I", len(text)) + text + body

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
            points, run = header["points"], header["run"]
            if numbers.size != 2 * (points + run):
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
        )
        detector._restore(numbers, points, run, header["since_fit"])
        return detector

    def _restore(self, numbers: np.ndarray, points: int, run: int, since_fit: int) -> None:
        self._ts = numbers[:points].tolist()
        self._values = numbers[points : 2 * points].tolist()
        tail = numbers[2 * points :]
        self._run = list(zip(tail[:run].tolist(), tail[run:].tolist(), strict=True))
        self._since_fit = since_fit
        fitted = points - since_fit
        if fitted >= self._baseline.needed:
            self._model = self._baseline.fit(self._history(fitted))

    def _fit_when_due(self) -> None:
        """Fit again after a share of the history came in, and forget what no later fit can need."""
        n = len(self._values)
        window = self._baseline.window
        pause = 1 if n < _REFIT_ALWAYS_BELOW else min(n, window) // _REFIT_SHARE
        if n < self._baseline.needed or (self._model is not None and self._since_fit < pause):
            return
        self._model = self._baseline.fit(self._history(n))
        self._since_fit = 0
        if n > window:
            del self._ts[:-window], self._values[:-window]

    def _history(self, end: int) -> History:
        """The newest ``window`` points before position ``end``."""
        start = max(0, end - self._baseline.window)
        ts = np.array(self._ts[start:end])
        cadence = float(np.median(np.diff(ts[-_CADENCE_POINTS:]))) if ts.size > 2 else float("nan")  # noqa: PLR2004
        return History(ts, np.array(self._values[start:end]), cadence, self.kind)


def _calendar_document(calendar: HolidayCalendar | None) -> dict[str, object] | None:
    if calendar is None:
        return None
    return {**asdict(calendar), "extra_days": sorted(calendar.extra_days)}


def _calendar_from(document: Mapping[str, Any] | None) -> HolidayCalendar | None:
    if document is None:
        return None
    return HolidayCalendar(document["country"], document["subdivision"], frozenset(document["extra_days"]))


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
    detector = Detector(method, sensitivity, kind=kind, calendar=calendar, options=options)
    ts = seconds(times)
    left_out = np.zeros(ts.size, dtype=bool) if exclude is None else np.asarray(exclude, dtype=bool)
    series = np.asarray(values, dtype=np.float64)
    if not ts.size == series.size == left_out.size:
        raise SettingsError(
            f"times, values and exclude differ in length: {ts.size}, {series.size}, {left_out.size}."
        )
    verdicts = []
    for second, value, out in zip(ts.tolist(), series.tolist(), left_out.tolist(), strict=True):
        verdict = detector.judge(second, value)
        verdicts.append(verdict)
        detector.learn(second, value, excluded=out or verdict.verdict == "anomalous")
    return verdicts
