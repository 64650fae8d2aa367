"""Column profiles: exact numerics, sketches within their stated error, the merge algebra, bytes."""

import math
import pickle
from fractions import Fraction

import mpmath
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dqm_assets.errors import KernelError
from dqm_assets.quality.profile import ColumnProfile, profile

RANK_ERROR = 0.001
DISTINCT_ERROR = 0.0081


def column(values: object) -> ColumnProfile:
    array = values if isinstance(values, pa.Array) else pa.array(values, pa.float64())
    return profile(pa.table({"c": array})).columns["c"]


def exact_moments(values: list[float]) -> tuple[Fraction, mpmath.mpf, mpmath.mpf, mpmath.mpf]:
    """Mean, stddev, skewness and excess kurtosis from exact rationals."""
    n = len(values)
    numbers = [Fraction(v) for v in values]
    mean = sum(numbers, Fraction(0)) / n
    m2, m3, m4 = (sum(((v - mean) ** k for v in numbers), Fraction(0)) for k in (2, 3, 4))
    with mpmath.workdps(60):
        as_mp = [mpmath.mpf(f.numerator) / f.denominator for f in (m2, m3, m4)]
        stddev = mpmath.sqrt(as_mp[0] / (n - 1))
        skewness = (as_mp[1] / n) / (as_mp[0] / n) ** 1.5
        return mean, stddev, skewness, (as_mp[2] / n) / (as_mp[0] / n) ** 2 - 3


RNG = np.random.default_rng(17)
HARD = {
    "offset 1e9, spread 1e-3": 1e9 + 1e-3 * RNG.normal(size=5000),
    "offset 1e15, spread 1": 1e15 + np.round(RNG.normal(size=3000) * 10),
    "at 1e308": 1e308 * RNG.uniform(-1, 1, 3000),
    "one side of 1e308": 1.7e308 * (1 - 1e-3 * RNG.random(3000)),
    "denormals": 5e-324 * RNG.integers(1, 1000, 3000),
    "1e-200": 1e-200 * RNG.normal(size=3000),
    "heavy tail": np.exp(8 * RNG.normal(size=3000)),
    "plain": RNG.normal(10, 2, 5000),
}


@pytest.mark.parametrize("name", HARD)
def test_moments_agree_with_exact_rationals(name: str) -> None:
    values = HARD[name].tolist()
    mean, stddev, skewness, kurtosis = exact_moments(values)
    metrics = column(values).metrics()
    assert metrics["mean"] == pytest.approx(float(mean), rel=1e-15, abs=3e-16 * float(stddev))
    if float(stddev) > 1e-300:
        assert metrics["stddev"] == pytest.approx(float(stddev), rel=1e-15, abs=0)
    else:
        assert abs(metrics["stddev"] - float(stddev)) <= 5e-324
    assert metrics["skewness"] == pytest.approx(float(skewness), rel=1e-9, abs=1e-9)
    assert metrics["kurtosis"] == pytest.approx(float(kurtosis), rel=1e-9, abs=1e-9)
    assert (metrics["min"], metrics["max"]) == (min(values), max(values))


def test_constant_values_have_no_spread() -> None:
    for value in (0.1, 1e308, 5e-324, -1e9, 0.0):
        metrics = column([value] * 3000).metrics()
        assert (metrics["mean"], metrics["stddev"], metrics["variance"]) == (value, 0, 0)
        assert metrics["skewness"] is None
        assert metrics["p50"] == value
        assert metrics["monotonic"] == "constant"


def test_nothing_but_nan_or_null_or_one_value() -> None:
    assert column([float("nan")] * 5).metrics()["mean"] is None
    assert column([float("nan")] * 5).metrics()["nan_count"] == 5
    assert column([None, None]).metrics()["null_fraction"] == 1
    one = column([4.0]).metrics()
    assert (one["mean"], one["stddev"], one["p50"], one["outlier_count"]) == (4, None, 4, None)


def test_variance_that_leaves_the_range_of_doubles_still_has_a_stddev() -> None:
    metrics = column([1e300, -1e300] * 10).metrics()
    assert metrics["stddev"] == pytest.approx(1e300 * math.sqrt(20 / 19), rel=1e-15)
    assert math.isinf(metrics["variance"])


@pytest.mark.parametrize("n", [1, 10, 1000, 4096, 8192])
def test_quantiles_of_few_values_are_exact(n: int) -> None:
    values = np.random.default_rng(n).normal(size=n)
    found = column(values)
    for q in (0.001, 0.25, 0.5, 0.77, 0.999):
        assert found.quantile(q) == np.quantile(values, q, method="inverted_cdf")
    assert (found.quantile(0), found.quantile(1)) == (values.min(), values.max())


