"""Labels as lines of the store."""

from dataclasses import dataclass
from datetime import datetime

from dqm_assets.quality.alert import SeriesKey
from dqm_assets.quality.labels import Label
from dqm_assets.store import Store

_SAID = """
    SELECT epoch(start_ts) AS first, epoch(coalesce(end_ts, start_ts)) AS last, kind FROM monitoring.labels
    WHERE dataset = ? AND metric = ? AND column_name = ? AND segment = ?
        AND kind IN ('incident', 'expected', 'false_alarm')
    ORDER BY start_ts, label_id
"""


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


def labels_of(store: Store, series: SeriesKey) -> list[Label]:
    """What people said of alerts of a series, whichever detector raised them."""
    asked = [series.dataset, series.metric, series.column_name, series.segment]
    return [Label(row["first"], row["last"], row["kind"]) for row in store.rows(_SAID, asked)]


def label_id_of(alert_id: str, why: str) -> str:
    """Id of the label that an alert has for one reason: saying something else replaces it."""
    return f"{alert_id}:{why}"
