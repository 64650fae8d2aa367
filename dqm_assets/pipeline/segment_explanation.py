"""Which segments explain an alert about a whole: "SP explains 83 % of the drop"."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from dqm_assets.quality.alert import Alert
from dqm_assets.quality.metric_words import unit_of
from dqm_assets.quality.segments import Explanation, SegmentState, contributions, explain
from dqm_assets.store import Transaction

#: Batches before the incident that are averaged.
_BATCHES_BEFORE = 8
_LEAST_SEGMENTS = 2

_BATCHES = """
    SELECT ts, batch FROM metrics.metrics
    WHERE dataset = $dataset AND column_name = $column AND segment = $segment AND metric = $metric
      AND ts < $opened
    ORDER BY ts DESC, batch DESC LIMIT $batches
"""
_SEGMENTS = """
    SELECT segment, metric, batch, value FROM metrics.metrics
    WHERE dataset = $dataset AND segment <> '' AND ts BETWEEN $first AND $last
      AND ((column_name = $column AND metric = $metric) OR (column_name = '' AND metric = 'row_count'))
      AND list_contains($batches, batch) AND isfinite(value)
"""


def explain_by_segments(tx: Transaction, alert: Alert) -> Explanation | None:
    """Split the change between the batches before an incident and its last one over the segments.

    Counts and sums are split as they are; any other metric as a mean that is weighted with the rows of each
    segment. Only an alert about all rows (no segment) can be explained so.

    Returns:
        The explanation, or ``None`` when the metric has no segments or none of them stands out.
    """
    if alert.segment:
        return None
    address = {"dataset": alert.dataset, "column": alert.column_name, "metric": alert.metric}
    earlier = tx.query(
        _BATCHES, {**address, "segment": "", "opened": alert.opened_ts, "batches": _BATCHES_BEFORE}
    ).to_pylist()
    if not earlier:
        return None
    batches = [row["batch"] for row in earlier]
    rows = tx.query(
        _SEGMENTS,
        {
            **address,
            "first": earlier[-1]["ts"],
            "last": alert.last_ts,
            "batches": [*batches, alert.last_batch],
        },
    ).to_pylist()
    return _explained(alert, rows, batches)


def _explained(alert: Alert, rows: Sequence[dict[str, Any]], batches: Sequence[str]) -> Explanation | None:
    values: dict[str, dict[str, float]] = defaultdict(dict)
    weights: dict[str, dict[str, float]] = defaultdict(dict)
    for row in rows:
        if row["metric"] == alert.metric:
            values[row["segment"]][row["batch"]] = row["value"]
        if row["metric"] == "row_count":
            weights[row["segment"]][row["batch"]] = row["value"]
    if len(values) < _LEAST_SEGMENTS:
        return None
    additive = alert.metric == "sum" or unit_of(alert.metric) == "count"
    seen = [batch for batch in batches if any(batch in of for of in values.values())]
    before, after = {}, {}
    for segment, of in values.items():
        weight = weights.get(segment, {})
        before[segment] = _state(of, weight, seen, additive=additive)
        after[segment] = _state(of, weight, [alert.last_batch], additive=additive)
    parts = contributions(before, after, "count" if additive else "mean")
    text = explain(parts)
    if not any(part.share > 0 and part.change for part in parts) or "explains the" in text:
        return None
    return Explanation(text, parts)


def _state(
    values: dict[str, float], weights: dict[str, float], batches: Sequence[str], *, additive: bool
) -> SegmentState:
    """Rows and mean of a segment, per batch; a batch without the segment had none of it."""
    known = [batch for batch in batches if batch in values]
    if not known:
        return SegmentState(0.0)
    if additive:
        return SegmentState(sum(values[batch] for batch in known) / len(batches))
    rows = {batch: weights.get(batch, 1.0) for batch in known}
    total = sum(rows.values())
    mean = sum(values[batch] * rows[batch] for batch in known) / total if total else 0.0
    return SegmentState(total / len(batches), mean)
