"""One series in the C++ kernel: judged and learned there, point by point (native/include/dqm_series.h)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dqm_assets.errors import KernelError, SettingsError
from dqm_assets.quality._kernel import ffi, lib
from dqm_assets.quality.baselines.method import SCALES, method_called
from dqm_assets.quality.profile_arrow import check
from dqm_assets.quality.relevance import Relevance
from dqm_assets.quality.sensitivity import Sensitivity
from dqm_assets.quality.transform import ValueKind

#: A line of ``dqm_series_verdict``.
VERDICT = np.dtype(
    [(name, "f8") for name in ("expected", "lower", "upper", "scale", "score")]
    + [("n", "i8"), ("needed", "i8"), ("verdict", "i8"), ("layout", "f8"), ("parameters", "f8", 10)]
)
if ffi.sizeof("dqm_series_verdict") != VERDICT.itemsize:
    raise KernelError("The compiled kernel is of another version than dqm: install dqm again.")
#: Flags of a point: never learned; learned as normal, whatever the verdict.
LEFT_OUT, ACCEPTED = 1, 2
_BAD_WHEN = ("either", "high", "low")


@dataclass(frozen=True)
class SeriesSettings:
    """How a series is judged; see ``Detector``."""

    method: str
    sensitivity: Sensitivity
    kind: ValueKind | None = None
    options: Mapping[str, float] = field(default_factory=dict)
    adapt_after: int | None = None
    relevance: Relevance | None = None

    def to_kernel(self) -> Any:
        """The kernel's structure.

        Raises:
            SettingsError: unknown method or option.
        """
        settings = ffi.new("dqm_series_settings *")
        settings.method = method_called(self.method, self.options).number
        settings.kind = SCALES.index(self.kind or "unknown")
        settings.adapt_after = self.adapt_after or 0
        settings.weeks, settings.points, settings.z = (
            value or 0.0 for value in (self.sensitivity.weeks, self.sensitivity.points, self.sensitivity.z)
        )
        for name, value in self.options.items():
            if not value > 0:
                raise SettingsError(f"Option {name!r} of {self.method!r} must be above zero, got {value}.")
            setattr(settings, name, value)
        relevance = self.relevance or Relevance()
        settings.bad_when = _BAD_WHEN.index(relevance.bad_when)
        settings.least_change, settings.least_relative = relevance.least_change, relevance.least_relative
        return settings


def pointer(array: np.ndarray, kind: str) -> Any:
    """The numbers of a contiguous array, to be read or written while the array lives."""
    return ffi.cast(kind, ffi.from_buffer(array))


class SeriesKernel:
    """State of one series. Not for several threads at a time."""

    __slots__ = ("_error", "_state")

    def __init__(self, settings: SeriesSettings) -> None:
        """Start with no history."""
        self._error = ffi.new("dqm_error *")
        state = lib.dqm_series_open(settings.to_kernel(), self._error)
        self._state = ffi.gc(self._checked(state), lib.dqm_series_close)

    @property
    def n(self) -> int:
        """Points that train the next verdict."""
        return lib.dqm_series_n(self._state)

    @property
    def needed(self) -> int:
        """Points needed before the first verdict."""
        return lib.dqm_series_needed(self._state)

    def judge(self, ts: float, value: float) -> np.ndarray:
        """Judge one point and learn nothing: an array of ``VERDICT``, shape (1,)."""
        found = np.empty(1, VERDICT)
        out = pointer(found, "dqm_series_verdict *")
        self._checked(lib.dqm_series_judge(self._state, ts, value, out, self._error))
        return found

    def learn(self, ts: float, value: float, *, excluded: bool) -> None:
        """Learn one point (one that is not finite is passed over)."""
        self._checked(lib.dqm_series_learn(self._state, ts, value, excluded, self._error))

    def run(self, ts: np.ndarray, values: np.ndarray, flags: np.ndarray) -> np.ndarray:
        """Judge and learn points one by one.

        Args:
            ts: seconds since 1970 UTC, ascending, float64, shape (k,).
            values: float64, shape (k,).
            flags: uint8, shape (k,).

        Returns:
            Array of ``VERDICT``, shape (k,).
        """
        ts, values = np.ascontiguousarray(ts, np.float64), np.ascontiguousarray(values, np.float64)
        flags, found = np.ascontiguousarray(flags, np.uint8), np.empty(ts.size, VERDICT)
        if ts.size:
            done = lib.dqm_series_run(
                self._state,
                ts.size,
                pointer(ts, "double *"),
                pointer(values, "double *"),
                pointer(flags, "uint8_t *"),
                pointer(found, "dqm_series_verdict *"),
                self._error,
            )
            self._checked(done)
        return found

    def to_bytes(self) -> bytes:
        """What was learned; settings are not in it."""
        size = ffi.new("int64_t *")
        block = self._checked(lib.dqm_series_write(self._state, size, self._error))
        try:
            return bytes(ffi.buffer(block, size[0]))
        finally:
            lib.dqm_bytes_close(block)

    def restore(self, state: bytes | memoryview) -> None:
        """Continue from what ``to_bytes`` gave under the same settings.

        Raises:
            KernelError: the bytes are no such state.
        """
        known = ffi.from_buffer("uint8_t[]", state)
        self._checked(lib.dqm_series_read(self._state, known, len(state), self._error))

    def _checked(self, result: Any) -> Any:
        return check(result, self._error, "the series cannot be judged")
