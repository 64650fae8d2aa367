"""Which changes of a judged metric are worth telling."""

import numpy as np
import pytest

from dqm_assets.pipeline.judged_metrics import JUDGED_METRICS


@pytest.mark.parametrize(
    ("metric", "expected", "value", "counts"),
    [
        ("row_count", 4000.0, 3970.0, False),
        ("row_count", 4000.0, 3950.0, True),
        ("row_count", 4000.0, 4050.0, True),
        ("quarantined_fraction", 0.0, 0.0005, False),
        ("quarantined_fraction", 0.0, 0.002, True),
        ("quarantined_fraction", 0.5, 0.0, False),
        ("null_fraction", 0.0, 0.004, False),
        ("null_fraction", 0.0, 0.006, True),
        ("null_fraction", 0.3, 0.0, False),
        ("mean", 100.0, 100.05, False),
        ("mean", 100.0, 99.8, True),
        ("mean", 0.0, 1e-9, True),
        ("stddev", 1.0, 1.01, False),
        ("stddev", 1.0, 0.9, True),
        ("outlier_fraction", 0.01, 0.005, False),
        ("distinct_fraction", 0.9, 0.5, True),
        ("distinct_fraction", 1.0, 0.97, False),
        ("longest_repeat", 1.0, 5.0, False),
        ("longest_repeat", 1.0, 6.0, True),
    ],
)
def test_only_a_change_that_matters_counts(metric: str, expected: float, value: float, counts: bool) -> None:
    matters = JUDGED_METRICS[metric].relevance.matters(np.array([value]), np.array([expected]))
    assert matters.tolist() == [counts]


def test_metrics_are_found_by_their_names() -> None:
    assert all(name == metric.name for name, metric in JUDGED_METRICS.items())
    assert {name for name, metric in JUDGED_METRICS.items() if metric.of == "table"} == {
        "row_count",
        "quarantined_fraction",
    }
