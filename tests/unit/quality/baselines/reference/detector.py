"""The reference: the same rules as the kernel's, written for reading, point by point in Python."""

from dataclasses import dataclass

import numpy as np

from dqm_assets.quality.sensitivity import Sensitivity
from dqm_assets.quality.transform import ValueKind
from tests.unit.quality.baselines.reference.learners import learner

NAN = float("nan")
#: Values are taken as no larger than this, so that no square of them overflows.
_LARGEST = 1e150


@dataclass(frozen=True)
class ReferenceVerdict:
    """What the reference says of one point."""

    expected: float
    lower: float
    upper: float
    scale: float
    score: float
    verdict: int
    n: int


def judge_by_reference(
    method: str,
    ts: np.ndarray,
    values: np.ndarray,
    left_out: np.ndarray,
    *,
    sensitivity: Sensitivity,
    kind: ValueKind | None,
    adapt_after: int | None,
) -> list[ReferenceVerdict]:
    """Judge and learn a series."""
    values = np.clip(values, -_LARGEST, _LARGEST, where=np.isfinite(values), out=values.copy())
    known, verdicts = learner(method, kind, adapt_after), []
    for second, value, out in zip(ts.tolist(), values.tolist(), left_out.tolist(), strict=True):
        n, anomalous = known.n, False
        if n < known.needed:
            verdicts.append(ReferenceVerdict(NAN, NAN, NAN, NAN, 0.0, 0, n))
        else:
            finite = bool(np.isfinite(value))
            judged = np.array([value if finite else 0.0])
            band = known.judge(np.array([second]), judged, sensitivity)
            anomalous = (finite and bool(band.anomalous[0])) or bool(np.isinf(value))
            score = float(band.score[0]) if finite else (np.inf if np.isinf(value) else 0.0)
            numbers = (band.expected, band.lower, band.upper, band.scale)
            expected, lower, upper, scale = (float(number[0]) for number in numbers)
            verdicts.append(ReferenceVerdict(expected, lower, upper, scale, score, 1 + anomalous, n))
        if np.isfinite(value) and not out:
            known.learn(second, value, anomalous=anomalous)
    return verdicts