ORDERS = {
    "shuffled": lambda v, rng: rng.permutation(v),
    "sorted": lambda v, rng: np.sort(v),
    "reversed": lambda v, rng: np.sort(v)[::-1],
    "zoomin": lambda v, rng: np.sort(v).reshape(2, -1)[[0, 1], :].T.ravel(),
    "sawtooth": lambda v, rng: np.sort(v).reshape(-1, 1000).T.ravel(),
}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("shape", ["normal", "lognormal"])
def test_rank_error_stays_below_its_bound(order: str, shape: str) -> None:
    rng = np.random.default_rng(23)
    values = ORDERS[order](getattr(rng, shape)(size=600_000), rng)
    found = column(values)
    ranked = np.sort(values)
    for q in (0.001, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999):
        rank = np.searchsorted(ranked, found.quantile(q), side="right") / len(ranked)
        assert abs(rank - q) <= RANK_ERROR


def test_distinct_is_exact_when_few_and_within_three_sigma_when_many() -> None:
    rng = np.random.default_rng(29)
    for n in (1, 100, 1024):
        assert column(np.tile(rng.random(n), 3)).metrics()["distinct_count"] == n
    for n in (2000, 20_000, 300_000):
        estimate = column(np.repeat(rng.random(n), 2)).metrics()["distinct_count"]
        assert abs(estimate / n - 1) < 3 * DISTINCT_ERROR


def test_integers_and_floats_of_one_value_are_one_distinct_value() -> None:
    integers = column(pa.array(range(500)))
    floats = column([float(i) for i in range(500)])
    assert integers.merge(floats).metrics()["distinct_count"] == 500


def test_outliers_are_counted_against_the_batch_itself() -> None:
    values = np.random.default_rng(31).normal(size=50_000)
    values[:7] = 100
    z = np.abs(values - values.mean()) / values.std(ddof=1)
    assert column(values).metrics()["outlier_count"] == int((z > 3).sum())
    assert column(values).metrics(outlier_z=2.5)["outlier_count"] == int((z > 2.5).sum())


def test_the_histogram_holds_every_value() -> None:
    values = np.random.default_rng(37).normal(size=3000)
    histogram = column(values).histogram(10)
    assert (histogram.edges[0], histogram.edges[-1]) == (values.min(), values.max())
    assert sum(histogram.counts) == pytest.approx(3000)
    inner = np.histogram(values, bins=histogram.edges)[0]
    assert np.allclose(histogram.counts, inner, atol=1)


def test_stuck_sensors_show_as_the_longest_repeat() -> None:
    assert column([1.0, 2.0] * 3000 + [7.0] * 1500 + [1.0, 2.0]).metrics()["longest_repeat"] == 1500
    assert column([5.0, None, 5.0, float("nan"), 5.0, 4.0]).metrics()["longest_repeat"] == 3
    assert column([9.0] * 200_000).metrics()["longest_repeat"] == 200_000
    assert column(pa.array(["a", "b", "b", None, "b", "c"])).metrics()["longest_repeat"] == 3


def test_monotonic_columns_are_told() -> None:
    rising = np.arange(150_000.0)
    assert column(rising).metrics()["monotonic"] == "strictly rising"
    assert column(rising[::-1].copy()).metrics()["monotonic"] == "strictly falling"
    assert column(np.repeat(rising, 2)).metrics()["monotonic"] == "rising"
    assert column([1.0, 3.0, 2.0]).metrics()["monotonic"] == "none"


FLOATS = st.lists(st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=True, width=64)), max_size=60)
EXACT = [
    "row_count",
    "null_count",
    "nan_count",
    "min",
    "max",
    "zero_count",
    "negative_count",
    "distinct_count",
    "p50",
]


@settings(max_examples=150, deadline=None)
@given(FLOATS, FLOATS, FLOATS)
def test_merging_is_associative_and_commutative(a: list, b: list, c: list) -> None:
    x, y, z = column(a), column(b), column(c)
    whole = column(a + b + c).metrics()
    for merged in (x.merge(y).merge(z), x.merge(y.merge(z)), z.merge(x).merge(y), z.merge(y.merge(x))):
        metrics = merged.metrics()
        assert {k: metrics[k] for k in EXACT} == {k: whole[k] for k in EXACT}
        finite = [abs(v) for v in a + b + c if v is not None and math.isfinite(v)]
        if finite and whole["mean"] is not None:
            assert abs(metrics["mean"] - whole["mean"]) <= 4e-15 * max(finite)
        if whole["stddev"] is not None and math.isfinite(whole["stddev"]):
            assert metrics["stddev"] == pytest.approx(whole["stddev"], rel=1e-9, abs=1e-15 * max(finite))


