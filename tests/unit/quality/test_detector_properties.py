"""What must hold for every method and every series."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dqm_assets.quality.baselines import METHODS
from dqm_assets.quality.detectors import Detector, judge, judge_series
from dqm_assets.quality.sensitivity import Sensitivity

HOUR = 3600.0
ALL = [*sorted(METHODS), "novelty"]
EAGER = Sensitivity.per_points(60)

VALUES = st.lists(
    st.one_of(
        st.floats(-1e6, 1e6),
        st.sampled_from([0.0, 1.0, 100.0, float("nan"), float("inf")]),
    ),
    min_size=20,
    max_size=140,
)
NOISY = st.integers(0, 2**32 - 1).map(lambda seed: noisy(seed).tolist())


def noisy(seed: int) -> np.ndarray:
    """A daily rhythm with spikes, a level shift and gaps."""
    rng = np.random.default_rng(seed)
    values = 50 + 10 * np.sin(np.arange(200) * np.pi / 12) + rng.standard_t(3, 200)
    values[rng.integers(0, 200, 5)] += rng.normal(0, 100, 5)
    values[rng.integers(50, 150) :] += rng.choice([0.0, 40.0])
    values[rng.integers(0, 200, 3)] = np.nan
    return values


def hours(n: int) -> np.ndarray:
    return 1.6e9 + np.arange(n) * HOUR


@pytest.mark.parametrize("method", ALL)
@given(values=st.one_of(VALUES, NOISY), cut=st.integers(0, 200), other=st.floats(-1e9, 1e9))
@settings(max_examples=12, deadline=None)
def test_changing_the_future_never_changes_a_verdict(
    method: str, values: list[float], cut: int, other: float
) -> None:
    cut = min(cut, len(values))
    changed = np.array(values)
    changed[cut:] = other
    before = judge(hours(len(values)), values, method=method, sensitivity=EAGER)
    after = judge(hours(len(values)), changed, method=method, sensitivity=EAGER)
    assert repr(before[:cut]) == repr(after[:cut])


@pytest.mark.parametrize("method", ALL)
@given(values=st.one_of(VALUES, NOISY), cuts=st.sets(st.integers(0, 199), max_size=5))
@settings(max_examples=12, deadline=None)
def test_replay_is_live_and_a_restart_goes_unnoticed(
    method: str, values: list[float], cuts: set[int]
) -> None:
    live, detector = [], Detector(method, EAGER)
    for i, (ts, value) in enumerate(zip(hours(len(values)).tolist(), values, strict=True)):
        if i in cuts:
            detector = Detector.from_bytes(detector.to_bytes())
        live.append(detector.step(ts, value))
    replayed = judge(hours(len(values)), values, method=method, sensitivity=EAGER)
    assert repr(live) == repr(replayed)


@pytest.mark.parametrize("method", ALL)
@given(values=NOISY)
@settings(max_examples=10, deadline=None)
def test_judging_again_without_learning_says_the_same(method: str, values: list[float]) -> None:
    detector = Detector(method, EAGER)
    for ts, value in zip(hours(120).tolist(), values[:120], strict=True):
        detector.learn(ts, value)
    later = float(hours(121)[-1])
    first = [detector.judge(later, value) for value in values[120:]]
    again = [detector.judge(later, value) for value in reversed(values[120:])]
    assert repr(first) == repr(again[::-1])


@pytest.mark.parametrize("method", ALL)
def test_what_is_left_out_trains_nothing(method: str) -> None:
    values = noisy(7)
    left_out = np.zeros(200, dtype=bool)
    left_out[60:90] = True
    changed = np.where(left_out, -1e5, values)
    before = judge_series(hours(200), values, method=method, sensitivity=EAGER, exclude=left_out)
    after = judge_series(hours(200), changed, method=method, sensitivity=EAGER, exclude=left_out)
    assert np.array_equal(before.score[90:], after.score[90:], equal_nan=True)


def levels(seed: int) -> np.ndarray:
    """Levels that jump after any number of points, under noise of any size, or none at all."""
    rng = np.random.default_rng(seed)
    steps = rng.choice([3, 15, 40, 90], 12)
    heights = np.cumsum(rng.choice([0.0, 1.0, 30.0, -30.0, 1e4], 12))
    return np.repeat(heights, steps) + rng.normal(0, rng.choice([0.0, 0.01, 1.0]), int(steps.sum()))


@pytest.mark.parametrize("method", ["ensemble", "robust", "seasonal", "zscore"])
@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=40)
def test_what_is_expected_lies_within_a_band_that_has_a_width(method: str, seed: int) -> None:
    values = levels(seed)
    found = judge_series(hours(values.size), values, method=method, sensitivity=EAGER)
    known = np.isfinite(found.expected)
    assert (found.lower <= found.expected)[known].all()
    assert (found.expected <= found.upper)[known].all()
    assert (found.lower < found.upper)[known].all()


@pytest.mark.parametrize("method", ["ensemble", "robust", "seasonal", "zscore"])
def test_the_band_is_where_the_verdict_changes(method: str) -> None:
    found = judge_series(hours(200), noisy(11), method=method, sensitivity=EAGER)
    known = (found.verdict > 0) & np.isfinite(found.value)
    outside = (found.value < found.lower) | (found.value > found.upper)
    assert np.array_equal(outside[known], found.anomalous[known])
