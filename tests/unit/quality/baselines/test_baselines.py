from collections.abc import Mapping

import numpy as np
import pytest

from dqm_assets.errors import SettingsError
from dqm_assets.quality.baselines import SeriesKernel, SeriesSettings
from dqm_assets.quality.baselines.method import fitted_numbers
from dqm_assets.quality.sensitivity import Sensitivity
from dqm_assets.quality.transform import ValueKind

HOUR = 3600.0
DAY = 24 * HOUR
RARE = Sensitivity.per_points(1000)
FITTING = ("ensemble", "robust", "seasonal", "share_drop", "zscore")


def taught(method: str, past: np.ndarray, sensitivity: Sensitivity = RARE, **more: object) -> SeriesKernel:
    """A series that has seen ``past``, one value an hour."""
    kernel = SeriesKernel(SeriesSettings(method, sensitivity, **more))  # ty: ignore[invalid-argument-type]
    for hour, value in enumerate(past.tolist()):
        kernel.learn(hour * HOUR, value, excluded=False)
    return kernel


def judged(
    method: str,
    past: np.ndarray,
    value: float,
    sensitivity: Sensitivity = RARE,
    *,
    hours_later: int = 0,
    kind: ValueKind | None = None,
) -> np.void:
    kernel = taught(method, past, sensitivity, kind=kind)
    return kernel.judge((past.size + hours_later) * HOUR, value)[0]


def anomalous(found: np.void) -> bool:
    return bool(found["verdict"] == 2)


def params(found: np.void) -> Mapping[str, float | str]:
    return fitted_numbers(found["layout"], found["parameters"].tolist())


@pytest.mark.parametrize("method", FITTING)
def test_a_value_far_below_is_anomalous_and_an_ordinary_one_is_not(method: str) -> None:
    past = np.random.default_rng(1).normal(100.0, 1.0, 200)
    assert anomalous(judged(method, past, 60.0))
    assert not anomalous(judged(method, past, 100.5))


@pytest.mark.parametrize("method", FITTING)
def test_the_verdict_agrees_with_the_band(method: str) -> None:
    past = np.random.default_rng(2).normal(100.0, 3.0, 100)
    for value in np.linspace(60.0, 140.0, 41):
        band = judged(method, past, float(value))
        inside = bool(band["lower"] < value < band["upper"])
        assert anomalous(band) != inside or band["lower"] == pytest.approx(value)


@pytest.mark.parametrize("method", ["robust", "zscore"])
@pytest.mark.parametrize("n", [8, 12, 40])
def test_the_false_alert_rate_is_the_one_asked_for_from_eight_points_on(method: str, n: int) -> None:
    rng = np.random.default_rng(n)
    asked = 0.02
    sensitivity = Sensitivity.per_points(1 / asked)
    samples = rng.normal(50.0, 2.0, (1500, n + 1)) - 60.0
    alarms = sum(anomalous(judged(method, sample[:-1], sample[-1], sensitivity)) for sample in samples)
    assert 0.5 * asked <= alarms / len(samples) <= 1.7 * asked


def test_robust_ignores_a_bad_tenth_of_its_history() -> None:
    rng = np.random.default_rng(3)
    past = np.concatenate((rng.normal(10.0, 1.0, 90), rng.normal(60.0, 1.0, 10)))
    assert anomalous(judged("robust", past, 20.0))
    assert not anomalous(judged("zscore", past, 20.0))


def test_a_series_that_never_moved_allows_a_hair_and_no_more() -> None:
    constant = np.full(30, 4000.0)
    assert not anomalous(judged("robust", constant, 4010.0))
    assert anomalous(judged("robust", constant, 3600.0))


def test_a_share_that_was_always_zero_alarms_at_two_percent_only() -> None:
    assert not anomalous(judged("robust", np.zeros(30), 0.0002, kind="share"))
    assert anomalous(judged("robust", np.zeros(30), 0.02, kind="share"))


def test_small_counts_keep_their_poisson_spread() -> None:
    counts = np.zeros(50)
    assert not anomalous(judged("robust", counts, 1.0))
    assert anomalous(judged("robust", counts, 12.0))


def test_share_drop_compares_with_the_mean_of_the_previous_four() -> None:
    past = np.array([900.0, 1.0, 100.0, 100.0, 100.0, 100.0])
    assert anomalous(judged("share_drop", past, 85.0))
    assert not anomalous(judged("share_drop", past, 85.1))
    assert not anomalous(judged("share_drop", past, 1000.0))


def daily(days: int, seed: int = 0) -> np.ndarray:
    hours = np.arange(days * 24)
    return 100 + 30 * np.sin(2 * np.pi * hours / 24) + np.random.default_rng(seed).normal(0, 1, hours.size)


@pytest.mark.parametrize("method", ["seasonal", "ensemble"])
def test_a_value_that_is_usual_at_noon_is_anomalous_at_night(method: str) -> None:
    past = daily(14)
    at_six = judged(method, past, 130.0, hours_later=6)
    assert params(at_six)["period"] == DAY
    assert not anomalous(at_six)
    assert anomalous(judged(method, past, 130.0, hours_later=18))


def test_noise_has_no_season() -> None:
    noise = np.random.default_rng(4).normal(0, 1, 24 * 30)
    assert params(judged("seasonal", noise, 0.0))["period"] == 0.0


def test_a_known_season_is_used_as_given() -> None:
    kernel = taught("seasonal", daily(3), options={"period": DAY})
    assert params(kernel.judge(72 * HOUR, 100.0)[0])["period"] == DAY


def test_equal_values_have_no_spread_and_a_few_faults_do_not_change_that() -> None:
    values = np.array([5000.0] * 20 + [9000.0])
    assert params(judged("robust", values, 5000.0))["scale"] == pytest.approx(0.005 * 5000.0)


@pytest.mark.parametrize(
    ("method", "options"), [("prophet", {}), ("robust", {"colour": 1.0}), ("share_drop", {"drop": 0.0})]
)
def test_an_unknown_method_or_option_is_refused(method: str, options: dict[str, float]) -> None:
    with pytest.raises(SettingsError):
        SeriesKernel(SeriesSettings(method, RARE, options=options))
