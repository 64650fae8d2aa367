"""Scores: what is stored of each dataset, day by day → its health score, kept for the trend."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from dqm_assets.pipeline.rows import as_json, upsert_rows
from dqm_assets.pipeline.score_drops import ScoreRules, tell_drops
from dqm_assets.pipeline.score_scopes import ScoreRow, mean_scores, read_scored
from dqm_assets.pipeline.source_tables import SOURCES
from dqm_assets.quality.alert import Severity
from dqm_assets.quality.scorecard import SCORECARD, Measured, Part, score_of
from dqm_assets.store import Store

#: Days that are scored anew each time, so that data which comes late still counts.
SCORED_DAYS = 30
#: Data that comes more often than this is not stale before this many seconds.
SHORTEST_INTERVAL = 3600.0

#: Every batch with the data's own time, and since when each dataset is looked at: the last days, or if
#: nothing came in them, its newest day.
_KNOWN = """
    WITH batches AS (
        -- The age of a table's newest row is measured at each look, and a day without rows brought nothing;
        -- the data of a day or an hour of a database came by its end.
        SELECT m.dataset, m.batch, max(m.ts) + to_seconds(coalesce(any_value(t.period_seconds), 0)) AS came
        FROM metrics.metrics AS m LEFT JOIN monitoring.source_tables AS t USING (dataset)
        WHERE m.metric <> 'freshness_seconds'
        GROUP BY m.dataset, m.batch
        HAVING coalesce(max(m.value) FILTER (m.metric = 'row_count' AND m.column_name = ''), 1) > 0
        UNION
        SELECT dataset, run_id, coalesce(ts, landed_at) FROM metrics.runs
    ), looked AS (
        SELECT dataset, least($since::TIMESTAMPTZ, date_trunc('day', max(came))) AS since
        FROM batches GROUP BY dataset
    )
"""

#: One row per dataset, day of the data's own time, and fact: an amount, and how much of it was bad.
_DAYS = (
    _KNOWN  # noqa: S608 - constants only
    + """
    , runs AS (
        SELECT dataset, run_id, coalesce(ts, landed_at) AS came, rows_in, rows_quarantined
        FROM metrics.runs JOIN looked USING (dataset) WHERE coalesce(ts, landed_at) >= since
    ), clauses AS (
        -- An outcome belongs to the day of its run's data; a batch that is no file is named after its time.
        SELECT v.dataset, r.came::DATE AS day, v.passed
        FROM monitoring.contract_violations AS v JOIN runs AS r USING (dataset, run_id)
        WHERE v.severity <> 'info'
        UNION ALL
        SELECT dataset, try_cast(left(v.run_id, 10) AS DATE), v.passed
        FROM monitoring.contract_violations AS v ANTI JOIN metrics.runs AS r USING (dataset)
        WHERE v.severity <> 'info'
    ), facts AS (
        SELECT dataset, came::DATE AS day, 'rows' AS fact, sum(rows_in) AS a, sum(rows_quarantined) AS b
        FROM runs GROUP BY ALL
        UNION ALL
        SELECT dataset, ts::DATE, 'nulls', avg(value), NULL FROM metrics.metrics JOIN looked USING (dataset)
        WHERE metric = 'null_fraction' AND segment = '' AND ts >= since GROUP BY ALL
        UNION ALL
        SELECT dataset, day, 'checks', count(*), count(*) FILTER (WHERE NOT passed)
        FROM clauses JOIN looked USING (dataset) WHERE day >= since GROUP BY ALL
        UNION ALL
        SELECT dataset, ts::DATE, if(metric = 'row_count' AND column_name = '', 'volume', 'judged'),
            count(*), count(*) FILTER (WHERE verdict = 'anomalous')
        FROM monitoring.verdicts JOIN looked USING (dataset)
        WHERE verdict <> 'learning' AND ts >= since GROUP BY ALL
        UNION ALL
        SELECT dataset, ts::DATE, 'schema', count(*), count(*) FILTER (
            WHERE list_contains(CAST(json_extract(changes, '$[*].breaking') AS VARCHAR[]), 'true')
        ) FROM monitoring.schema_history JOIN looked USING (dataset) WHERE ts >= since GROUP BY ALL
    )
    SELECT dataset, day, fact, a::DOUBLE AS a, coalesce(b, 0)::DOUBLE AS b FROM facts ORDER BY dataset, day
