"""Every series of a dataset: its newest values and verdict; and one series point by point."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dash_app.services.records import SeriesPoint
from dash_app.services.rows import as_number, as_text, as_utc
from dqm_assets.pipeline.score_scopes import scope_of
from dqm_assets.quality.scorecard import SCORECARD
from dqm_assets.store import Store

#: Points that a row of the list draws.
RECENT_POINTS = 40
CONTRACT_DETECTOR = "contract"

#: Only series that a detector judges, else a wide table would have a thousand rows.
JUDGED = """
WITH ranked AS (
    SELECT column_name, segment, metric, detector, ts, batch, value, expected, lower, upper, verdict,
        row_number() OVER (
            PARTITION BY column_name, segment, metric, detector ORDER BY ts DESC, batch DESC
        ) AS place
    FROM monitoring.verdicts WHERE dataset = $dataset
)
SELECT column_name, segment, metric, detector, count(*) AS points,
    max(ts) FILTER (WHERE place = 1) AS ts,
    max(verdict) FILTER (WHERE place = 1) AS verdict,
    max(value) FILTER (WHERE place = 1) AS value,
    max(expected) FILTER (WHERE place = 1) AS expected,
    max(lower) FILTER (WHERE place = 1) AS lower,
    max(upper) FILTER (WHERE place = 1) AS upper,
    list(value ORDER BY place DESC) FILTER (WHERE place <= $recent) AS recent,
    list(verdict = 'anomalous' ORDER BY place DESC) FILTER (WHERE place <= $recent) AS marked
FROM ranked
GROUP BY column_name, segment, metric, detector
ORDER BY bool_or(verdict = 'anomalous' AND place = 1) DESC,
    bool_or(verdict = 'anomalous' AND place <= $recent) DESC, column_name, segment, metric, detector
LIMIT $limit
"""

POINTS = """
WITH judged AS (
    SELECT batch, expected, lower, upper, verdict, detector
    FROM monitoring.verdicts
    WHERE dataset = $dataset AND column_name = $column AND segment = $segment AND metric = $metric
        AND ($detector IS NULL OR detector = $detector)
    QUALIFY row_number() OVER (
        PARTITION BY batch ORDER BY (verdict = 'anomalous') DESC, lower IS NULL, detector
    ) = 1
), newest AS (
    SELECT batch, ts, value FROM metrics.metrics
    WHERE dataset = $dataset AND column_name = $column AND segment = $segment AND metric = $metric
    ORDER BY ts DESC, batch DESC
    LIMIT $limit
)
SELECT n.batch, coalesce(r.ts, r.landed_at, n.ts) AS ts, n.value, j.expected, j.lower, j.upper, j.verdict,
    j.detector, r.status
FROM newest AS n
LEFT JOIN judged AS j ON j.batch = n.batch
LEFT JOIN metrics.runs AS r ON r.dataset = $dataset AND r.run_id = n.batch
ORDER BY 2, n.batch
"""

#: The failing rows of a contract clause, batch by batch; it is expected to be none.
CLAUSE_POINTS = """
SELECT c.run_id AS batch, coalesce(r.ts, r.landed_at, c.checked_at) AS ts, c.failing_rows::DOUBLE AS value,
    0.0 AS expected, NULL AS lower, NULL AS upper, if(c.passed, 'normal', 'anomalous') AS verdict,
    'contract' AS detector, r.status
FROM monitoring.contract_violations AS c
LEFT JOIN metrics.runs AS r ON r.dataset = c.dataset AND r.run_id = c.run_id
WHERE c.dataset = $dataset AND c.clause = $metric
ORDER BY ts DESC, batch DESC
LIMIT $limit
"""

#: Health scores day by day, with what was usual while their fall was an alert.
SCORE_POINTS = """
SELECT day::VARCHAR AS batch, day::TIMESTAMP AT TIME ZONE 'UTC' AS ts, s.score AS value, a.expected, a.lower,
    NULL AS upper, if(a.alert_id IS NULL, 'normal', 'anomalous') AS verdict, $detector AS detector,
    NULL AS status
