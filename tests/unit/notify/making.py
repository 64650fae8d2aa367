"""Alerts and transitions for tests."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from dqm_assets.notify.example import example_item
from dqm_assets.notify.outbox import Transition
from dqm_assets.quality.alert import Alert, EventName, SeriesKey, alert_id_of, event_of

START = datetime(2026, 3, 2, 12, tzinfo=UTC)  # a Monday


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def alert(**changes: Any) -> Alert:
    """An open alert; another dataset, column, metric or opening is another alert."""
    made = replace(example_item(START).transition.alert, title="18 % of amount is missing", **changes)
    series = SeriesKey(made.dataset, made.column_name, made.segment, made.metric, made.detector)
    alert_id = alert_id_of(series, made.opened_ts)
    return replace(made, alert_id=alert_id, group_key=changes.get("group_key", alert_id))


def happened(event: EventName, of: Alert | None = None, when: datetime = START, **changes: Any) -> Transition:
    """A transition of an alert."""
    about = of or alert()
    status = {"resolved": "resolved", "muted": "muted", "acknowledged": "acknowledged"}.get(event, "open")
    after = replace(about, status=status, **changes)
    return Transition(
        after, event_of(after.alert_id, when, event, actor="detector", reason="because", details={})
    )
