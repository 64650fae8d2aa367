"""A score that falls is told once, in the name of its day, until it is back where it was."""

from datetime import date, timedelta
from typing import Any

from dqm_assets.pipeline.score_drops import tell_drops
from dqm_assets.store import Store
from tests.e2e.seed import arrow

FIRST = date(2026, 5, 1)


def score(store: Store, day: int, value: float) -> int:
    """Keep the score of a day, and tell of it."""
    at = FIRST + timedelta(days=day)
    row = {"scope": "dataset", "name": "orders", "day": at, "score": value, "parts": "{}"}
    with store.transaction() as tx:
        tx.upsert("monitoring.scores", arrow("monitoring.scores", [row]))
    return tell_drops(store, "dataset", at, 15.0)


def alerts(store: Store) -> list[dict[str, Any]]:
    return store.rows(
        "SELECT status, severity, first_batch, title, evaluations FROM monitoring.alerts ORDER BY opened_ts"
    )


def test_a_fall_is_one_alert_that_ends_when_the_score_is_back(store: Store) -> None:
    assert [score(store, day, 96.0) for day in range(5)] == [0] * 5
    assert score(store, 5, 82.0) == 0, "14 points are no fall"
    assert alerts(store) == []

    assert score(store, 6, 80.0) == 1
    version = store.version()
    assert tell_drops(store, "dataset", FIRST + timedelta(days=6), 15.0) == 0, "the same day again"
    assert store.version() == version
    [told] = alerts(store)
    assert told == {
        "status": "open",
        "severity": "warning",
        "first_batch": "2026-05-07",
        "title": "orders: health score is 80.0, usually 96.0",
        "evaluations": 1,
    }

    assert [score(store, day, 75.0) for day in range(7, 16)] == [0] * 9, "it does not become usual"
    [going_on] = alerts(store)
    assert (going_on["status"], going_on["evaluations"]) == ("open", 10)
    score(store, 16, 90.0)
    assert [one["status"] for one in alerts(store)] == ["resolved"]

    for table in ("monitoring.alert_events", "monitoring.outbox"):
        events = store.rows(f"SELECT event FROM {table} ORDER BY ts, event_id")
        assert [event["event"] for event in events] == ["opened", "resolved"], table


def test_a_deep_fall_is_an_error_and_a_young_dataset_has_no_usual_score(store: Store) -> None:
    assert [score(store, day, value) for day, value in enumerate((95.0, 40.0))] == [0, 0]
    assert [score(store, day, 95.0) for day in (2, 3, 4)] == [0, 0, 0]
    assert score(store, 5, 45.0) == 1
    assert [one["severity"] for one in alerts(store)] == ["error"]
