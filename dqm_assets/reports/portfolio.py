"""Portfolio: the health of everything that is watched, read from the store in a handful of queries."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from statistics import fmean
from typing import Any

from dqm_assets.pipeline.source_tables import SOURCES
from dqm_assets.quality.scorecard import GOOD_FROM, SCORECARD, WARNING_FROM
from dqm_assets.store import Store

#: What stands for the owner of a dataset that names none.
NOBODY = "nobody"

_DATASETS = """
    WITH newest AS (
        SELECT name, score, parts, day FROM monitoring.scores WHERE scope = 'dataset' AND day <= $last
        QUALIFY row_number() OVER (PARTITION BY name ORDER BY day DESC) = 1
    ), alerts AS (
        -- That a source is away is one alert, of each of its tables.
        SELECT coalesce(t.dataset, a.dataset) AS dataset, count(*) AS n FROM monitoring.alerts AS a
        LEFT JOIN monitoring.source_tables AS t
            ON a.dataset = $sources || t.source AND a.detector IS DISTINCT FROM $scorecard
        WHERE a.status IN ('open', 'acknowledged') GROUP BY ALL
    )
    SELECT s.name, s.score, s.parts, s.day, coalesce(nullif(d.owner, ''), t.owner, '') AS owner,
           coalesce(t.source, '') AS source,
           coalesce(d.description, '') AS description, coalesce(d.simulated, false) AS simulated,
           coalesce(a.n, 0) AS open_alerts
    FROM newest AS s LEFT JOIN monitoring.datasets AS d ON d.dataset = s.name
    LEFT JOIN monitoring.source_tables AS t ON t.dataset = s.name
    LEFT JOIN alerts AS a ON a.dataset = s.name
    ORDER BY s.score, s.name
"""

_TRENDS = """
    SELECT name, day, score FROM monitoring.scores
    WHERE scope = 'dataset' AND day BETWEEN $first AND $last ORDER BY name, day
"""

_DETECTIONS = """
    SELECT a.dataset, a.title, a.severity, a.status, a.detector,
           coalesce(nullif(a.owner, ''), d.owner, '') AS owner,
           coalesce(a.raised_at, a.opened_ts) AS raised_at, a.opened_ts, a.last_ts,
           a.resolved_ts, a.evaluations,
           coalesce(json_extract_string(a.evidence, '$.explanation'), '') AS explanation
    FROM monitoring.alerts AS a LEFT JOIN monitoring.datasets AS d USING (dataset)
    WHERE a.last_ts >= $since OR a.status IN ('open', 'acknowledged')
    ORDER BY coalesce(a.raised_at, a.opened_ts) DESC, a.opened_ts DESC, a.alert_id
"""

_CLAUSES = """
    SELECT v.dataset, v.clause, any_value(v.severity) AS severity,
           coalesce(any_value(v.dimension), '') AS dimension, count(*) AS batches,
           count(*) FILTER (WHERE NOT v.passed) AS failed,
           coalesce(sum(v.failing_rows) FILTER (WHERE NOT v.passed), 0)::BIGINT AS failing_rows,
           coalesce(arg_max(v.message, v.checked_at) FILTER (WHERE NOT v.passed), '') AS message
    FROM monitoring.contract_violations AS v WHERE v.checked_at >= $since
    GROUP BY v.dataset, v.clause ORDER BY v.dataset, failed DESC, v.clause
"""


@dataclass(frozen=True)
class DatasetHealth:
    """A dataset's newest score, 0 to 100, its parts, 0 to 1, and its scores day by day."""

    name: str
    owner: str
    source: str
    description: str
    simulated: bool
    score: float
    parts: Mapping[str, float]
    scored_on: date
    trend: tuple[tuple[date, float], ...]
    open_alerts: int

    @property
    def status(self) -> str:
        """``healthy``, ``warning`` or ``failing``."""
        return status_of(self.score)

    @property
    def change(self) -> float | None:
        """Points won or lost since the first score of the trend; ``None`` when there is only one."""
        return self.trend[-1][1] - self.trend[0][1] if len(self.trend) > 1 else None


@dataclass(frozen=True)
class GroupHealth:
    """The mean score of the datasets of an owner or a source."""

    name: str
    score: float
    datasets: tuple[str, ...]
    open_alerts: int

    @property
    def status(self) -> str:
        """``healthy``, ``warning`` or ``failing``."""
        return status_of(self.score)


@dataclass(frozen=True)
class Detection:
    """An incident of the period, or one that is still open."""

    dataset: str
    title: str
    severity: str
    status: str
    detector: str
    owner: str
    raised_at: datetime
    opened_ts: datetime
    last_ts: datetime
    resolved_ts: datetime | None
    evaluations: int
    explanation: str

    @property
    def told(self) -> str:
        """What happened and why, in one line."""
        if self.explanation.startswith(self.title):
            return self.explanation
        return f"{self.title}. {self.explanation}" if self.explanation else self.title


