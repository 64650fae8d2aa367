"""How large a score must be to be as rare as the user wants, judged by the series' own past scores."""

import numpy as np

_ENOUGH = 50
#: Quantiles of the past scores that the tail is drawn through; true incidents are rarer than the upper one.
_BODY, _SHOULDER = 0.90, 0.98


def calibrated_threshold(scores: np.ndarray, tail: float) -> float:
    """Threshold that past scores would exceed with probability ``tail``.

    Peaks over threshold: scores above their 90 % quantile u are taken as exponential, so that
    q(p) = u + β ln(0.1 / p) (Siffer et al., Anomaly Detection in Streams with Extreme Value Theory, KDD 2017,
    with shape 0). β comes from the 90 % and 98 % quantiles, which past incidents of up to 2 % do not move.

    Args:
        scores: past scores, ≥ 0, shape (n,).
        tail: wanted probability per point.

    Returns:
        0.0 (no opinion) below 50 scores.
    """
    if scores.size < _ENOUGH:
        return 0.0
    body, shoulder = np.quantile(scores, (_BODY, _SHOULDER))
    beta = float(shoulder - body) / float(np.log((1 - _BODY) / (1 - _SHOULDER)))
    if tail >= 1 - _BODY:
        return float(body)
    return float(body) + beta * float(np.log((1 - _BODY) / tail))
