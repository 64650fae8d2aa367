"""The event streams: how they are now, their sources over time, their consumers, their dead letters."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from dash_app.services.rows import as_count, as_number, as_text, as_utc
from dqm_assets.sources.streams.window_judge import DATASET
from dqm_assets.store import Store

#: Points of a line; where there are more windows, each point is the mean of a stretch.
MOST_POINTS = 360
#: Metrics of a source that can be shown over time.
METRICS = ("event_rate", "error_rate", "mean", "stddev", "late_fraction", "duplicate_fraction")
ALL = "all sources"
_LISTED = 12

NEWEST = """
SELECT max(h.ts) AS ts, bool_or(h.simulated) AS simulated,
    (SELECT max(ts) FROM metrics.metrics WHERE dataset = $dataset AND metric = 'event_rate') AS judged,
    (SELECT count(*) FROM monitoring.alerts WHERE dataset = $dataset AND status IN ('open', 'acknowledged'))
        AS alerts,
    (SELECT any_value(status) FROM monitoring.pipeline_status WHERE pipeline = $dataset) AS status,
    (SELECT any_value(reason) FROM monitoring.pipeline_status WHERE pipeline = $dataset) AS reason
FROM monitoring.stream_health AS h
"""
TOPICS = """
SELECT topic, consumer, ts, (events + dead_letters) / seconds AS rate, lag, p50_ms, p99_ms, commit_ms,
    verdict_ms
FROM monitoring.stream_health WHERE ts > $since
QUALIFY row_number() OVER (PARTITION BY topic, consumer ORDER BY ts DESC) = 1 ORDER BY topic, consumer
"""
SOURCES = """
SELECT m.segment AS source, m.metric, m.ts, m.value, v.verdict
FROM metrics.metrics AS m
LEFT JOIN (FROM monitoring.verdicts WHERE dataset = $dataset AND ts > $since) AS v
    USING (column_name, segment, metric, batch)
WHERE m.dataset = $dataset AND m.ts > $since
QUALIFY row_number() OVER (PARTITION BY m.segment, m.metric ORDER BY m.ts DESC) = 1
"""
LINES = """
SELECT m.segment AS source, time_bucket(to_microseconds($step), m.ts) AS ts, avg(m.value) AS value,
    coalesce(bool_or(v.verdict = 'anomalous'), false) AS anomalous
FROM metrics.metrics AS m
LEFT JOIN (FROM monitoring.verdicts WHERE dataset = $dataset AND metric = $metric AND ts > $since) AS v
    USING (column_name, segment, batch)
WHERE m.dataset = $dataset AND m.metric = $metric AND m.ts > $since
GROUP BY ALL ORDER BY source, ts
"""
HEALTH = """
SELECT time_bucket(to_microseconds($step), ts) AS ts, max(p50_ms) AS p50_ms, max(p99_ms) AS p99_ms,
    sum(lag) / count(DISTINCT ts) AS lag
FROM monitoring.stream_health WHERE ts > $since GROUP BY 1 ORDER BY 1
"""
LETTERS = """
SELECT code, any_value(reason) AS reason, count(*) AS letters,
    count(*) FILTER (replayed_at IS NOT NULL) AS replayed, max(dead_at) AS newest
FROM raw.dead_letters WHERE dead_at > $since GROUP BY code ORDER BY letters DESC, code
"""
NEWEST_LETTERS = """
SELECT topic, partition, record_offset, code, dead_at, raw FROM raw.dead_letters
WHERE dead_at > $since AND replayed_at IS NULL ORDER BY dead_at DESC, record_offset DESC LIMIT $limit
"""


@dataclass(frozen=True, slots=True)
class TopicHealth:
    """What a consumer last said of a topic: records a second, records behind, milliseconds."""

    topic: str
    consumer: str
    ts: datetime
    rate: float | None
    lag: int | None
    p50_ms: float | None
    p99_ms: float | None
    commit_ms: float | None
    verdict_ms: float | None


@dataclass(frozen=True, slots=True)
class StreamNow:
    """The streams at the last report; ``judged`` is when the last judged window began."""

    ts: datetime
    judged: datetime | None
    simulated: bool
    alerts: int
    status: str
    reason: str
    topics: tuple[TopicHealth, ...]


@dataclass(frozen=True, slots=True)
class SourceNow:
    """A source in its newest window: metric values by name, and those that are out of range."""

    source: str
    ts: datetime
    values: Mapping[str, float | None]
    anomalous: tuple[str, ...]
    learning: bool


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A metric of one source over time; ``anomalous`` says which points were out of range."""

    source: str
    ts: tuple[datetime, ...]
    values: tuple[float | None, ...]
    anomalous: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class HealthPoint:
    """Latency from the broker to the commit, and records behind, over all consumers."""

    ts: datetime
    p50_ms: float | None
    p99_ms: float | None
    lag: float | None


