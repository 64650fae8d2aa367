import numpy as np
import pyarrow as pa
import pytest

from dqm_assets.errors import SettingsError
from dqm_assets.quality.baselines import rebaseline
from dqm_assets.quality.detectors import Detector
from dqm_assets.quality.profile import profile
from dqm_assets.quality.profile_column import ColumnProfile
from dqm_assets.quality.sensitivity import Sensitivity

DAY = 86_400.0
RARE = Sensitivity.per_points(500)


@pytest.mark.parametrize("method", ["ensemble", "robust", "seasonal", "zscore"])
def test_series_fitted_together_expect_what_each_alone_expects(method: str) -> None:
    values = np.random.default_rng(1).normal(100, 5, (4, 60))
    ts = 1.6e9 + DAY * np.arange(60)
    found = rebaseline(ts, values, ts[-1] + DAY, method=method, sensitivity=RARE)
    for row, line in enumerate(values):
        alone = Detector(method, RARE)
        for second, value in zip(ts.tolist(), line.tolist(), strict=True):
            alone.learn(second, value)
        verdict = alone.judge(ts[-1] + DAY, 100.0)
        assert found.expected[row] == pytest.approx(verdict.expected)
        assert found.upper[row] == pytest.approx(verdict.upper)
        assert found.scale[row] == pytest.approx(verdict.scale)


def test_values_that_do_not_fit_the_times_are_refused() -> None:
    with pytest.raises(SettingsError, match="one row of 3"):
        rebaseline(np.arange(3.0), np.zeros((2, 4)), 4.0, method="robust", sensitivity=RARE)


def test_a_baseline_over_any_window_comes_from_stored_states_without_the_rows() -> None:
    rng = np.random.default_rng(2)
    days = [rng.normal(10 + day % 7, 2, 500 + 10 * day) for day in range(56)]
    states = [profile(pa.table({"x": day})).columns["x"].to_bytes() for day in days]
    weeks = [days[start : start + 7] for start in range(7, 56, 7)]
    merged = []
    for start in range(7, 56, 7):
        week = ColumnProfile.from_bytes(states[start], "x")
        for state in states[start + 1 : start + 7]:
            week = week.merge(ColumnProfile.from_bytes(state, "x"))
        merged.append(week.summary().mean)
    rows = np.array([np.concatenate(week).mean() for week in weeks])
    assert merged == pytest.approx(rows, rel=1e-12)
    ts = 1.6e9 + 7 * DAY * np.arange(len(weeks))
    options = {"needed": 5.0}
    windows = [(0, 7), (2, 7)]
    for first, last in windows:
        from_states, from_rows = (
            rebaseline(
                ts[first:last],
                np.array([means[first:last]]),
                ts[-1] + 7 * DAY,
                method="robust",
                sensitivity=RARE,
                options=options,
            )
            for means in (np.array(merged), rows)
        )
        assert from_states.expected == pytest.approx(from_rows.expected, rel=1e-9)
        assert from_states.upper == pytest.approx(from_rows.upper, rel=1e-9)
