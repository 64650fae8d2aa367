"""One new point for each of many series: the step of a pipeline that watches thousands of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from dqm_assets.errors import SettingsError
from dqm_assets.quality.detectors import Detector, Verdict


@dataclass(frozen=True)
class JudgedPoint:
    """Verdict on a point, and the state that has learned it."""

    verdict: Verdict
    state: bytes


def judge_many(
    states: Sequence[bytes],
    times: Sequence[datetime] | Sequence[float],
    values: Sequence[float] | np.ndarray,
    left_out: Sequence[bool] | np.ndarray | None = None,
) -> list[JudgedPoint]:
    """Judge the next point of each series and learn it, as ``Detector.step`` does for one.

    Args:
        states: one ``Detector.to_bytes()`` a series; a new series starts with
            ``Detector(method, sensitivity, …).to_bytes()``. Methods and settings may differ.
        times: one time a series, after the newest that its state has learned (datetimes or seconds
            since 1970 UTC).
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
    judged = []
    for state, ts, value, skip in zip(states, times, values, muted.tolist(), strict=True):
        detector = Detector.from_bytes(state)
        verdict = detector.step(ts, float(value), left_out=skip)
        judged.append(JudgedPoint(verdict, detector.to_bytes()))
    return judged