@dataclass(frozen=True)
class ClauseRecord:
    """How often a clause of a contract was checked in the period, and what of it failed."""

    dataset: str
    clause: str
    severity: str
    dimension: str
    batches: int
    failed: int
    failing_rows: int
    message: str


@dataclass(frozen=True)
class Portfolio:
    """Everything that is watched, as of a moment and over some days before it.

    Attributes:
        at: the moment.
        days: length of the period.
        score: mean of the datasets' scores; ``None`` when nothing is scored yet.
        trend: that mean day by day, over the datasets that were scored on the day.
        datasets: worst first.
        owners, sources: worst first; sources are databases and folders that are watched.
        detections: newest first.
        clauses: by dataset, most failures first.
    """

    at: datetime
    days: int
    score: float | None
    trend: tuple[tuple[date, float], ...]
    datasets: tuple[DatasetHealth, ...]
    owners: tuple[GroupHealth, ...]
    sources: tuple[GroupHealth, ...]
    detections: tuple[Detection, ...]
    clauses: tuple[ClauseRecord, ...]

    @property
    def status(self) -> str:
        """``healthy``, ``warning``, ``failing``, or ``unknown`` when nothing is scored yet."""
        return status_of(self.score)

    @property
    def open(self) -> tuple[Detection, ...]:
        """Incidents that somebody has to look after."""
        return tuple(d for d in self.detections if d.status in {"open", "acknowledged"})

    @property
    def failing_clauses(self) -> tuple[ClauseRecord, ...]:
        """Clauses that failed at least once."""
        return tuple(clause for clause in self.clauses if clause.failed)


def status_of(score: float | None) -> str:
    """Name a score in one word."""
    if score is None:
        return "unknown"
    if score >= GOOD_FROM:
        return "healthy"
    return "warning" if score >= WARNING_FROM else "failing"


def read_portfolio(store: Store, *, days: int = 30, now: datetime | None = None) -> Portfolio:
    """Read the health of everything.

    Args:
        store: The open store; its scores are as `pipeline.scores.update_scores` left them.
        days: Days to look back on.
        now: The moment; ``None`` is now.

    Raises:
        StoreError: The store cannot be read.
    """
    now = now or datetime.now(UTC)
    since = now - timedelta(days=days)
    period = {"first": since.date() + timedelta(days=1), "last": now.date()}
    trends = _trends(store.rows(_TRENDS, period))
    scored = store.rows(_DATASETS, {"last": now.date(), "sources": SOURCES, "scorecard": SCORECARD})
    datasets = tuple(_dataset(row, trends.get(row["name"], ())) for row in scored)
    return Portfolio(
        at=now,
        days=days,
        score=fmean(dataset.score for dataset in datasets) if datasets else None,
        trend=_mean_trend(trends),
        datasets=datasets,
        owners=_groups((dataset.owner, dataset) for dataset in datasets),
        sources=_groups((dataset.source, dataset) for dataset in datasets if dataset.source),
        detections=tuple(Detection(**row) for row in store.rows(_DETECTIONS, {"since": since})),
        clauses=tuple(ClauseRecord(**row) for row in store.rows(_CLAUSES, {"since": since})),
    )


_Trend = tuple[tuple[date, float], ...]


def _trends(rows: Sequence[Mapping[str, Any]]) -> dict[str, _Trend]:
    found: dict[str, list[tuple[date, float]]] = defaultdict(list)
    for row in rows:
        found[row["name"]].append((row["day"], row["score"]))
    return {name: tuple(points) for name, points in found.items()}


def _mean_trend(trends: Mapping[str, _Trend]) -> _Trend:
    by_day: dict[date, list[float]] = defaultdict(list)
    for points in trends.values():
        for day, score in points:
            by_day[day].append(score)
    return tuple((day, fmean(scores)) for day, scores in sorted(by_day.items()))


def _dataset(row: Mapping[str, Any], trend: _Trend) -> DatasetHealth:
    return DatasetHealth(
        name=row["name"],
        owner=row["owner"] or NOBODY,
        source=row["source"],
        description=row["description"],
        simulated=row["simulated"],
        score=row["score"],
        parts=json.loads(row["parts"]),
        scored_on=row["day"],
        trend=trend,
        open_alerts=row["open_alerts"],
    )


def _groups(named: Iterable[tuple[str, DatasetHealth]]) -> tuple[GroupHealth, ...]:
    grouped: dict[str, list[DatasetHealth]] = defaultdict(list)
    for name, dataset in named:
        grouped[name].append(dataset)
    found = [
        GroupHealth(
            name,
            fmean(dataset.score for dataset in theirs),
            tuple(sorted(dataset.name for dataset in theirs)),
            sum(dataset.open_alerts for dataset in theirs),
        )
        for name, theirs in grouped.items()
    ]
    return tuple(sorted(found, key=lambda one: (one.score, one.name)))
