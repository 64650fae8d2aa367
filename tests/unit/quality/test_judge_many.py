import numpy as np
import pytest

from dqm_assets.errors import SettingsError
from dqm_assets.quality.detectors import Detector
from dqm_assets.quality.judge_many import judge_many
from dqm_assets.quality.sensitivity import Sensitivity

METHODS = ("ensemble", "novelty", "robust", "seasonal", "share_drop", "zscore")


def test_many_series_at_once_are_judged_as_each_alone() -> None:
    values = np.random.default_rng(1).normal(50, 2, (90, len(METHODS)))
    values[80] += 40
    alone = [Detector(method, Sensitivity.per_points(200)) for method in METHODS]
    states = [detector.to_bytes() for detector in alone]
    for hour, row in enumerate(values):
        times = np.full(len(METHODS), 1.6e9 + 3600.0 * hour)
        muted = [hour == 40] * len(METHODS)
        judged = judge_many(states, times, row, muted)
        expected = [
            detector.step(ts, value, left_out=skip)
            for detector, ts, value, skip in zip(alone, times.tolist(), row.tolist(), muted, strict=True)
        ]
        assert repr([one.verdict for one in judged]) == repr(expected)
        states = [one.state for one in judged]
    assert states == [detector.to_bytes() for detector in alone]


def test_series_and_points_must_be_as_many() -> None:
    with pytest.raises(SettingsError, match="differ in length"):
        judge_many([Detector().to_bytes()], np.array([0.0, 1.0]), [1.0])