FROM monitoring.scores AS s
LEFT JOIN monitoring.alerts AS a ON a.dataset = $dataset AND a.detector = $detector
    AND day BETWEEN a.opened_ts::DATE AND a.last_ts::DATE
WHERE scope = $scope AND name = $name
QUALIFY row_number() OVER (PARTITION BY day ORDER BY a.opened_ts DESC) = 1
ORDER BY day DESC
LIMIT $limit
"""

ADDRESSES = """
SELECT dataset, column_name, segment, metric, count(*) AS points
FROM metrics.metrics
WHERE ($dataset IS NULL OR dataset = $dataset) AND value IS NOT NULL
GROUP BY ALL
ORDER BY ALL
"""


@dataclass(frozen=True, slots=True)
class SeriesAddress:
    """Which series: a metric of a dataset's column (empty: the table) and segment (empty: all rows)."""

    dataset: str
    metric: str
    column: str = ""
    segment: str = ""

    @property
    def name(self) -> str:
        """Short name without the dataset."""
        of = f"{self.column} " if self.column else ""
        return f"{of}{self.metric.replace('_', ' ')}" + (f" in {self.segment}" if self.segment else "")


@dataclass(frozen=True, slots=True)
class JudgedSeries:
    """A series that a detector judges, as its newest point left it."""

    address: SeriesAddress
    detector: str
    points: int
    ts: datetime | None
    verdict: str
    value: float | None
    expected: float | None
    lower: float | None
    upper: float | None
    recent: tuple[float | None, ...]
    marked: tuple[bool, ...]


def judged_series(store: Store, dataset: str, limit: int = 500) -> tuple[JudgedSeries, ...]:
    """Read the judged series of a dataset, those that are or lately were out of their range first."""
    rows = store.rows(JUDGED, {"dataset": dataset, "recent": RECENT_POINTS, "limit": limit})
    return tuple(
        JudgedSeries(
            address=SeriesAddress(dataset, row["metric"], row["column_name"], row["segment"]),
            detector=row["detector"],
            points=row["points"],
            ts=as_utc(row["ts"]),
            verdict=as_text(row["verdict"]),
            value=as_number(row["value"]),
            expected=as_number(row["expected"]),
            lower=as_number(row["lower"]),
            upper=as_number(row["upper"]),
            recent=tuple(map(as_number, row["recent"] or ())),
            marked=tuple(bool(mark) for mark in row["marked"] or ()),
        )
        for row in rows
    )


def series_points(
    store: Store, address: SeriesAddress, limit: int, detector: str | None = None
) -> tuple[SeriesPoint, ...]:
    """Read the newest points of any series, oldest first, with the bands of ``detector`` or of any."""
    asked = {"dataset": address.dataset, "metric": address.metric, "limit": limit}
    if detector == CONTRACT_DETECTOR:
        rows = store.rows(CLAUSE_POINTS, asked)[::-1]
    elif detector == SCORECARD:
        scope, name = scope_of(address.dataset)
        where = {"scope": scope, "name": name, "dataset": address.dataset}
        rows = store.rows(SCORE_POINTS, where | {"detector": detector, "limit": limit})[::-1]
    else:
        where = {"column": address.column, "segment": address.segment, "detector": detector}
        rows = store.rows(POINTS, asked | where)
    return tuple(map(series_point, rows))


def series_point(row: Mapping[str, Any]) -> SeriesPoint:
    """Make a point of a row that names its run ``batch``."""
    return SeriesPoint(
        run_id=row["batch"],
        ts=as_utc(row["ts"]),
        value=as_number(row["value"]),
        expected=as_number(row["expected"]),
        lower=as_number(row["lower"]),
        upper=as_number(row["upper"]),
        verdict=as_text(row["verdict"]),
        detector=as_text(row["detector"]),
        status=row["status"],
    )


def series_addresses(store: Store, dataset: str | None = None) -> tuple[tuple[SeriesAddress, int], ...]:
    """Name every stored series with its number of points."""
    return tuple(
        (SeriesAddress(row["dataset"], row["metric"], row["column_name"], row["segment"]), row["points"])
        for row in store.rows(ADDRESSES, {"dataset": dataset})
    )
