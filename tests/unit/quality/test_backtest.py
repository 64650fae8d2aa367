from datetime import timedelta

import numpy as np
import pytest

from dqm_assets.quality.alerts import AlertPolicy
from dqm_assets.quality.backtest import Setting, compare, replay, score
from dqm_assets.quality.detectors import judge_series
from dqm_assets.quality.labels import Label
from dqm_assets.quality.relearning import relearn
from dqm_assets.quality.sensitivity import Sensitivity

HOUR = 3600.0


def series(n: int = 1000, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    return 1.6e9 + np.arange(n) * HOUR, np.random.default_rng(seed).normal(100, 2, n)


def span(first: int, last: int, kind: str = "incident") -> Label:
    return Label(1.6e9 + first * HOUR, 1.6e9 + last * HOUR, kind)


def test_a_found_incident_counts_for_recall_and_its_delay_is_told() -> None:
    ts, values = series()
    values[500:510] += np.linspace(0, 100, 10)
    found = score(replay(ts, values, Setting()), [span(500, 510), span(800, 805)])
    assert (found.incidents, found.found, found.recall) == (2, 1, 0.5)
    assert 0 < found.delay <= 5 * HOUR
    assert found.weeks == pytest.approx(999 / 168)


def test_alerts_outside_labels_cost_precision() -> None:
    ts, values = series()
    values[300:305] -= 60
    values[600:605] -= 60
    found = score(replay(ts, values, Setting()), [span(300, 305)])
    assert (found.alerts, found.true_alerts, found.precision) == (2, 1, 0.5)


def test_the_replay_judges_as_the_detector_did_live() -> None:
    ts, values = series()
    done = replay(ts, values, Setting())
    assert np.array_equal(done.judgements.score, judge_series(ts, values).score)


def test_settings_are_compared_side_by_side() -> None:
    ts, values = series()
    settings = [Setting(sensitivity=Sensitivity.per_points(points)) for points in (50, 5000)]
    eager, calm = (scored.alerts for _, scored in compare(ts, values, settings))
    assert eager > calm


def test_without_alerts_or_labels_there_is_no_ratio() -> None:
    ts, values = series()
    values[300:305] -= 60
    found = score(replay(ts, values, Setting()), [])
    assert found.alerts == 1
    assert np.isnan(found.precision)
    assert np.isnan(found.recall)


def test_learning_from_labels_shows_which_alerts_would_go_and_which_would_be_lost() -> None:
    ts, values = series(2000, seed=3)
    values[[400, 700, 1000, 1300]] += 16.0
    values[1600:1606] += 200.0
    labels = [*(span(at, at, "false_alarm") for at in (400, 700, 1000, 1300)), span(1600, 1606)]
    setting = Setting(
        sensitivity=Sensitivity.per_points(300), policy=AlertPolicy(reopen_within=timedelta(hours=1))
    )
    found = relearn(ts, values, labels, setting)
    assert len(found.gone) >= 3
    assert found.lost == ()
    assert "would go" in found.summary
    assert found.after.setting.sensitivity.points > 300