def test_merged_days_equal_one_pass() -> None:
    rng = np.random.default_rng(41)
    days = [rng.normal(i, 2, 30_000) for i in range(12)]
    merged = column(days[0])
    for day in days[1:]:
        merged = merged.merge(column(day))
    values = np.concatenate(days)
    once = column(values).metrics()
    metrics = merged.metrics()
    for name in ("row_count", "min", "max", "distinct_count", "zero_count"):
        assert metrics[name] == once[name]
    for name in ("mean", "stddev", "skewness", "kurtosis"):
        assert metrics[name] == pytest.approx(once[name], rel=1e-12)
    ranked = np.sort(values)
    for q in (0.01, 0.25, 0.5, 0.75, 0.99):
        assert (
            abs(np.searchsorted(ranked, merged.quantile(q), side="right") / len(ranked) - q) <= 2 * RANK_ERROR
        )


def test_merging_times_in_any_order_finds_the_same_gap() -> None:
    def hours(*at: int) -> ColumnProfile:
        return column(pa.array([h * 3600 for h in at], pa.timestamp("s")))

    a, b, c = hours(0, 1, 2), hours(3, 4), hours(9, 10)
    for merged in (a.merge(b).merge(c), c.merge(a).merge(b), b.merge(c.merge(a))):
        assert merged.metrics()["largest_gap_seconds"] == 5 * 3600


def test_text_merges_to_one_pass() -> None:
    rng = np.random.default_rng(43)
    words = rng.choice([f"word {i}" for i in range(100)], 20_000).tolist()
    merged = column(pa.array(words[:7000])).merge(column(pa.array(words[7000:])))
    once = column(pa.array(words))
    differing = {k for k, v in once.metrics().items() if merged.metrics()[k] != v}
    assert differing <= {"longest_repeat"}
    assert merged.top_k(5) == once.top_k(5)


def test_nulls_merge_with_anything() -> None:
    merged = column(pa.nulls(3)).merge(column([1.0, 2.0]))
    assert merged.metrics()["null_count"] == 3
    assert merged.merge(column(pa.nulls(2))).metrics()["row_count"] == 7


def test_types_that_do_not_fit_are_refused() -> None:
    with pytest.raises(KernelError, match="text column with a"):
        column(pa.array(["a"])).merge(column([1.0]))
    with pytest.raises(KernelError, match="one unit or scale"):
        column(pa.array([1], pa.timestamp("s"))).merge(column(pa.array([1], pa.timestamp("ns"))))


STATES = {
    "number": lambda: column(np.random.default_rng(1).normal(size=20_000)),
    "integer": lambda: column(pa.array([1, 2, 2**62, None])),
    "text": lambda: column(pa.array(["a", "b", "", None, "ü" * 300] * 50)),
    "time": lambda: column(pa.array([1, 5, 9], pa.timestamp("us"))),
    "boolean": lambda: column(pa.array([True, None])),
    "null": lambda: column(pa.nulls(4)),
    "empty": lambda: column([]),
}


@pytest.mark.parametrize("name", STATES)
def test_bytes_read_back_to_the_same_state(name: str) -> None:
    state = STATES[name]()
    again = ColumnProfile.from_bytes(state.to_bytes(), state.name)
    assert again.to_bytes() == state.to_bytes()
    assert again.metrics() == state.metrics()
    assert again.top_k() == state.top_k()
    assert pickle.loads(pickle.dumps(state)).metrics() == state.metrics()  # noqa: S301


@pytest.mark.parametrize("name", STATES)
def test_damaged_bytes_are_a_clear_error(name: str) -> None:
    good = STATES[name]().to_bytes()
    rng = np.random.default_rng(2)
    for at in rng.integers(0, len(good), 200):
        bad = bytearray(good)
        bad[at] ^= 1 + int(rng.integers(0, 255))
        with pytest.raises(KernelError):
            ColumnProfile.from_bytes(bytes(bad))
    for cut in (0, 1, 10, len(good) // 2, len(good) - 1):
        with pytest.raises(KernelError):
            ColumnProfile.from_bytes(good[:cut])


def test_bytes_of_a_newer_version_say_so() -> None:
    newer = bytearray(STATES["number"]().to_bytes())
    newer[4] = 99
    with pytest.raises(KernelError, match="upgrade dqm"):
        ColumnProfile.from_bytes(bytes(newer))


def test_a_huge_value_does_not_spoil_the_blocks_after_it() -> None:
    values = [1e300, *np.random.default_rng(3).normal(size=5000).tolist()]
    metrics = column(values).metrics()
    exact = float(sum(map(Fraction, values)) / len(values))
    assert metrics["mean"] == pytest.approx(exact, rel=1e-15, abs=1e-16 * metrics["stddev"])
    assert math.isfinite(metrics["stddev"])
    assert ColumnProfile.from_bytes(column(values).to_bytes()).metrics() == metrics
