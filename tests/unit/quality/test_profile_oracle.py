"""The sketches beside Apache DataSketches, over sizes and orders."""

import numpy as np
import pyarrow as pa
import pytest

from dqm_assets.quality.profile import profile

datasketches = pytest.importorskip("datasketches")

LEVELS = (0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)
RANK_ERROR = 0.001


def worst_rank_error(values: np.ndarray, found: list[float]) -> float:
    """Distance of each level from the ranks its value takes up (several where values repeat)."""
    ranked = np.sort(values)
    above = np.searchsorted(ranked, found, side="right") / len(values)
    below = np.searchsorted(ranked, found, side="left") / len(values)
    levels = np.array(LEVELS)
    return float(np.max(np.maximum(np.maximum(levels - above, below - levels), 0)))


def ordered(values: np.ndarray, order: str) -> np.ndarray:
    ascending = np.sort(values)
    match order:
        case "sorted":
            return ascending
        case "reversed":
            return ascending[::-1].copy()
        case "ends first":
            return np.column_stack(
                [ascending[: len(values) // 2], ascending[::-1][: len(values) // 2]]
            ).ravel()
        case _:
            return values


@pytest.mark.parametrize("rows", [1_000, 30_000, 1_000_000, 3_000_000])
@pytest.mark.parametrize("order", ["shuffled", "sorted", "reversed", "ends first"])
def test_quantiles_keep_their_rank_error_and_agree_with_the_oracle(rows: int, order: str) -> None:
    values = ordered(np.random.default_rng(rows).lognormal(0, 2, rows), order)
    column = profile(pa.table({"x": values})).columns["x"]
    found = [column.quantile(q) for q in LEVELS]
    assert worst_rank_error(values, found) <= RANK_ERROR
    oracle = datasketches.kll_doubles_sketch(4096)
    oracle.update(values)
    apart = np.abs([oracle.get_rank(value) - q for value, q in zip(found, LEVELS, strict=True)])
    assert apart.max() <= RANK_ERROR + oracle.normalized_rank_error(False)


def test_quantiles_of_repeated_values_are_the_values() -> None:
    values = np.random.default_rng(3).integers(0, 4, 2_000_000).astype(float)
    column = profile(pa.table({"x": values})).columns["x"]
    assert worst_rank_error(values, [column.quantile(q) for q in LEVELS]) <= RANK_ERROR


def test_distinct_counts_spread_like_the_oracles() -> None:
    random = np.random.default_rng(5)
    ours, oracle = [], []
    for _ in range(25):
        values = random.random(40_000)
        count = profile(pa.table({"x": values})).columns["x"].metrics()["distinct_count"]
        assert isinstance(count, int)
        ours.append(count / len(values) - 1)
        sketch = datasketches.hll_sketch(14, datasketches.HLL_8)
        for value in values[:4_000].tolist():
            sketch.update(value)
        oracle.append(sketch.get_estimate() / 4_000 - 1)
    assert np.sqrt(np.mean(np.square(ours))) < 2 * 0.0081
    assert abs(np.mean(ours)) < 3 * 0.0081 / 5
    assert np.sqrt(np.mean(np.square(oracle))) < 2 * 0.0081


def test_frequent_values_lie_within_their_error() -> None:
    random = np.random.default_rng(6)
    values = random.zipf(1.3, 400_000) % 50_000
    names = [f"item {v}" for v in values.tolist()]
    truth = dict(zip(*np.unique(names, return_counts=True), strict=True))
    found = profile(pa.table({"s": names})).columns["s"].top_k(10)
    expected = sorted(truth.values(), reverse=True)[:10]
    assert found[0][0] == max(truth, key=lambda name: truth[name])
    for value, count, error in found:
        assert abs(count - truth[value]) <= error
    assert len(found) == len(expected)
