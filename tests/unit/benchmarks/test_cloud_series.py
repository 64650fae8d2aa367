import numpy as np
import pytest

from benchmarks.cloud_series import CloudSeries, alerts_of, count


def series(labels: list[int]) -> CloudSeries:
    marks = np.zeros(24 * 14, dtype=bool)
    marks[labels] = True
    return CloudSeries("x", np.arange(marks.size) * 3600.0, np.zeros(marks.size), marks)


def flagged(*rows: int) -> np.ndarray:
    return np.isin(np.arange(24 * 14), rows)


def test_points_within_the_cooldown_are_one_alert() -> None:
    ts = np.arange(100) * 3600.0
    assert alerts_of(ts, np.isin(np.arange(100), [5, 10, 22, 60])) == [(5, 22), (60, 60)]


def test_events_are_found_and_alerts_that_touch_none_are_false() -> None:
    found = count([series([50, 51, 52, 200])], [flagged(51, 120)])
    assert (found.events, found.found, found.false_alerts) == (2, 1, 1)
    figures = found.figures()
    assert (figures["recall"], figures["precision"]) == (0.5, 0.5)
    assert figures["false_alerts_per_series_week"] == pytest.approx(1 / (335 / 168))


def test_a_rule_that_flags_nothing_scores_nothing() -> None:
    assert count([series([50])], [flagged()]).figures()["f1"] == 0.0
