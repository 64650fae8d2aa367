"""Times of points as detectors take them: seconds since 1970 UTC."""

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np


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
