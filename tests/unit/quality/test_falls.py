"""The default finds outages of dense data with tides, which hide in the noise of high tide as a distance."""

import base64
import json
from pathlib import Path

import numpy as np
import pytest

from dqm_assets.quality.detectors import Detector, judge, judge_series
from dqm_assets.quality.sensitivity import Sensitivity
from dqm_assets.quality.transform import ValueKind

DAY = 86_400.0
MIDNIGHT = 19_000 * DAY
WEEKS = Sensitivity.per_weeks(4)
GOLDEN = Path(__file__).parent / "golden" / "detector_without_ratios.json"


def tides(cadence: float, days: float, depth: float = 0.5) -> tuple[np.ndarray, np.ndarray]:
    """Events per ``cadence`` seconds, from midnight: high tide at six in the morning, 5 % noise."""
    ts = MIDNIGHT + np.arange(int(days * DAY / cadence)) * cadence
    level = 5000 * (1 + depth * np.sin(2 * np.pi * ts / DAY))
    rng = np.random.default_rng(int(cadence))
    return ts, rng.poisson(level * (1 + 0.05 * rng.standard_normal(ts.size))).astype(float)


@pytest.mark.parametrize("hour", range(0, 24, 3))
@pytest.mark.parametrize(("cadence", "days"), [(60, 2), (300, 4), (900, 5), (3600, 7)])
def test_a_fall_to_a_tenth_is_found_at_once_whatever_the_tide(cadence: float, days: int, hour: int) -> None:
    ts, values = tides(cadence, days + 1)
    start = int(((days - 1) * DAY + hour * 3600) / cadence)
    values[start : start + 5] = np.round(values[start : start + 5] / 10)
    found = judge_series(ts[: start + 5], values[: start + 5], sensitivity=WEEKS).anomalous
    assert found[start:].sum() >= 4
    assert found[:start].sum() == 0


@pytest.mark.parametrize(("cadence", "days"), [(60, 4), (300, 14), (900, 30), (3600, 90)])
def test_tides_alone_raise_nothing(cadence: float, days: int) -> None:
    ts, values = tides(cadence, days, depth=0.8)
    assert judge_series(ts, values, sensitivity=WEEKS).anomalous.sum() == 0


def test_a_fall_to_nothing_is_found_and_the_band_says_from_where() -> None:
    ts, values = tides(300, 4)
    values[-1] = 0
    last = judge(ts, values, sensitivity=WEEKS)[-1]
    assert last.verdict == "anomalous"
    assert last.lower is not None and 0 < last.lower < values[-12:-1].min()
    assert last.score > judge(ts, np.append(values[:-1], last.lower), sensitivity=WEEKS)[-1].score


def test_a_series_that_often_is_zero_may_be_zero() -> None:
    rng = np.random.default_rng(3)
    values = rng.poisson(40, 600) * (rng.random(600) > 0.1).astype(float)
    assert judge_series(MIDNIGHT + 3600 * np.arange(600), values, sensitivity=WEEKS).anomalous.sum() == 0


@pytest.mark.parametrize("kind", ["real", "share"])
def test_values_without_ratios_are_judged_by_their_distance_alone(kind: ValueKind) -> None:
    rng = np.random.default_rng(4)
    ts, values = MIDNIGHT + 3600 * np.arange(400), rng.uniform(0.05, 0.95, 400)
    values[-1] = 0.0005
    told = judge_series(ts, values, sensitivity=WEEKS, kind=kind)
    negative = judge_series(ts, -values, sensitivity=WEEKS, kind="real")
    assert not told.anomalous[-1]
    if kind == "real":
        np.testing.assert_allclose(told.score, negative.score, rtol=1e-12)


def test_a_state_of_before_falls_were_ratios_goes_on() -> None:
    kept = json.loads(GOLDEN.read_text())
    detector = Detector.from_bytes(base64.b85decode(kept["state"]))
    ts = 1.6e9 + 3600 * np.arange(60, 140)
    assert detector.judge(float(ts[0]), 80.0).score == pytest.approx(kept["next"], rel=1e-14)
    values = np.round(100 + 5 * np.random.default_rng(21).standard_normal(ts.size), 1)
    assert detector.run(ts, values, np.zeros(ts.size, bool)).anomalous.sum() == 0
    assert (
        "ratio_below_0" in Detector.from_bytes(detector.to_bytes()).step(float(ts[-1]) + 3600, 100.0).params
    )
