"""How sources of a stream are judged: a fault is told for as long as it lasts, at any length of windows."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from dqm_assets.pipeline.observe import Point, observe
from dqm_assets.sources.streams.window_judge import DATASET, watches_of
from dqm_assets.store import Store

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
_ALERTS = """
    SELECT metric, status, opened_ts, last_ts, resolved_ts FROM monitoring.alerts
    WHERE dataset = $dataset ORDER BY opened_ts
"""


def _look(store: Store, metric: str, width: timedelta, first: int, values: Sequence[float]) -> list[dict]:
    points = [
        Point("", "a", metric, f"w{first + place:05}", START + (first + place) * width, float(value))
        for place, value in enumerate(values)
    ]
    observe(store, DATASET, points, watches_of(width))
    return store.rows(_ALERTS, {"dataset": DATASET})


@pytest.mark.parametrize("width", [timedelta(seconds=5), timedelta(seconds=0.25)])
@pytest.mark.parametrize(
    ("metric", "usual", "faulty"),
    [("event_rate", 1000.0, 100.0), ("event_rate", 1000.0, 0.0), ("error_rate", 0.01, 0.4)],
)
def test_a_fault_is_one_alert_until_it_is_over(
    store: Store, width: timedelta, metric: str, usual: float, faulty: float
) -> None:
    rng = np.random.default_rng(1)
    before, during, after = 300, 200, 80
    assert _look(store, metric, width, 0, usual * rng.normal(1, 0.03, before)) == []

    (alert,) = _look(store, metric, width, before, faulty * rng.normal(1, 0.03, during))
    assert (alert["status"], alert["opened_ts"]) == ("open", START + before * width)
    assert alert["last_ts"] == START + (before + during - 1) * width, "still anomalous at its end"

    (alert,) = _look(store, metric, width, before + during, usual * rng.normal(1, 0.03, after))
    assert alert["status"] == "resolved"
    rested = alert["resolved_ts"] - alert["last_ts"]
    assert timedelta(seconds=15) <= rested <= timedelta(seconds=20)


def test_what_a_source_did_for_an_hour_is_its_new_normal(store: Store) -> None:
    rng, width = np.random.default_rng(1), timedelta(seconds=5)
    _look(store, "event_rate", width, 0, 1000 * rng.normal(1, 0.03, 300))
    (alert,) = _look(store, "event_rate", width, 300, 300 * rng.normal(1, 0.03, 730))
    assert alert["status"] == "resolved"
    assert alert["last_ts"] == START + (300 + 719) * width


def test_the_tides_of_a_day_are_no_alert(store: Store) -> None:
    rng, width = np.random.default_rng(1), timedelta(seconds=5)
    hours = np.arange(0, 6, width / timedelta(hours=1))
    rates = 1000 * (1 + 0.5 * np.sin(hours * np.pi / 12)) * rng.normal(1, 0.03, len(hours))
    assert _look(store, "event_rate", width, 0, rates) == []
