"""Default anomaly rules of other products, re-implemented from their documentation."""

import numpy as np

from benchmarks.cloud_series import CloudSeries
from dqm_assets.quality.student import two_sided_quantile

_DAY = 86_400.0


def elementary_default(series: CloudSeries) -> np.ndarray:
    """Elementary: z above 3 over 14 days of daily buckets, the judged bucket included, from 7 buckets on.

    A flagged day flags all of its points.
    """
    days = np.floor(series.ts / _DAY)
    names, index = np.unique(days, return_inverse=True)
    values = np.nan_to_num(series.values)
    means = np.bincount(index, values) / np.bincount(index)
    flagged = np.array([_beyond(means[max(0, i - 13) : i + 1], 3.0, 7) for i in range(names.size)])
    return flagged[index]


def elementary_every_point(series: CloudSeries) -> np.ndarray:
    """The same rule with one bucket per point: 14 days of points, the judged point included."""
    starts = np.searchsorted(series.ts, series.ts - 14 * _DAY)
    values = np.nan_to_num(series.values)
    sums, squares = (np.concatenate(([0.0], np.cumsum(x))) for x in (values, values * values))
    ends = np.arange(values.size) + 1
    n = ends - starts
    mean = (sums[ends] - sums[starts]) / n
    variance = (squares[ends] - squares[starts] - n * mean * mean) / np.maximum(n - 1, 1)
    return (n >= 7) & (np.abs(values - mean) > 3.0 * np.sqrt(np.maximum(variance, 0.0))) & (variance > 0)


def _beyond(window: np.ndarray, z: float, least: int) -> bool:
    if window.size < least:
        return False
    deviation = float(window.std(ddof=1))
    return deviation > 0 and abs(float(window[-1] - window.mean())) > z * deviation


def dqops_default(series: CloudSeries) -> np.ndarray:
    """DQOps: outside the central 99 % of Student's t fitted to the previous 90 readouts, from 30 on."""
    values = np.nan_to_num(series.values)
    flagged = np.zeros(values.size, dtype=bool)
    for i in range(30, values.size):
        window = values[max(0, i - 90) : i]
        reach = two_sided_quantile(0.01, window.size - 1.0) * float(window.std(ddof=1))
        flagged[i] = abs(values[i] - float(window.mean())) > reach
    return flagged


def robust_z(series: CloudSeries) -> np.ndarray:
    """Distance above 6 robust scales (median, MAD) of the previous 1,440 points, from 8 on."""
    values = np.nan_to_num(series.values)
    flagged = np.zeros(values.size, dtype=bool)
    for i in range(8, values.size):
        window = values[max(0, i - 1440) : i]
        centre = float(np.median(window))
        scale = 1.4826 * float(np.median(np.abs(window - centre)))
        flagged[i] = abs(values[i] - centre) > 6 * (scale or float(window.std()) or 1e-9)
    return flagged
