"""One new point for each of many series: the step of a pipeline that watches thousands of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

import numpy as np

from dqm_assets.errors import KernelError, SettingsError
from dqm_assets.quality._kernel import ffi, lib
from dqm_assets.quality.baselines.series_kernel import LEFT_OUT, VERDICT, pointer
from dqm_assets.quality.detector_state import joined_state, split_state
from dqm_assets.quality.detectors import Detector
from dqm_assets.quality.judgements import Judgements
from dqm_assets.quality.point_times import seconds
from dqm_assets.quality.profile_arrow import check
from dqm_assets.quality.verdict import Verdict

#: Series that go through the kernel at a time, so that not all states are in memory twice.
_AT_ONCE = 256


@dataclass(frozen=True)
class JudgedPoint:
    """Verdict on a point, and the state that has learned it."""

    verdict: Verdict
    state: bytes


def judge_many(
    states: Sequence[bytes],
    times: Sequence[datetime] | np.ndarray,
    values: Sequence[float] | np.ndarray,
    left_out: Sequence[bool] | np.ndarray | None = None,
) -> list[JudgedPoint]:
    """Judge the next point of each series and learn it, as ``Detector.step`` does for one.

    Args:
        states: one ``Detector.to_bytes()`` a series; a new series starts with
            ``Detector(method, sensitivity, …).to_bytes()``. Methods and settings may differ.
        times: one time a series, after the newest that its state has learned (datetimes, or an array of
            seconds since 1970 UTC).
        values: one value a series, as observed.
        left_out: whether a point is judged but never learned (open incidents, muted spans); ``None`` for
            none of them.

    Returns:
        Verdict and new state per series, in order. The same state and point always give the same answer, so
        a step that is repeated from the stored state changes nothing.

    Raises:
        SettingsError: arguments of different length, or bytes that are no detector state.
    """
    muted = np.zeros(len(states), dtype=bool) if left_out is None else np.asarray(left_out, dtype=bool)
    if not len(states) == len(times) == len(values) == muted.size:
        raise SettingsError(
            "states, times, values and left_out differ in length: "
            f"{len(states)}, {len(times)}, {len(values)}, {muted.size}."
        )
    ts, numbers = seconds(times), np.asarray(values, dtype=np.float64)
    likes: dict[bytes, _Alike] = {}
    judged: list[JudgedPoint] = []
    for start in range(0, len(states), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        judged += _step(states[part], ts[part], numbers[part], muted[part], likes)
    return judged


class _Alike:
    """What series of the same settings share."""

    def __init__(self, settings: bytes) -> None:
        self.settings = settings
        self.detector = Detector.of_settings(settings)
        self.for_kernel = self.detector.settings.to_kernel()


def _step(
    states: Sequence[bytes],
    ts: np.ndarray,
    values: np.ndarray,
    muted: np.ndarray,
    likes: dict[bytes, _Alike],
) -> list[JudgedPoint]:
    """One call of the kernel for a few hundred series."""
    count, alike, learned = len(states), [], []
    for state in states:
        settings, bytes_learned = split_state(state)
        if settings not in likes:
            likes[settings] = _Alike(settings)
        alike.append(likes[settings])
        learned.append(ffi.from_buffer("uint8_t[]", bytes_learned))
    special = [one.detector.is_special(second) for one, second in zip(alike, ts.tolist(), strict=True)]
    flags = np.where(muted | np.array(special), LEFT_OUT, 0).astype(np.uint8)
    found, ends, error = np.empty(count, VERDICT), np.empty(count, np.int64), ffi.new("dqm_error *")
    block = lib.dqm_series_step_many(
        count,
        ffi.new("dqm_series_settings *[]", [one.for_kernel for one in alike]),
        ffi.new("uint8_t *[]", learned),
        ffi.new("int64_t[]", [len(one) for one in learned]),
        pointer(np.ascontiguousarray(ts), "double *"),
        pointer(np.ascontiguousarray(values), "double *"),
        pointer(flags, "uint8_t *"),
        pointer(found, "dqm_series_verdict *"),
        pointer(ends, "int64_t *"),
        error,
    )
    try:
        check(block, error, "the series cannot be judged")
    except KernelError as problem:
        raise SettingsError(f"{problem}. Learn it again.") from None
    try:
        view = ffi.buffer(block, int(ends[-1]))
        edges = [0, *ends.tolist()]
        new = [view[begin:end] for begin, end in pairwise(edges)]
    finally:
        lib.dqm_bytes_close(block)
    return [
        JudgedPoint(
            Judgements.of_kernel(
                ts[i : i + 1], values[i : i + 1], found[i : i + 1], one.detector.method, one.detector.kind
            ).verdict_at(0),
            joined_state(one.settings, state),
        )
        for i, (one, state) in enumerate(zip(alike, new, strict=True))
    ]
