"""Detector: a series and its baseline in, a verdict per point out, with no look at the future."""

import json
import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from typing import Any, Literal

import numpy as np

from dqm_assets.errors import KernelError, SettingsError
from dqm_assets.quality.baselines.method import fitted_numbers
from dqm_assets.quality.baselines.series_kernel import ACCEPTED, LEFT_OUT, SeriesKernel, SeriesSettings
from dqm_assets.quality.holiday_calendar import HolidayCalendar
from dqm_assets.quality.relevance import Relevance
from dqm_assets.quality.sensitivity import Sensitivity
from dqm_assets.quality.transform import NATURAL_RANGE, ValueKind

VerdictName = Literal["learning", "normal", "anomalous"]
#: Verdicts as they are numbered in ``Judgements.verdict``.
VERDICTS: tuple[VerdictName, ...] = ("learning", "normal", "anomalous")
_ANOMALOUS = VERDICTS.index("anomalous")
_MAGIC = b"DQMDET3\n"
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
        if math.isnan(self.expected):
            return f"{self.verdict}: {self.value:.6g}"
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
    needed: np.ndarray
    method: str
    #: What the kernel's ``layout`` and ``parameters`` fields held, shapes (k,) and (k, 7).
    layout: np.ndarray
    parameters: np.ndarray

    @classmethod
    def of_kernel(
        cls,
        ts: np.ndarray,
        values: np.ndarray,
        found: np.ndarray,
        method: str,
        kind: ValueKind | None = None,
    ) -> "Judgements":
        """Wrap what the kernel said of points (array of ``VERDICT``), bands within what a value can be."""
        least, most = NATURAL_RANGE[kind or "real"]
        # Finite bounds only: a side on which nothing is judged stays infinite, and NaN means learning.
        lower = np.where(np.isfinite(found["lower"]), np.maximum(found["lower"], least), found["lower"])
        upper = np.where(np.isfinite(found["upper"]), np.minimum(found["upper"], most), found["upper"])
        return cls(
            ts,
            values,
            found["expected"],
            lower,
            upper,
            *(found[name] for name in ("scale", "score", "verdict", "n", "needed")),
            method,
            found["layout"],
            found["parameters"],
        )

    @property
    def anomalous(self) -> np.ndarray:
        """Bool: which points are anomalous."""
        return self.verdict == _ANOMALOUS

    def params_at(self, i: int) -> Mapping[str, float | str]:
        """What was fitted when point ``i`` was judged."""
        return fitted_numbers(float(self.layout[i]), self.parameters[i].tolist())

    def verdict_at(self, i: int) -> Verdict:
        """The verdict on point ``i``."""
        columns = (self.value, self.expected, self.lower, self.upper, self.scale, self.score)
        return Verdict(
            datetime.fromtimestamp(float(self.ts[i]), UTC),
            *(float(column[i]) for column in columns),
            VERDICTS[int(self.verdict[i])],
            self.method,
            int(self.n[i]),
            int(self.needed[i]),
            self.params_at(i),
        )

    def verdicts(self) -> list[Verdict]:
        """One object per point."""
        return [self.verdict_at(i) for i in range(self.ts.size)]


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
        self._kernel = SeriesKernel(self.settings)

    @property
    def settings(self) -> SeriesSettings:
        """What the kernel knows of how the series is judged."""
        return SeriesSettings(
            self.method, self.sensitivity, self.kind, self.options, self.adapt_after, self.relevance
        )

    def judge(self, ts: datetime | float, value: float) -> Verdict:
        """Judge one point by what was learned before it; nothing is learned."""
        second = second_of(ts)
        return self._judgements(
            np.array([second]), np.array([value], dtype=np.float64), self._kernel.judge(second, value)
        ).verdict_at(0)

    def learn(self, ts: datetime | float, value: float, *, excluded: bool = False) -> None:
        """Take a point into the history, unless it is excluded, not finite, or on a special day.

        Args:
            ts: not before the newest learned point.
            value: as observed.
            excluded: the caller holds it for anomalous. After enough of them in a row (``adapt_after``) the
                series has a new normal, and they are learned.
        """
        second = second_of(ts)
        if not self.is_special(second):
            self._kernel.learn(second, value, excluded=excluded)

    def step(self, ts: datetime | float, value: float, *, left_out: bool = False) -> Verdict:
        """Judge a point and learn it as its method wants: ``judge`` of a series, point by point."""
        found = self.run(np.array([second_of(ts)]), np.array([value], dtype=np.float64), np.array([left_out]))
        return found.verdict_at(0)

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
        flags = np.where(left_out, LEFT_OUT, 0).astype(np.uint8)
        if accepted is not None:
            flags |= np.where(accepted, ACCEPTED, 0).astype(np.uint8)
        if self.calendar is not None:
            flags |= np.array([LEFT_OUT * self.is_special(second) for second in ts.tolist()], dtype=np.uint8)
        return self._judgements(ts, values, self._kernel.run(ts, values, flags))

    def _judgements(self, ts: np.ndarray, values: np.ndarray, found: np.ndarray) -> Judgements:
        return Judgements.of_kernel(ts, values, found, self.method, self.kind)

    def is_special(self, ts: float) -> bool:
        """Whether a point of this time (seconds since 1970 UTC) teaches nothing."""
        return self.calendar is not None and self.calendar.is_special(ts)

    def to_bytes(self) -> bytes:
        """State from which ``from_bytes`` continues exactly.

        ``DQMDET3``, the length of the settings (4 bytes, little-endian), the settings (JSON), and what the
        kernel learned.
        """
        return joined_state(self._written, self._kernel.to_bytes())

    @cached_property
    def _written(self) -> bytes:
        """The settings as ``to_bytes`` writes them."""
        settings = {
            "method": self.method,
            "sensitivity": asdict(self.sensitivity),
            "kind": self.kind,
            "calendar": _calendar_document(self.calendar),
            "options": self.options,
            "adapt_after": self.adapt_after,
            "relevance": asdict(self.relevance) if self.relevance else None,
        }
        return json.dumps(settings, sort_keys=True).encode()

    @classmethod
    def from_bytes(cls, state: bytes) -> "Detector":
        """Continue from the bytes of ``to_bytes``.

        Raises:
            SettingsError: the bytes are no detector state.
        """
        settings, learned = split_state(state)
        detector = cls.of_settings(settings)
        try:
            detector._kernel.restore(learned)
        except KernelError as error:
            raise _no_state(error) from None
        return detector

    @classmethod
    def of_settings(cls, text: bytes) -> "Detector":
        """A detector without history, of settings as ``to_bytes`` wrote them.

        Raises:
            SettingsError: they are no such settings.
        """
        try:
            detector = cls(**_parsed(bytes(text)))
        except (ValueError, KeyError, TypeError) as error:
            raise _no_state(error) from None
        detector._written = bytes(text)
        return detector


