"""How far the sketches are off: rank error and relative error of distinct, by size and order of the values.

Rank error is the largest over the nine quantile levels of the other benchmarks: how far the share of values
at or below the answer is from the level (half-way into a stretch of equal values nothing is wrong).
"""

import argparse
from collections.abc import Callable

import numpy as np
import pyarrow as pa

from benchmarks.duckdb_aggregates import QUANTILES
from benchmarks.report import print_report
from dqm_assets.quality.profile import profile

SIZES = (1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000)
#: Values of one size are drawn this often, larger ones less often.
TRIALS = 10
_MOST_VALUES = 100_000_000
_LEVELS = np.array(QUANTILES)

Draw = Callable[[np.random.Generator, int], np.ndarray]


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON line")
    parser.add_argument("--most", type=int, default=SIZES[-1], help="largest number of values")
    parser.add_argument("--markdown", action="store_true", help="print the tables of native/README.md")
    options = parser.parse_args()
    sizes = [size for size in SIZES if size <= options.most]
    ranks = {order: {size: _rank_error(draw, size) for size in sizes} for order, draw in ORDERS.items()}
    distinct = {size: _distinct_errors(size) for size in sizes}
    if options.markdown:
        _print_tables(ranks, distinct)
        return
    figures = {
        "rank_error": max(error for by_size in ranks.values() for error in by_size.values()),
        "distinct_rms": max(rms for rms, _ in distinct.values()),
        "distinct_worst": max(worst for _, worst in distinct.values()),
    }
    tables = {order: {str(size): error for size, error in found.items()} for order, found in ranks.items()}
    tables["distinct rms"] = {str(size): rms for size, (rms, _) in distinct.items()}
    print_report("kernel_accuracy", figures, tables, as_json=options.json)


def _shuffled(random: np.random.Generator, size: int) -> np.ndarray:
    return random.normal(10, 2, size)


def _sorted(random: np.random.Generator, size: int) -> np.ndarray:
    values = random.normal(10, 2, size)
    values.sort()
    return values


def _ends_first(random: np.random.Generator, size: int) -> np.ndarray:
    """Lowest, highest, second lowest, second highest ..: every run that a sketch sees spans what is left."""
    ordered = _sorted(random, size)
    values = np.empty(size)
    values[0::2] = ordered[: (size + 1) // 2]
    values[1::2] = ordered[::-1][: size // 2]
    return values


def _skewed(random: np.random.Generator, size: int) -> np.ndarray:
    return random.lognormal(0, 3, size)


def _repeated(random: np.random.Generator, size: int) -> np.ndarray:
    """A thousand values, the commonest of which make up most."""
    return np.floor(1000 * random.random(size) ** 8)


def _saw(random: np.random.Generator, size: int) -> np.ndarray:
    """Rising and falling back every 65,536 rows, the size of the kernel's pieces."""
    return np.arange(size) % 65_536 + random.random(size)


#: How values follow each other.
ORDERS: dict[str, Draw] = {
    "shuffled": _shuffled,
    "sorted": _sorted,
    "reversed": lambda random, size: _sorted(random, size)[::-1],
    "ends first": _ends_first,
    "skewed (lognormal, sigma 3)": _skewed,
    "repeated (1,000 values)": _repeated,
    "saw of 65,536": _saw,
}


def _trials(size: int) -> int:
    return max(1, min(TRIALS, _MOST_VALUES // 10 // size))


def _rank_error(draw: Draw, size: int) -> float:
    worst = 0.0
    for seed in range(_trials(size)):
        values = np.ascontiguousarray(draw(np.random.default_rng(seed), size))
        column = profile(pa.table({"x": values})).columns["x"]
        found = np.array([column.quantile(q) for q in QUANTILES])
        values.sort()
        below = np.searchsorted(values, found, side="left") / size
        up_to = np.searchsorted(values, found, side="right") / size
        # The smallest value whose share reaches the level is right, however many equal it.
        error = np.maximum(np.maximum(below - _LEVELS, _LEVELS - up_to), 0)
        worst = max(worst, float(error.max()))
    return worst


def _distinct_errors(size: int) -> tuple[float, float]:
    """Root of the mean square, and the largest, of the relative errors over some draws."""
    errors = []
    for seed in range(4 * _trials(size)):
        values = np.random.default_rng(1000 + seed).random(size)
        found = profile(pa.table({"x": values})).columns["x"].summary().distinct
        errors.append(found / size - 1)
    return float(np.sqrt(np.mean(np.square(errors)))), float(np.max(np.abs(errors)))


def _print_tables(ranks: dict[str, dict[int, float]], distinct: dict[int, tuple[float, float]]) -> None:
    print("| values | " + " | ".join(f"{size:,}" for size in distinct) + " |")
    print("| --- |" + " --- |" * len(distinct))
    for order, found in ranks.items():
        print(f"| {order} | " + " | ".join(f"{100 * error:.3f}" for error in found.values()) + " |")
    print("| distinct, rms | " + " | ".join(f"{100 * rms:.2f}" for rms, _ in distinct.values()) + " |")
    print("| distinct, worst | " + " | ".join(f"{100 * worst:.2f}" for _, worst in distinct.values()) + " |")


if __name__ == "__main__":
    main()