"""
)

#: A simulated source has a clock of its own, a week behind ours or hurrying: seconds by which its newest
#: batch was behind when it was taken in. What really happened is as old as it is.
_CLOCKS = (
    _KNOWN  # noqa: S608 - constants only
    + """
    , taken AS (
        SELECT dataset, landed_at AS moment FROM metrics.runs
        UNION ALL SELECT dataset, judged_at FROM monitoring.verdicts
    )
    SELECT dataset, t.newest - b.newest AS behind
    FROM (SELECT dataset, max(epoch(came)) AS newest FROM batches GROUP BY dataset) AS b
    JOIN (SELECT dataset, max(epoch(moment)) AS newest FROM taken GROUP BY dataset) AS t USING (dataset)
    JOIN monitoring.datasets AS d USING (dataset) WHERE d.simulated
"""
)

#: When a dataset's batches came, and how far apart they usually are, in seconds.
_BATCHES = (
    _KNOWN  # noqa: S608 - constants only
    + """
    , spaced AS (
        SELECT dataset, came, epoch(came - lag(came) OVER (PARTITION BY dataset ORDER BY came)) AS gap
        FROM batches
    ), usual AS (SELECT dataset, median(gap) AS gap FROM spaced WHERE gap > 0 GROUP BY dataset)
    SELECT dataset, came::DATE AS day, max(epoch(came)) AS newest, any_value(u.gap) AS gap
    FROM spaced JOIN looked USING (dataset) LEFT JOIN usual AS u USING (dataset)
    WHERE came >= since GROUP BY dataset, came::DATE ORDER BY dataset, day
"""
)

_ALERTS = """
    WITH told AS (
        SELECT dataset, severity, status, opened_ts, resolved_ts FROM monitoring.alerts
        WHERE coalesce(resolved_ts, $now) >= $since
            -- That the score fell is no reason for it to fall further.
            AND detector IS DISTINCT FROM $scorecard
    )
    SELECT * FROM told
    UNION ALL
    -- That a source is away is told once, and is trouble of each of its tables.
    SELECT t.dataset, a.severity, a.status, a.opened_ts, a.resolved_ts
    FROM told AS a JOIN monitoring.source_tables AS t ON a.dataset = $sources || t.source
"""

#: Tables that are watched; some were never seen, because their source was away all the time.
_TABLES = "SELECT dataset FROM monitoring.source_tables"

_STORED = "SELECT scope, name, day, score, parts FROM monitoring.scores WHERE day >= ?"


@dataclass(frozen=True)
class ScoreSummary:
    """What an update of the scores did, the newest score of each dataset, and alerts of scores that fell."""

    written: int
    newest: Mapping[str, float]
    opened: int = 0


@dataclass(frozen=True)
class _Incident:
    severity: Severity
    status: str
    opened: datetime
    resolved: datetime | None

    def open_at(self, moment: datetime, now: datetime) -> bool:
        """Whether it was open then; what is muted now does not count now."""
        if self.opened > moment or (self.resolved is not None and self.resolved <= moment):
            return False
        return moment < now or self.status in ("open", "acknowledged")


def update_scores(
    store: Store, now: datetime | None = None, *, rules: ScoreRules | None = None
) -> ScoreSummary:
    """Score every dataset for each of the last `SCORED_DAYS` days; what has not changed is not written again.

    A day without data carries on what was known, with its freshness gone down. Sources, owners and the whole
    have the mean of their datasets. A score that fell opens an alert, once.

    Args:
        store: The open store.
        now: The time of the newest score; ``None`` is now.
        rules: Weights of the parts, and from which fall people are told; the usual ones when left out.
    """
    rules = rules or ScoreRules()
    now = now or datetime.now(UTC)
    first = (now - timedelta(days=SCORED_DAYS - 1)).date()
    asked = {"since": datetime.combine(first, time(), UTC), "now": now}
    facts = _facts(store.rows(_DAYS, {"since": asked["since"]}))
    incidents = defaultdict(list)
    for row in store.rows(_ALERTS, asked | {"scorecard": SCORECARD, "sources": SOURCES}):
        incidents[row["dataset"]].append(
            _Incident(row["severity"], row["status"], row["opened_ts"], row["resolved_ts"])
        )
    clocks = {
        row["dataset"]: timedelta(seconds=row["behind"])
        for row in store.rows(_CLOCKS, {"since": asked["since"]})
    }
    known = _batches(store.rows(_BATCHES, {"since": asked["since"]}))
    for dataset in (row["dataset"] for row in store.rows(_TABLES)):
        if dataset not in known and incidents[dataset]:
            known[dataset] = _never_seen(incidents[dataset], asked["since"])
    rows = [
        row
        for dataset, batches in known.items()
        for row in _by_own_clock(
            dataset,
            batches,
            _Known(facts.get(dataset, {}), incidents[dataset], rules.weights),
            (now, clocks.get(dataset)),
        )
        if row.day >= first
    ]
    newest = {row.name: row.score for row in rows}
    stored = {
        (row["scope"], row["name"], row["day"]): (row["score"], row["parts"])
        for row in store.rows(_STORED, [first])
    }
    scored = read_scored(store, newest)
    changed = [
        row
        for row in [*rows, *mean_scores(scored, rows)]
        if stored.get((row.scope, row.name, row.day)) != (row.score, row.parts)
    ]
    if changed:
        with store.transaction("monitoring.scores") as tx:
            upsert_rows(tx, "monitoring.scores", changed)
    return ScoreSummary(len(changed), newest, tell_drops(store, scored, now.date(), rules.drop))


@dataclass(frozen=True)
class _Batches:
    """Time of the newest batch of each day, and the usual interval; seconds."""

    newest: Mapping[date, float]
    interval: float | None


_Facts = Mapping[date, Mapping[str, tuple[float, float]]]


def _facts(rows: Sequence[Mapping[str, Any]]) -> dict[str, dict[date, dict[str, tuple[float, float]]]]:
    found: dict[str, dict[date, dict[str, tuple[float, float]]]] = {}
    for row in rows:
        if row["a"] is not None:
            day = found.setdefault(row["dataset"], {}).setdefault(row["day"], {})
            day[row["fact"]] = (row["a"], row["b"])
    return found


def _batches(rows: Sequence[Mapping[str, Any]]) -> dict[str, _Batches]:
    newest: dict[str, dict[date, float]] = defaultdict(dict)
    interval: dict[str, float | None] = {}
    for row in rows:
        newest[row["dataset"]][row["day"]] = row["newest"]
        interval[row["dataset"]] = max(row["gap"], SHORTEST_INTERVAL) if row["gap"] else None
    return {name: _Batches(days, interval[name]) for name, days in newest.items()}


@dataclass(frozen=True)
class _Known:
    """What a dataset's scores are made from beside the times of its batches."""

    facts: _Facts
    incidents: Sequence[_Incident]
    weights: Mapping[Part, float]


