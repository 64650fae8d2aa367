import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dqm_assets.errors import KernelError
from dqm_assets.quality.shift import Distribution, shift

COUNTS = st.lists(st.integers(0, 100), min_size=3, max_size=12).filter(lambda counts: sum(counts) > 0)


def histogram(values: np.ndarray, bins: int = 200) -> Distribution:
    counts, edges = np.histogram(values, bins)
    return Distribution.from_histogram(edges.tolist(), counts.tolist())


def test_nothing_moved() -> None:
    same = histogram(np.random.default_rng(0).normal(size=5000))
    found = shift(same, same)
    assert (found.psi, found.ks, found.jensen_shannon, found.size) == (0.0, 0.0, 0.0, "none")


def test_ks_of_two_normals_one_sigma_apart_is_the_textbook_value() -> None:
    rng = np.random.default_rng(1)
    found = shift(histogram(rng.normal(size=200_000), 800), histogram(rng.normal(1, 1, 200_000), 800))
    assert found.ks == pytest.approx(0.3829, abs=0.006)
    assert found.size == "large"


def test_distributions_that_do_not_meet_are_as_far_apart_as_can_be() -> None:
    found = shift(Distribution.from_histogram([0, 1], [5]), Distribution.from_histogram([10, 11], [5]))
    assert found.ks == pytest.approx(1.0)
    assert found.jensen_shannon == pytest.approx(1.0)


def test_quantiles_and_histograms_tell_the_same() -> None:
    values = np.random.default_rng(2).gamma(2.0, 3.0, 50_000)
    shares = np.linspace(0, 1, 201)
    quantiles = Distribution.from_quantiles(shares.tolist(), np.quantile(values, shares).tolist())
    assert shift(histogram(values, 1000), quantiles).ks < 0.01


def test_a_constant_column_that_changes_its_value_shifts() -> None:
    before = Distribution.from_quantiles([0, 0.5, 1], [3.0, 3.0, 3.0])
    after = Distribution.from_quantiles([0, 0.5, 1], [4.0, 4.0, 4.0])
    assert shift(before, before).ks == 0.0
    assert shift(before, after).ks == pytest.approx(1.0)


@given(COUNTS, COUNTS)
def test_distances_stay_in_their_range(one: list[int], other: list[int]) -> None:
    first = Distribution.from_histogram(list(range(len(one) + 1)), one)
    second = Distribution.from_histogram(list(range(len(other) + 1)), other)
    found = shift(first, second)
    assert found.psi >= 0
    assert 0 <= found.ks <= 1 + 1e-12
    assert 0 <= found.jensen_shannon <= 1 + 1e-12
    assert found.ks == pytest.approx(shift(second, first).ks)


@pytest.mark.parametrize(("edges", "counts"), [([0, 1], [1, 2]), ([0, 1, 2], [0, 0])])
def test_a_histogram_without_data_is_refused(edges: list[float], counts: list[float]) -> None:
    with pytest.raises(KernelError, match="histogram"):
        Distribution.from_histogram(edges, counts)
