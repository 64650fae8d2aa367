import pytest

from dqm_assets.quality.student import incomplete_beta, two_sided_quantile, two_sided_tail


@pytest.mark.parametrize(
    ("tail", "dof", "expected"),
    [(0.05, 1, 12.7062), (0.05, 7, 2.36462), (0.01, 10, 3.16927), (0.001, 30, 3.64596), (0.05, 1e6, 1.95996)],
)
def test_quantiles_are_those_of_the_printed_tables(tail: float, dof: float, expected: float) -> None:
    assert two_sided_quantile(tail, dof) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("dof", [1.0, 2.5, 9.0, 200.0])
@pytest.mark.parametrize("tail", [0.5, 1e-3, 1e-9])
def test_the_tail_beyond_a_quantile_is_the_probability_asked_for(tail: float, dof: float) -> None:
    assert two_sided_tail(two_sided_quantile(tail, dof), dof) == pytest.approx(tail, rel=1e-6)


def test_the_incomplete_beta_function_of_integers_is_a_binomial_sum() -> None:
    # I_x(2, 3) = P(at least 2 of 4 with probability x)
    x = 0.3
    expected = sum(n * x**k * (1 - x) ** (4 - k) for k, n in ((2, 6), (3, 4), (4, 1)))
    assert incomplete_beta(2, 3, x) == pytest.approx(expected, rel=1e-12)
    assert (incomplete_beta(2, 3, 0.0), incomplete_beta(2, 3, 1.0)) == (0.0, 1.0)
