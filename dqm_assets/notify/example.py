"""An alert that never was, for trying out a channel."""

from datetime import UTC, datetime, timedelta

from dqm_assets.notify.message import Item
from dqm_assets.notify.outbox import Transition
from dqm_assets.quality.alert import (
    Alert,
    Evidence,
    EvidencePoint,
    SeriesKey,
    alert_id_of,
    event_of,
)


def example_item(now: datetime | None = None) -> Item:
    """A notification about a made-up alert that opened just now."""
    at = now or datetime.now(UTC)
    series = SeriesKey("example_orders", "amount", "", "null_fraction", "ensemble")
    point = EvidencePoint(at, f"orders-{at:%Y-%m-%d}", 0.18, 9.4)
    earlier = EvidencePoint(at - timedelta(hours=1), "orders-earlier", 0.15, 7.8)
    alert_id = alert_id_of(series, earlier.ts)
    alert = Alert(
        alert_id=alert_id,
        dataset=series.dataset,
        column_name=series.column_name,
        segment=series.segment,
        metric=series.metric,
        detector=series.detector,
        severity="warning",
        status="open",
        title="Example: 18 % of amount is missing, expected about 1 %",
        opened_ts=earlier.ts,
        last_ts=at,
        resolved_ts=None,
        first_batch=earlier.batch,
        last_batch=point.batch,
        evaluations=2,
        value=point.value,
        expected=0.01,
        lower=0.0,
        upper=0.03,
        score=point.score,
        owner="nobody, this is a test",
        group_key=alert_id,
        evidence=Evidence(
            at,
            excess=8.5,
            first_points=(earlier, point),
            last_points=(earlier, point),
            explanation="Example: region=SP explains 83 % of the rise.",
        ),
        snapshot=None,
        updated_at=at,
        raised_at=at,
    )
    event = event_of(alert_id, at, "opened", actor="detector", reason=alert.evidence.explanation, details={})
    return Item(f"test-{at.isoformat()}", Transition(alert, event))
