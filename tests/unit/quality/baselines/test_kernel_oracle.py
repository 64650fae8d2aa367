"""The kernel against the same rules written in plain Python."""

import math
from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dqm_assets.errors import KernelError
from dqm_assets.quality.baselines import METHODS, SeriesKernel, SeriesSettings
from dqm_assets.quality.baselines.series_kernel import LEFT_OUT
from dqm_assets.quality.sensitivity import Sensitivity
from dqm_assets.quality.transform import ValueKind
from tests.unit.quality.baselines.reference.detector import judge_by_reference

#: Sums are added up in another order than numpy does.
RELATIVE = 1e-8
#: The reference finds the edges of the ensemble by halving, and stops at half the digits where it is flat.
RELATIVE_EDGE = 1e-5
FIELDS = ("expected", "lower", "upper", "scale", "score", "verdict", "n")


@st.composite
def series(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Times, values and what is left out: noise on a level or a season, with faults of every kind."""
    n = draw(st.integers(1, 260))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    cadence = draw(st.sampled_from([60.0, 3600.0, 10_800.0, 86_400.0]))
    ts = 1.6e9 + np.arange(n) * cadence
    values = draw(st.sampled_from([0.0, 7.0, 5000.0])) + rng.standard_t(draw(st.sampled_from([2, 30])), n)
    values += draw(st.sampled_from([0.0, 9.0])) * np.sin(2 * np.pi * ts / 86_400.0)
    for _ in range(draw(st.integers(0, 3))):
        start, length = draw(st.integers(0, n)), draw(st.integers(1, 80))
        values[start : start + length] += draw(st.sampled_from([-40.0, 25.0, np.inf, np.nan]))
    values = draw(st.sampled_from([values, np.round(values), np.abs(values), np.round(np.abs(values))]))
    left_out = rng.random(n) < draw(st.sampled_from([0.0, 0.1]))
    return ts, values, left_out


def same(found: float, expected: float, level: float, relative: float) -> bool:
    if math.isnan(expected) or math.isinf(expected):
        return found == expected or (math.isnan(expected) and math.isnan(found))
    return math.isclose(found, expected, rel_tol=relative, abs_tol=relative * level)


@pytest.mark.parametrize("method", sorted(METHODS))
@given(
    data=series(),
    points=st.sampled_from([30.0, 1000.0]),
    kind=st.sampled_from([None, "real", "count", "positive"]),
    adapt_after=st.sampled_from([None, 8]),
)
@settings(max_examples=30, deadline=None, derandomize=True)
def test_the_kernel_says_what_the_reference_says(
    method: str,
    data: tuple[np.ndarray, np.ndarray, np.ndarray],
    points: float,
    kind: ValueKind | None,
    adapt_after: int | None,
) -> None:
    ts, values, left_out = data
    sensitivity = Sensitivity.per_points(points)
    kernel = SeriesKernel(SeriesSettings(method, sensitivity, kind, adapt_after=adapt_after))
    found = kernel.run(ts, values, LEFT_OUT * left_out.astype(np.uint8))
    expected = judge_by_reference(
        method, ts, values, left_out, sensitivity=sensitivity, kind=kind, adapt_after=adapt_after
    )
    for i, line in enumerate(expected):
        level = 1.0 + float(np.abs(np.nan_to_num(values[: i + 1], posinf=0.0)).max())
        for name, number in zip(FIELDS, astuple(line), strict=True):
            relative = RELATIVE_EDGE if method == "ensemble" and name in {"lower", "upper"} else RELATIVE
            assert same(float(found[name][i]), float(number), level, relative), (name, i, found[i], line)


def test_bytes_that_are_cut_or_changed_are_refused_or_read_without_harm() -> None:
    rng = np.random.default_rng(5)
    ts, values = 1.6e9 + np.arange(200) * 3600.0, rng.normal(5, 1, 200)
    for method in METHODS:
        given_settings = SeriesSettings(method, Sensitivity.per_points(100))
        kernel = SeriesKernel(given_settings)
        kernel.run(ts, values, np.zeros(200, np.uint8))
        state = kernel.to_bytes()
        for _ in range(200):
            broken = bytearray(state[: rng.integers(0, len(state) + 1)])
            for place in rng.integers(0, max(len(broken), 1), 3):
                if broken:
                    broken[place] = rng.integers(0, 256)
            other = SeriesKernel(given_settings)
            try:
                other.restore(bytes(broken))
            except KernelError:
                continue
            other.run(ts[:3], values[:3], np.zeros(3, np.uint8))


def test_a_model_whose_levels_are_out_of_order_is_refused() -> None:
    rng = np.random.default_rng(5)
    ts, values = 1.6e9 + np.arange(200) * 3600.0, rng.normal(5, 1, 200)
    given_settings = SeriesSettings("ensemble", Sensitivity.per_points(100))
    kernel = SeriesKernel(given_settings)
    kernel.run(ts, values, np.zeros(200, np.uint8))
    state = kernel.to_bytes()
    place = state.rindex(np.float64(12.0).tobytes())
    longer_than_the_last = state[:place] + np.float64(900.0).tobytes() + state[place + 8 :]
    with pytest.raises(KernelError, match="levels are not in order"):
        SeriesKernel(given_settings).restore(longer_than_the_last)
