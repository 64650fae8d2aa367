"""Whether "about one false alert per N points" holds: alarms on clean series over those asked for.

Each series is hourly, of one of several kinds, and has no incident in it; points are judged and learned in
streaming order after a warm-up of 400. A figure of 1 is what was asked, below 1 is more careful.
``ensemble_worst`` is the largest of the figures of the default; every method and kind is under ``peers``.
"""

import argparse
from itertools import accumulate

import numpy as np

from benchmarks.report import print_report
from dqm_assets.quality.detectors import judge_series
from dqm_assets.quality.sensitivity import Sensitivity

_HOUR, _DAY = 3600.0, 86_400.0
_WARM_UP = 400
#: What the noise of an hour keeps of the hour before.
_MEMORY = 0.7


def clean_series(kind: str, n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Times and values of a series of this kind, shape (n,), in which nothing ever goes wrong."""
    rng = np.random.default_rng(seed)
    ts = 1.6e9 + _HOUR * np.arange(n)
    noise = rng.standard_normal(n)
    values = {
        "gaussian": 50 + noise,
        "heavy_tailed": 50 + rng.standard_t(3, n),
        "lognormal": np.exp(noise),
        "counts": rng.poisson(5.0, n).astype(float),
        "seasonal": 50 + 10 * np.sin(2 * np.pi * ts / _DAY) + noise,
        "ar1": 50 + _remembered(noise),
        "trend": 50 + 0.001 * np.arange(n) + noise,
    }
    return ts, values[kind]


def _remembered(noise: np.ndarray) -> np.ndarray:
    """First-order autoregression."""
    kept = accumulate(noise.tolist(), lambda before, new: _MEMORY * before + new)
    return np.fromiter(kept, np.float64, noise.size)


KINDS = ("gaussian", "heavy_tailed", "lognormal", "counts", "seasonal", "ar1", "trend")
METHODS = ("ensemble", "seasonal", "robust", "zscore")


def realised(method: str, kind: str, points: float, n: int, series: int) -> float:
    """Alarms over those asked for, over ``series`` series of ``n`` points after the warm-up."""
    alarms = 0
    for seed in range(series):
        ts, values = clean_series(kind, n + _WARM_UP, seed)
        found = judge_series(ts, values, method=method, sensitivity=Sensitivity.per_points(points))
        alarms += int(found.anomalous[_WARM_UP:].sum())
    return alarms / (series * n / points)


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--json", action="store_true")
    arguments.add_argument("--points", type=int, default=5000, help="points of a series")
    arguments.add_argument("--series", type=int, default=10, help="series of each kind")
    given = arguments.parse_args()
    table = {
        f"{method}_per_{asked:.0f}": {
            kind: realised(method, kind, asked, given.points, given.series) for kind in KINDS
        }
        for method in METHODS
        for asked in (100.0, 1000.0)
    }
    worst = max(max(row.values()) for name, row in table.items() if name.startswith("ensemble"))
    print_report("false_alerts", {"ensemble_worst": worst}, table, as_json=given.json)


if __name__ == "__main__":
    main()
