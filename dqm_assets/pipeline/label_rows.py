"""Labels as lines of the store."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class LabelRow:
    """A line of ``monitoring.labels``: what somebody said of a span of a series."""

    label_id: str
    dataset: str
    column_name: str
    segment: str
    metric: str
    detector: str
    kind: str
    start_ts: datetime
    end_ts: datetime | None
    alert_id: str
    actor: str
    reason: str
    created_at: datetime
    accepted_at: datetime | None


def label_id_of(alert_id: str, why: str) -> str:
    """Id of the label that an alert has for one reason: saying something else replaces it."""
    return f"{alert_id}:{why}"
