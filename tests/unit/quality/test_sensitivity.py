import pytest

from dqm_assets.errors import SettingsError
from dqm_assets.quality.sensitivity import SECONDS_PER_WEEK, Sensitivity


def test_a_false_alert_per_four_weeks_of_hourly_points_is_one_in_672() -> None:
    assert Sensitivity.per_weeks(4).tail(3600.0) == pytest.approx(1 / 672)


def test_daily_points_get_a_smaller_threshold_than_points_every_minute() -> None:
    weekly = Sensitivity.per_weeks(10)
    assert weekly.threshold(86_400.0, 100) < weekly.threshold(60.0, 100)


def test_points_mean_the_same_whatever_the_cadence() -> None:
    assert (
        Sensitivity.per_points(500).tail(1.0) == Sensitivity.per_points(500).tail(SECONDS_PER_WEEK) == 1 / 500
    )


def test_z_is_used_as_it_is() -> None:
    assert Sensitivity.of_z(3.5).threshold(60.0, 5) == 3.5


@pytest.mark.parametrize("wrong", [{}, {"weeks": 1.0, "z": 3.0}, {"points": 0.0}, {"z": -1.0}])
def test_exactly_one_way_of_saying_it_must_be_chosen(wrong: dict[str, float]) -> None:
    with pytest.raises(SettingsError, match="exactly one"):
        Sensitivity(**wrong)
