"""Deviations that do not matter are normal, and are learned."""

from collections.abc import Sequence

import numpy as np
import pytest

from dqm_assets.quality.detectors import Detector
from dqm_assets.quality.relevance import Relevance


@pytest.mark.parametrize(
    ("relevance", "matters"),
    [
        (Relevance(), [True, True, True]),
        (Relevance("high"), [False, False, True]),
        (Relevance("low"), [True, True, False]),
        (Relevance(least_change=5.0), [True, False, True]),
        (Relevance(least_relative=0.15), [False, False, True]),
    ],
)
def test_side_and_size_decide(relevance: Relevance, matters: list[bool]) -> None:
    values, expected = np.array([90.0, 99.0, 120.0]), np.full(3, 100.0)
    assert relevance.matters(values, expected).tolist() == matters


def _run(detector: Detector, values: list[float], accepted: Sequence[int] = ()) -> np.ndarray:
    ts = np.arange(len(values)) * 3_600.0
    mask = np.isin(np.arange(len(values)), list(accepted))
    return detector.run(ts, np.array(values), np.zeros(len(values), dtype=bool), mask).n


def test_an_improvement_is_learned_and_an_anomaly_is_not() -> None:
    usual = [10.0 + i % 3 for i in range(20)]
    either = _run(Detector("robust"), [*usual, 0.0, 10.0])
    improved = _run(Detector("robust", relevance=Relevance("high")), [*usual, 0.0, 10.0])
    assert (either[-1], improved[-1]) == (20, 21)


def test_what_people_accepted_is_learned_and_the_state_keeps_the_relevance() -> None:
    usual = [10.0 + i % 3 for i in range(20)]
    detector = Detector("robust", relevance=Relevance("high", 1.0, 0.1))
    assert _run(detector, [*usual, 99.0, 10.0], [20])[-1] == 21
    assert Detector.from_bytes(detector.to_bytes()).relevance == Relevance("high", 1.0, 0.1)