@lru_cache(maxsize=256)
def _parsed(text: bytes) -> dict[str, Any]:
    """Settings as arguments of ``Detector``: thousands of series share a few."""
    settings = json.loads(text)
    return {
        "method": settings["method"],
        "sensitivity": Sensitivity(**settings["sensitivity"]),
        "kind": settings["kind"],
        "calendar": _calendar_from(settings["calendar"]),
        "options": settings["options"],
        "adapt_after": settings["adapt_after"],
        "relevance": Relevance(**settings["relevance"]) if settings["relevance"] else None,
    }


def split_state(state: bytes) -> tuple[bytes, memoryview]:
    """Settings (JSON) and what the kernel learned, of the bytes of ``Detector.to_bytes``.

    Raises:
        SettingsError: the bytes are no detector state.
    """
    start = len(_MAGIC) + 4
    if not state.startswith(_MAGIC) or len(state) < start:
        raise _no_state(ValueError("wrong first bytes"))
    (length,) = struct.unpack("<I", state[len(_MAGIC) : start])
    return state[start : start + length], memoryview(state)[start + length :]


def joined_state(settings: bytes, learned: bytes | memoryview) -> bytes:
    """What ``split_state`` takes apart."""
    return b"".join((_MAGIC, struct.pack("<I", len(settings)), settings, learned))


def _no_state(error: Exception) -> SettingsError:
    return SettingsError(f"These bytes are no detector state: {error}. Learn it again.")


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
