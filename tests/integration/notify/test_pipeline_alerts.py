"""Failures of pipelines as alerts: one for failures that follow one another, resolved by the next success."""

from datetime import UTC, datetime, timedelta

from dqm_assets.notify.outbox import Transition
from dqm_assets.pipeline.pipeline_alerts import pipeline_alert
from dqm_assets.store import Store

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def at(minutes: int) -> datetime:
    return START + timedelta(minutes=minutes)


def transitions(store: Store) -> list[Transition]:
    rows = store.rows("SELECT payload FROM monitoring.outbox ORDER BY ts, event")
    return [Transition.from_json(row["payload"]) for row in rows]


def test_failures_in_a_row_are_one_alert_that_the_next_success_resolves(store: Store) -> None:
    pipeline_alert(store, "crypto", False, "fetch", "", at(0))
    assert store.rows("FROM monitoring.alerts") == []
    for minute in (1, 2, 2, 3):
        pipeline_alert(store, "crypto", True, "fetch", "HTTP 503", at(minute), owner="markets")
    alert = pipeline_alert(store, "crypto", False, "fetch", "", at(4))
    assert alert is not None
    assert (alert.status, alert.severity, alert.evaluations) == ("resolved", "error", 3)
    assert [(t.event.event, t.alert.status, t.event.reason) for t in transitions(store)] == [
        ("opened", "open", "crypto failed at fetch: HTTP 503"),
        ("resolved", "resolved", "crypto works again"),
    ]
    assert store.rows("SELECT title, owner, count(*) OVER () AS n FROM monitoring.alerts") == [
        {"title": "crypto failed at fetch", "owner": "markets", "n": 1}
    ]


def test_a_late_report_of_an_old_failure_opens_nothing_again(store: Store) -> None:
    pipeline_alert(store, "devices", True, "store", "disk full", at(5))
    pipeline_alert(store, "devices", False, "store", "", at(6))
    pipeline_alert(store, "devices", True, "store", "disk full", at(4))
    assert [t.event.event for t in transitions(store)] == ["opened", "resolved"]


def test_a_failure_soon_after_the_recovery_reopens_and_a_later_one_is_a_new_alert(store: Store) -> None:
    for minute, failed in ((0, True), (1, False), (10, True), (11, False), (200, True)):
        pipeline_alert(
            store, "devices", failed, "fetch", "timeout", at(minute), dagster_run_id=f"run-{minute}"
        )
    assert [t.event.event for t in transitions(store)] == [
        "opened",
        "resolved",
        "reopened",
        "resolved",
        "opened",
    ]
    assert store.rows("SELECT first_batch, last_batch FROM monitoring.alerts ORDER BY opened_ts") == [
        {"first_batch": "run-0", "last_batch": "run-10"},
        {"first_batch": "run-200", "last_batch": "run-200"},
    ]


def test_a_transition_read_back_from_the_outbox_is_the_one_that_was_written(store: Store) -> None:
    alert = pipeline_alert(store, "crypto", True, "fetch", "HTTP 503", at(0))
    assert [t.alert for t in transitions(store)] == [alert]
