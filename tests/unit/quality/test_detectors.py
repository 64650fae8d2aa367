from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from dqm_assets.errors import SettingsError
from dqm_assets.quality.baselines import METHODS
from dqm_assets.quality.detectors import Detector, judge
from dqm_assets.quality.holiday_calendar import HolidayCalendar
from dqm_assets.quality.sensitivity import Sensitivity

HOUR = 3600.0
#: Anomalous points in a row that are the new normal of a short series.
ADAPT_AFTER = 60
RARE = Sensitivity.per_points(2000)


def hours(n: int) -> np.ndarray:
    return np.arange(n) * HOUR + 1.6e9


def test_until_enough_points_are_known_it_says_how_far_it_is() -> None:
    verdicts = judge(hours(30), np.random.default_rng(0).normal(5, 1, 30), method="seasonal")
    assert verdicts[12].verdict == "learning"
    assert verdicts[12].explanation == "learning, 12 of 28 points"
    assert verdicts[28].verdict != "learning"


def test_runs_get_verdicts_after_eight_of_them() -> None:
    values = np.append(np.random.default_rng(1).normal(5, 1, 9), 50.0)
    verdicts = judge(hours(10), values, method="robust", sensitivity=RARE)
    assert [verdict.verdict for verdict in verdicts[:8]] == ["learning"] * 8
    assert verdicts[9].verdict == "anomalous"


def test_an_incident_is_not_learned() -> None:
    values = np.random.default_rng(2).normal(10, 1, 100)
    values[50:80] += 30
    verdicts = judge(hours(100), values, method="zscore", sensitivity=RARE)
    assert {verdict.verdict for verdict in verdicts[50:80]} == {"anomalous"}
    assert {verdict.verdict for verdict in verdicts[80:]} == {"normal"}


def test_a_muted_span_is_judged_and_not_learned() -> None:
    values = np.random.default_rng(3).normal(10, 1, 60)
    values[20:40] = 12.5
    muted = np.zeros(60, dtype=bool)
    muted[20:40] = True
    verdicts = judge(hours(60), values, method="robust", sensitivity=RARE, exclude=muted)
    assert verdicts[40].n == verdicts[20].n == 20


def test_a_new_level_that_stays_becomes_the_new_normal() -> None:
    values = np.random.default_rng(4).normal(10, 1, 300)
    values[100:] += 40
    verdicts = judge(hours(300), values, method="robust", sensitivity=RARE)
    assert verdicts[100 + ADAPT_AFTER - 1].verdict == "anomalous"
    assert {verdict.verdict for verdict in verdicts[100 + ADAPT_AFTER + 1 :]} == {"normal"}


def test_holidays_are_left_out_of_training() -> None:
    start = datetime(2024, 12, 1, tzinfo=UTC)
    days = [start + timedelta(days=day) for day in range(31)]
    verdicts = judge(days, np.arange(31.0), method="robust", calendar=HolidayCalendar("DE"))
    assert verdicts[-1].n == 30 - 2


def test_an_unknown_country_is_refused() -> None:
    with pytest.raises(SettingsError, match="No holidays"):
        HolidayCalendar("XX").is_special(0.0)


def test_missing_values_are_no_anomaly_and_infinite_ones_are() -> None:
    values = np.random.default_rng(5).normal(10, 1, 40)
    values[[3, 20]] = np.nan
    values[30] = np.inf
    verdicts = judge(hours(40), values, method="robust", sensitivity=RARE)
    assert verdicts[20].verdict == "normal"
    assert verdicts[30].verdict == "anomalous"
    assert verdicts[31].n == 28


@pytest.mark.parametrize("method", sorted(METHODS))
@pytest.mark.parametrize("cut", [3, 40, 150, 290])
def test_a_detector_read_back_from_bytes_goes_on_as_if_nothing_happened(method: str, cut: int) -> None:
    rng = np.random.default_rng(6)
    values = rng.normal(100, 5, 300)
    values[120:130] += 80
    values[140:220] += 200
    detector, expected = Detector(method, RARE), judge(hours(300), values, method=method, sensitivity=RARE)
    found = []
    for i, (ts, value) in enumerate(zip(hours(300).tolist(), values.tolist(), strict=True)):
        if i == cut:
            detector = Detector.from_bytes(detector.to_bytes())
        found.append(detector.step(ts, value))
    assert repr(found) == repr(expected)


@pytest.mark.parametrize("state", [b"", b"DQMDET2\n\x00", b"something else entirely"])
def test_other_bytes_are_refused(state: bytes) -> None:
    with pytest.raises(SettingsError, match="no detector state"):
        Detector.from_bytes(state)


def test_times_may_be_datetimes_numpy_times_or_seconds() -> None:
    values = np.random.default_rng(7).normal(0, 1, 20)
    second = hours(20)
    moments = [datetime.fromtimestamp(ts, UTC) for ts in second]
    as_numpy = second.astype("datetime64[s]")
    assert repr(judge(second, values)) == repr(judge(moments, values)) == repr(judge(as_numpy, values))


def test_series_of_different_length_are_refused() -> None:
    with pytest.raises(SettingsError, match="differ in length"):
        judge(hours(3), [1.0, 2.0])
