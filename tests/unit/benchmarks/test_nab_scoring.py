from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from benchmarks.nab import scoring_check
from benchmarks.nab_scoring import (
    PROFILES,
    LabelledSeries,
    read_corpus,
    score_at_best_threshold,
    score_detections,
)

SERIES = LabelledSeries("x", np.arange(1000.0), np.zeros(1000), ((500, 599),))
STANDARD = PROFILES[0]


def detections(*rows: int) -> list[np.ndarray]:
    return [np.isin(np.arange(1000), rows)]


def test_no_detection_scores_0_and_the_first_row_of_each_window_100() -> None:
    assert score_detections([SERIES], detections(), STANDARD) == 0.0
    assert score_detections([SERIES], detections(500), STANDARD) == pytest.approx(100.0)


def test_only_the_earliest_detection_of_a_window_counts() -> None:
    early = score_detections([SERIES], detections(510), STANDARD)
    assert score_detections([SERIES], detections(510, 520, 599), STANDARD) == pytest.approx(early)


def test_a_false_alarm_costs_its_weight_and_less_right_after_a_window() -> None:
    far = score_detections([SERIES], detections(500, 990), STANDARD)
    near = score_detections([SERIES], detections(500, 605), STANDARD)
    assert far == pytest.approx(100.0 - 100 * 0.11 / 2)
    assert far < near < 100.0


def test_detections_in_the_probation_do_not_count() -> None:
    assert score_detections([SERIES], detections(100), STANDARD) == 0.0


def test_the_best_threshold_is_found() -> None:
    scores = np.zeros(1000)
    scores[[500, 700]] = 0.9, 0.5
    best = score_at_best_threshold([SERIES], [scores], STANDARD)
    assert (best.value, best.threshold) == (pytest.approx(100.0), 0.9)


def test_the_published_rows_are_reproduced(shared_data: Callable[[str], Path]) -> None:
    rows = scoring_check(read_corpus(shared_data("nab")))
    assert set(rows["null"].values()) == {0.0}
    assert rows["perfect"] == pytest.approx(dict.fromkeys(rows["perfect"], 100.0))
    published = {"standard": 39.6, "low_fp": 20.9, "low_fn": 47.4}
    assert rows["windowed_gaussian"] == pytest.approx(published, abs=0.06)