def _never_seen(incidents: Sequence[_Incident], since: datetime) -> _Batches:
    """A table of which nothing but trouble is known is scored from the day on which that began."""
    began = max(min(incident.opened for incident in incidents), since)
    return _Batches({began.date(): began.timestamp()}, None)


def _by_own_clock(
    dataset: str, batches: _Batches, known: _Known, clock: tuple[datetime, timedelta | None]
) -> list[ScoreRow]:
    """Scores of a source at its own time; its today is ours."""
    now, behind = clock
    if behind is None:
        return _scored(dataset, batches, known, now)
    own = now - behind
    shift = now.date() - own.date()
    return [replace(row, day=row.day + shift) for row in _scored(dataset, batches, known, own)]


def _scored(dataset: str, batches: _Batches, known: _Known, now: datetime) -> list[ScoreRow]:
    rows = []
    day, facts, newest = min(batches.newest), {}, 0.0
    while day <= now.date():
        newest = max(batches.newest.get(day, newest), newest)
        facts = known.facts.get(day, facts)
        moment = min(datetime.combine(day + timedelta(days=1), time(), UTC), now)
        measured = _measured(
            facts,
            max(moment.timestamp() - newest, 0.0),
            batches.interval,
            [incident.severity for incident in known.incidents if incident.open_at(moment, now)],
        )
        score = score_of(measured, known.weights)
        if score is not None:
            parts = as_json({part: round(share, 4) for part, share in score.parts.items()})
            rows.append(ScoreRow("dataset", dataset, day, score.score, parts))
        day += timedelta(days=1)
    return rows


def _measured(
    facts: Mapping[str, tuple[float, float]], age: float, interval: float | None, alerts: Sequence[Severity]
) -> Measured:
    def pair(name: str) -> tuple[int, int]:
        amount, bad = facts.get(name, (0.0, 0.0))
        return int(amount), int(bad)

    rows, checks, judged, volume, schema = map(pair, ("rows", "checks", "judged", "volume", "schema"))
    return Measured(
        nulls=facts["nulls"][0] if "nulls" in facts else None,
        checks=checks[0],
        failed_checks=checks[1],
        rows=rows[0],
        rows_quarantined=rows[1],
        judged=judged[0],
        anomalous=judged[1],
        volume_judged=volume[0],
        volume_anomalous=volume[1],
        schemas=schema[0],
        breaking_schemas=schema[1],
        age=age,
        interval=interval,
        open_alerts=alerts,
    )
