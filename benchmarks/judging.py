"""How fast points are judged, and how fast baselines are made anew.

Points: a year of daily, hourly and five-minute series, judged and learned point by point in streaming order
(``judge_series``), CPU seconds of one core. History: cost of a point late in a long series over its cost in
an early part. Re-baseline: 10,000 series, each fitted anew over a year of daily values. Step: one new point
for each of 10,000 series, stored state in, verdict and new state out. Observe: the same through the store,
with metrics, verdicts and alerts (``benchmarks.observing``).
"""

import argparse
import time

import numpy as np

from benchmarks.observing import observing_figures
from benchmarks.report import print_report
from dqm_assets.quality.baselines import rebaseline
from dqm_assets.quality.detectors import DEFAULT_SENSITIVITY, Detector, judge_series
from dqm_assets.quality.judge_many import judge_many

_DAY = 86_400.0


def _series(n: int, cadence: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    ts = 1.6e9 + np.arange(n) * cadence
    values = 100 + 20 * np.sin(2 * np.pi * ts / _DAY) + rng.standard_t(4, n)
    values[rng.random(n) < 0.001] += 60
    return ts, values


def points_per_second(method: str, n: int, cadence: float) -> float:
    """Points judged and learned per CPU second."""
    ts, values = _series(n, cadence, 1)
    began = time.process_time()
    judge_series(ts, values, method=method)
    return n / (time.process_time() - began)


def late_over_early(method: str, n: int) -> float:
    """Cost of a point after ``n`` others over its cost after a quarter of them."""
    ts, values = _series(n + 2000, 300.0, 2)
    nothing = np.zeros(ts.size, dtype=bool)
    detector, costs = Detector(method), {}
    for begin, end in ((0, n // 4), (n // 4, n // 4 + 2000), (n // 4 + 2000, n), (n, n + 2000)):
        began = time.process_time()
        detector.run(ts[begin:end], values[begin:end], nothing[begin:end])
        costs[begin] = time.process_time() - began
    return costs[n] / costs[n // 4]


def rebaseline_seconds(method: str, series: int, days: int = 365) -> float:
    """CPU seconds to fit ``series`` series over ``days`` daily values."""
    rng = np.random.default_rng(3)
    values = 1000 + 50 * rng.standard_normal((series, days))
    ts = 1.6e9 + np.arange(days) * _DAY
    began = time.process_time()
    rebaseline(ts, values, float(ts[-1] + _DAY), method=method, sensitivity=DEFAULT_SENSITIVITY, kind="real")
    return time.process_time() - began


def step_microseconds(method: str, series: int, days: int = 365) -> float:
    """CPU microseconds to judge and learn the next point of a series from its stored state, and write it."""
    rng = np.random.default_rng(4)
    ts = 1.6e9 + np.arange(days) * _DAY
    detector = Detector(method)
    detector.run(ts, 1000 + 50 * rng.standard_normal(days), np.zeros(days, dtype=bool))
    states = [detector.to_bytes()] * series
    began = time.process_time()
    judge_many(states, np.full(series, ts[-1] + _DAY), 1000 + 50 * rng.standard_normal(series))
    return (time.process_time() - began) / series * 1e6


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--json", action="store_true")
    arguments.add_argument("--points", type=int, default=105_120)
    arguments.add_argument("--series", type=int, default=10_000)
    arguments.add_argument("--observed", type=int, default=1_000, help="series of the observed dataset")
    arguments.add_argument("--datasets", type=int, default=100, help="observed datasets of one series")
    given = arguments.parse_args()
    figures = {
        "points_per_s": points_per_second("ensemble", given.points, 300.0),
        "late_over_early": late_over_early("ensemble", 20_000),
        "rebaseline_s": rebaseline_seconds("ensemble", given.series),
        "step_us": step_microseconds("ensemble", given.series),
        **observing_figures(given.observed, given.datasets),
    }
    others = {
        method: {
            "points_per_s": points_per_second(method, given.points, 300.0),
            "rebaseline_s": rebaseline_seconds(method, given.series),
        }
        for method in ("robust", "zscore")
    }
    others["novelty"] = {"points_per_s": points_per_second("novelty", given.points, 300.0)}
    print_report("judging", figures, others, as_json=given.json)


if __name__ == "__main__":
    main()
