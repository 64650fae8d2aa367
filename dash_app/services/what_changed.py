"""What changed, by segment: which values of which text column explain how a metric moved."""

from dataclasses import dataclass
from typing import Any, Literal

from dash_app.services.alerts import alert_with_id
from dash_app.services.evidence import raw_table
from dash_app.services.records import Alert
from dqm_assets.pipeline.alert_rows import alert_of
from dqm_assets.pipeline.segment_explanation import explain_by_segments
from dqm_assets.quality.segments import (
    Contribution,
    Explanation,
    Measure,
    SegmentState,
    contributions,
    explain,
)
from dqm_assets.store import Store
from dqm_assets.store.names import quoted, quoted_table

#: A text column with more different values than this has no segments worth naming.
MOST_SEGMENTS = 400
#: Batches before the incident that are taken together as "before".
BATCHES_BEFORE = 10
#: Parts shown of one column.
MOST_PARTS = 6

#: What is averaged over the rows of a segment, by metric.
_WHAT = {
    "mean": "mean",
    "null_fraction": "share missing",
    "stddev": "squared deviation",
    "variance": "squared deviation",
    "outlier_fraction": "squared deviation",
    "outlier_count": "squared deviation",
}

ALERT = "SELECT * FROM monitoring.alerts WHERE alert_id = $alert_id"

SEGMENT_COLUMNS = """
SELECT m.column_name, m.value AS amount
FROM metrics.metrics AS m
JOIN metrics.profiles AS p ON p.dataset = m.dataset AND p.batch = m.batch AND p.column_name = m.column_name
    AND p.segment = '' AND p.kind IN ('string', 'boolean')
WHERE m.dataset = $dataset AND m.batch = $batch AND m.metric = 'distinct_count' AND m.segment = ''
    AND m.value BETWEEN 2 AND $most
ORDER BY m.value, m.column_name
"""

BEFORE = """
SELECT run_id FROM metrics.runs
WHERE dataset = $dataset AND status <> 'QUARANTINED' AND run_id <> $batch
    AND coalesce(ts, landed_at) < (SELECT coalesce(ts, landed_at) FROM metrics.runs
                                   WHERE dataset = $dataset AND run_id = $first)
ORDER BY (status = 'GOOD') DESC, coalesce(ts, landed_at) DESC
LIMIT $limit
"""


@dataclass(frozen=True, slots=True)
class SegmentChange:
    """How the segments of one column explain a change, largest part first."""

    column: str
    text: str
    parts: tuple[Contribution, ...]
    measure: Measure
    #: What the mean of a segment is a mean of; empty when only rows are counted.
    what: str


def what_changed(store: Store, alert_id: str) -> tuple[SegmentChange, ...]:
    """Split the change of an alert's metric over segments; empty when there are none to split over.

    Measured segments come first; a dataset of files without any is split over its text columns, by its raw
    rows, the column that explains most first.
    """
    alert, rows = alert_with_id(store, alert_id), store.rows(ALERT, {"alert_id": alert_id})
    if alert is None or not rows:
        return ()
    measured = _measured(store, rows[0])
    if measured is not None:
        return (SegmentChange("", measured.text, measured.parts[:MOST_PARTS], "mean", "mean"),)
    return _from_rows(store, alert)


def _measured(store: Store, row: dict[str, Any]) -> Explanation | None:
    # It only reads, which the store does as a transaction does.
    return explain_by_segments(store, alert_of(row))  # ty: ignore[invalid-argument-type]


def _from_rows(store: Store, alert: Alert) -> tuple[SegmentChange, ...]:
    table = raw_table(store, alert.dataset)
    value = _value(alert)
    if table is None or value is None:
        return ()
    batch = {"dataset": alert.dataset, "batch": alert.last_batch}
    before = [
        row["run_id"]
        for row in store.rows(BEFORE, {**batch, "first": alert.first_batch, "limit": BATCHES_BEFORE})
    ]
    if not before:
        return ()
    columns = [
        row["column_name"]
        for row in store.rows(SEGMENT_COLUMNS, {**batch, "most": MOST_SEGMENTS})
        if row["column_name"] != alert.column
    ]
    measure: Measure = "count" if alert.metric == "row_count" else "mean"
    change = _Change(table, value, _WHAT.get(alert.metric, ""), measure, alert.last_batch, tuple(before))
    found = [_split(store, change, column) for column in columns]
    told = [change for change in found if change is not None]
    return tuple(sorted(told, key=lambda change: -abs(change.parts[0].share)))


def _value(alert: Alert) -> str | None:
    """What each row contributes to the metric, as SQL; ``None`` for metrics that no sum over rows gives."""
    column = quoted(alert.column) if alert.column else ""
    number = f"try_cast({column} AS DOUBLE)"
    if alert.metric == "row_count":
        return "1.0"
    if not column:
        return None
    if alert.metric == "null_fraction":
        return f"({column} IS NULL)::INTEGER"
    if alert.metric == "mean":
        return number
    if alert.metric in ("stddev", "variance", "outlier_fraction", "outlier_count"):
        # The share of a segment in the spread: squared distances from what is usual.
        return f"power({number} - usual.middle, 2)"
    return None


@dataclass(frozen=True, slots=True)
class _Change:
    """What is to be split: a measure over the rows of a batch and of the batches before it."""

    table: str
    #: What each row contributes, as SQL.
    value: str
    what: str
    measure: Measure
    batch: str
    before: tuple[str, ...]


def _split(store: Store, change: _Change, column: str) -> SegmentChange | None:
    sides: dict[Literal["before", "after"], dict[str, SegmentState]] = {"before": {}, "after": {}}
    value, table = change.value, quoted_table(change.table)
    middle = value.partition("try_cast(")[2].partition(" AS DOUBLE")[0] or "0.0"
    sql = f"""
        WITH usual AS (
            SELECT avg(try_cast({middle} AS DOUBLE)) AS middle FROM {table}
            WHERE list_contains($before::VARCHAR[], _run_id)
        )
        SELECT coalesce({quoted(column)}::VARCHAR, '(missing)') AS segment, _run_id = $batch AS after,
            count(*) AS rows, avg({value}) AS mean
        FROM {table}, usual
        WHERE _run_id = $batch OR list_contains($before::VARCHAR[], _run_id)
        GROUP BY ALL
    """  # noqa: S608 - names are quoted
    for row in store.rows(sql, {"batch": change.batch, "before": list(change.before)}):
        side = "after" if row["after"] else "before"
        batches = 1 if row["after"] else len(change.before)
        sides[side][row["segment"]] = SegmentState(row["rows"] / batches, row["mean"] or 0.0)
    parts = contributions(sides["before"], sides["after"], change.measure)
    if not parts or not parts[0].change:
        return None
    return SegmentChange(column, explain(parts, column), parts[:MOST_PARTS], change.measure, change.what)
