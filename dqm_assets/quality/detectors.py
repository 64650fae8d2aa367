"""Detector: a series and its baseline in, a verdict per point out, with no look at the future."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from functools import cached_property

import numpy as np

from dqm_assets.errors import KernelError, SettingsError
from dqm_assets.quality.baselines.series_kernel import ACCEPTED, LEFT_OUT, SeriesKernel, SeriesSettings
from dqm_assets.quality.detector_state import (
    calendar_document,
    joined_state,
    no_state,
    parsed_settings,
    split_state,
)
from dqm_assets.quality.holiday_calendar import HolidayCalendar
from dqm_assets.quality.judgements import Judgements
from dqm_assets.quality.point_times import second_of, seconds
from dqm_assets.quality.relevance import Relevance
from dqm_assets.quality.sensitivity import Sensitivity
from dqm_assets.quality.transform import ValueKind
from dqm_assets.quality.verdict import Verdict

DEFAULT_SENSITIVITY = Sensitivity.per_weeks(4)


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
            "calendar": calendar_document(self.calendar),
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
            raise no_state(error) from None
        return detector

    @classmethod
    def of_settings(cls, text: bytes) -> "Detector":
        """A detector without history, of settings as ``to_bytes`` wrote them.

        Raises:
            SettingsError: they are no such settings.
        """
        try:
            detector = cls(**parsed_settings(bytes(text)))
        except (ValueError, KeyError, TypeError) as error:
            raise no_state(error) from None
        detector._written = bytes(text)
        return detector


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
