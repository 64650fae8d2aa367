import numpy as np
import pytest

from dqm_assets.errors import SettingsError
from dqm_assets.quality.baselines import METHODS, Bands, History, baseline
from dqm_assets.quality.baselines.protocol import RECENT
from dqm_assets.quality.baselines.seasonality import DAY, learn_seasonality
from dqm_assets.quality.baselines.spread import robust_spread
from dqm_assets.quality.sensitivity import Sensitivity

HOUR = 3600.0
RARE = Sensitivity.per_points(1000)


def history(values: np.ndarray, cadence: float = HOUR) -> History:
    return History(np.arange(values.size) * cadence, values, cadence)


def bands(method: str, past: History, ts: float, value: float, sensitivity: Sensitivity = RARE) -> Bands:
    recent = History(past.ts[-RECENT:], past.values[-RECENT:], past.cadence)
    model = baseline(method).fit(past)
    return model.bands(np.array([ts]), np.array([value]), recent, sensitivity)


def judged(method: str, past: np.ndarray, value: float, sensitivity: Sensitivity = RARE) -> Bands:
    return bands(method, history(past), past.size * HOUR, value, sensitivity)


@pytest.mark.parametrize("method", sorted(METHODS))
def test_a_value_far_below_is_anomalous_and_an_ordinary_one_is_not(method: str) -> None:
    past = np.random.default_rng(1).normal(100.0, 1.0, 200)
    assert judged(method, past, 60.0).anomalous
    assert not judged(method, past, 100.5).anomalous


@pytest.mark.parametrize("method", sorted(METHODS))
def test_the_verdict_agrees_with_the_band(method: str) -> None:
    past = np.random.default_rng(2).normal(100.0, 3.0, 100)
    for value in np.linspace(60.0, 140.0, 41):
        band = judged(method, past, float(value))
        inside = (band.lower < value) & (value < band.upper)
        assert band.anomalous == ~inside or band.lower == pytest.approx(value)


@pytest.mark.parametrize("method", ["robust", "zscore"])
@pytest.mark.parametrize("n", [8, 12, 40])
def test_the_false_alert_rate_is_the_one_asked_for_from_eight_points_on(method: str, n: int) -> None:
    rng = np.random.default_rng(n)
    asked = 0.02
    sensitivity = Sensitivity.per_points(1 / asked)
    samples = rng.normal(50.0, 2.0, (1500, n + 1)) - 60.0
    alarms = sum(judged(method, sample[:-1], sample[-1], sensitivity).anomalous for sample in samples)
    assert 0.5 * asked <= alarms / len(samples) <= 1.7 * asked


def test_robust_ignores_a_bad_tenth_of_its_history() -> None:
    rng = np.random.default_rng(3)
    past = np.concatenate((rng.normal(10.0, 1.0, 90), rng.normal(60.0, 1.0, 10)))
    assert judged("robust", past, 20.0).anomalous
    assert not judged("zscore", past, 20.0).anomalous


def test_a_series_that_never_moved_allows_a_hair_and_no_more() -> None:
    constant = np.full(30, 4000.0)
    assert not judged("robust", constant, 4010.0).anomalous
    assert judged("robust", constant, 3600.0).anomalous


def test_a_share_that_was_always_zero_alarms_at_two_percent_only() -> None:
    zero = History(np.arange(30) * HOUR, np.zeros(30), HOUR, "share")
    assert not bands("robust", zero, 30 * HOUR, 0.0002).anomalous
    assert bands("robust", zero, 30 * HOUR, 0.02).anomalous


def test_small_counts_keep_their_poisson_spread() -> None:
    counts = np.zeros(50)
    assert not judged("robust", counts, 1.0).anomalous
    assert judged("robust", counts, 12.0).anomalous


def test_share_drop_compares_with_the_mean_of_the_previous_four() -> None:
    past = np.array([900.0, 1.0, 100.0, 100.0, 100.0, 100.0])
    assert judged("share_drop", past, 85.0).anomalous
    assert not judged("share_drop", past, 85.1).anomalous
    assert not judged("share_drop", past, 1000.0).anomalous


def daily(days: int, seed: int = 0) -> np.ndarray:
    hours = np.arange(days * 24)
    return 100 + 30 * np.sin(2 * np.pi * hours / 24) + np.random.default_rng(seed).normal(0, 1, hours.size)


@pytest.mark.parametrize("method", ["seasonal", "ensemble"])
def test_a_value_that_is_usual_at_noon_is_anomalous_at_night(method: str) -> None:
    past = daily(14)
    at_six = past.size * HOUR + 6 * HOUR
    model = baseline(method).fit(history(past))
    assert model.params["period"] == DAY
    assert not bands(method, history(past), at_six, 130.0).anomalous
    assert bands(method, history(past), at_six + 12 * HOUR, 130.0).anomalous


def test_noise_has_no_season() -> None:
    noise = np.random.default_rng(4).normal(0, 1, 24 * 30)
    assert learn_seasonality(np.arange(noise.size) * HOUR, noise, HOUR).period == 0.0


def test_a_known_season_is_used_as_given() -> None:
    past = daily(3)
    assert baseline("seasonal", period=DAY).fit(history(past)).params["period"] == DAY


def test_equal_values_have_no_spread_and_a_few_faults_do_not_change_that() -> None:
    assert robust_spread(np.array([5.0] * 20 + [9.0])).scale == 0.0


@pytest.mark.parametrize(("method", "options"), [("prophet", {}), ("robust", {"colour": 1.0})])
def test_an_unknown_method_or_option_is_refused(method: str, options: dict[str, float]) -> None:
    with pytest.raises(SettingsError):
        baseline(method, **options)