@dataclass(frozen=True, slots=True)
class LetterKind:
    """Dead letters of one reason within a span."""

    code: str
    reason: str
    letters: int
    replayed: int
    newest: datetime


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter, with the beginning of its bytes."""

    topic: str
    partition: int
    offset: int
    code: str
    dead_at: datetime
    raw: str


def stream_now(store: Store) -> StreamNow | None:
    """Read how the streams are, or ``None`` while no consumer has said anything."""
    row = store.rows(NEWEST, {"dataset": DATASET})[0]
    ts = as_utc(row["ts"])
    if ts is None:
        return None
    topics = store.rows(TOPICS, {"since": ts - timedelta(minutes=2)})
    return StreamNow(
        ts,
        as_utc(row["judged"]),
        bool(row["simulated"]),
        as_count(row["alerts"]),
        as_text(row["status"]),
        as_text(row["reason"]),
        tuple(
            TopicHealth(
                each["topic"],
                each["consumer"],
                as_utc(each["ts"]) or ts,
                as_number(each["rate"]),
                each["lag"],
                as_number(each["p50_ms"]),
                as_number(each["p99_ms"]),
                as_number(each["commit_ms"]),
                as_number(each["verdict_ms"]),
            )
            for each in topics
        ),
    )


def sources_now(store: Store, judged: datetime) -> tuple[SourceNow, ...]:
    """Read each source's newest window of the last minutes, the whole first."""
    found: dict[str, list[dict]] = {}
    for row in store.rows(SOURCES, {"dataset": DATASET, "since": judged - timedelta(minutes=5)}):
        found.setdefault(row["source"], []).append(row)
    return tuple(
        SourceNow(
            source or ALL,
            max(as_utc(row["ts"]) or judged for row in rows),
            {row["metric"]: as_number(row["value"]) for row in rows},
            tuple(sorted(row["metric"] for row in rows if row["verdict"] == "anomalous")),
            any(row["verdict"] == "learning" for row in rows),
        )
        for source, rows in sorted(found.items())
    )


def source_lines(store: Store, metric: str, until: datetime, minutes: float) -> tuple[SourceLine, ...]:
    """Read a metric of each source over a span, the whole first."""
    found: dict[str, list[dict]] = {}
    asked = {
        "dataset": DATASET,
        "metric": metric,
        "since": until - timedelta(minutes=minutes),
        "step": _step(minutes),
    }
    for row in store.rows(LINES, asked):
        found.setdefault(row["source"], []).append(row)
    return tuple(
        SourceLine(
            source or ALL,
            tuple(as_utc(row["ts"]) or until for row in rows),
            tuple(as_number(row["value"]) for row in rows),
            tuple(bool(row["anomalous"]) for row in rows),
        )
        for source, rows in found.items()
    )


def consumer_health(store: Store, until: datetime, minutes: float) -> tuple[HealthPoint, ...]:
    """Read latency and lag over a span."""
    rows = store.rows(HEALTH, {"since": until - timedelta(minutes=minutes), "step": _step(minutes)})
    return tuple(
        HealthPoint(
            as_utc(row["ts"]) or until,
            as_number(row["p50_ms"]),
            as_number(row["p99_ms"]),
            as_number(row["lag"]),
        )
        for row in rows
    )


def letter_kinds(store: Store, until: datetime, minutes: float) -> tuple[LetterKind, ...]:
    """Count the dead letters of a span by their reason."""
    rows = store.rows(LETTERS, {"since": until - timedelta(minutes=minutes)})
    return tuple(
        LetterKind(
            row["code"],
            as_text(row["reason"]),
            row["letters"],
            row["replayed"],
            as_utc(row["newest"]) or until,
        )
        for row in rows
    )


def newest_letters(store: Store, until: datetime, minutes: float) -> tuple[Letter, ...]:
    """Read the newest dead letters of a span that did not become events."""
    rows = store.rows(NEWEST_LETTERS, {"since": until - timedelta(minutes=minutes), "limit": _LISTED})
    return tuple(
        Letter(
            row["topic"],
            row["partition"],
            row["record_offset"],
            row["code"],
            as_utc(row["dead_at"]) or until,
            repr(bytes(row["raw"] or b""))[2:-1][:160],
        )
        for row in rows
    )


def _step(minutes: float) -> int:
    """Microseconds of a stretch that is one point; a microsecond keeps every window."""
    seconds = minutes * 60 / MOST_POINTS
    return int(seconds * 1e6) if seconds > 10 else 1  # noqa: PLR2004 - about a window's length
