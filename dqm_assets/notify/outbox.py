"""The outbox: every transition of an alert, written in the transaction that makes the transition."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from dqm_assets.pipeline.alert_rows import alert_of, alert_row, event_row
from dqm_assets.pipeline.rows import as_json, upsert_rows
from dqm_assets.quality.alert import Alert, AlertEvent
from dqm_assets.store import Transaction

#: Table to name in ``store.transaction(…)`` of whoever calls `enqueue`.
OUTBOX = "monitoring.outbox"

#: What JSON does not hold as it is in an alert.
_NUMBERS = ("value", "expected", "lower", "upper", "score")
_TIMES = ("opened_ts", "last_ts", "resolved_ts", "updated_at", "raised_at")


@dataclass(frozen=True)
class OutboxRow:
    """A line of ``monitoring.outbox`` as `enqueue` writes it; ``routed_at`` stays as it is."""

    alert_id: str
    event_id: str
    event: str
    ts: datetime
    payload: str
    created_at: datetime


@dataclass(frozen=True)
class Transition:
    """What happened to an alert, and the alert as it was right after."""

    alert: Alert
    event: AlertEvent

    def to_json(self) -> str:
        """As the payload of an outbox line."""
        return as_json({"alert": asdict(alert_row(self.alert)), "event": asdict(event_row(self.event))})

    @classmethod
    def from_json(cls, payload: str) -> "Transition":
        """Read what ``to_json`` made."""
        document = json.loads(payload)
        alert, event = document["alert"], document["event"]
        for name in _NUMBERS:
            alert[name] = float("nan") if alert[name] is None else alert[name]
        for name in _TIMES:
            alert[name] = _time(alert.get(name))
        event["ts"], event["recorded_at"] = _time(event["ts"]), _time(event.get("recorded_at"))
        event["details"] = json.loads(event["details"])
        return cls(alert_of(alert), AlertEvent(**event))


def _time(text: str | None) -> datetime | None:
    """Read a time; what an older dqm wrote does not know every time."""
    return datetime.fromisoformat(text) if text else None


def enqueue(tx: Transaction, events: Sequence[AlertEvent], alerts: Sequence[Alert]) -> None:
    """Put transitions into the outbox, in the transaction that writes the alerts and their events.

    The same transition again changes nothing: its key is made from what happened.

    Args:
        tx: the open transaction; it must have named `OUTBOX` if it has read anything.
        events: what happened; ids without an alert are an error.
        alerts: the alerts as they are afterwards, at least those of the events.
    """
    after = {alert.alert_id: alert for alert in alerts}
    now = datetime.now(UTC)
    rows = [
        OutboxRow(
            event.alert_id,
            event.event_id,
            event.event,
            event.ts,
            Transition(after[event.alert_id], event).to_json(),
            now,
        )
        for event in events
    ]
    upsert_rows(tx, OUTBOX, rows)
