"""Alerts of a dataset of files: verdicts, contract outcomes, files not taken → incidents that open once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from dqm_assets.pipeline.alert_writing import ALERT_TABLES
from dqm_assets.pipeline.datasets import Dataset
from dqm_assets.pipeline.incidents import Incidents, concerned_alerts, with_explanations, write_incidents
from dqm_assets.pipeline.judge import DETECTOR_NAME
from dqm_assets.pipeline.rows import upsert_rows
from dqm_assets.pipeline.segment_explanation import explain_by_segments
from dqm_assets.quality.alert import Alert, SeriesKey, Severity
from dqm_assets.quality.alerts import AlertPolicy, Finding
from dqm_assets.quality.segments import Explanation
from dqm_assets.quality.verdict import Verdict
from dqm_assets.store import Store, Transaction

CONTRACT_DETECTOR = "contract"
ARRIVAL_DETECTOR = "arrival"
SCHEMA_DETECTOR = "schema"
_PROGRESS_TABLE = "monitoring.alert_progress"

#: Verdicts of a dataset that its alerts have not taken into account and that could change something: those
#: after the last that the newest alert of the series has seen, unless that alert is active only from the
#: first anomalous one on; and older anomalies, of batches that came late, that no alert covers.
_NEW_VERDICTS = """
    WITH known AS (
        SELECT column_name, segment, metric, detector, status, opened_ts, resolved_ts,
               CAST(json_extract_string(evidence, '$.seen_ts') AS TIMESTAMPTZ) AS seen_ts,
               coalesce(json_extract_string(evidence, '$.seen_batch'), '') AS seen_batch
        FROM monitoring.alerts WHERE dataset = $dataset
    ), newest AS (
        FROM known QUALIFY row_number() OVER (
            PARTITION BY column_name, segment, metric, detector ORDER BY opened_ts DESC
        ) = 1
    ), found AS ({found}), unseen AS (
        SELECT v.*, coalesce(a.status <> 'resolved', false) AS active
        FROM found AS v LEFT JOIN newest AS a USING (column_name, segment, metric, detector)
        WHERE v.verdict <> 'learning' AND (
            a.seen_ts IS NULL OR (v.ts, v.batch) > (a.seen_ts, a.seen_batch)
            OR (v.verdict = 'anomalous' AND NOT EXISTS (
                FROM known AS k
                WHERE k.column_name = v.column_name AND k.segment = v.segment AND k.metric = v.metric
                  AND k.detector = v.detector AND k.opened_ts <= v.ts
                  AND v.ts <= coalesce(k.resolved_ts, k.seen_ts)
            ))
        )
    )
    SELECT column_name, segment, metric, detector, batch, ts, value, expected, lower, upper, score, verdict,
           method, n, snapshot, message, severity
    FROM unseen
    QUALIFY active OR bool_or(verdict = 'anomalous') OVER (
        PARTITION BY column_name, segment, metric, detector ORDER BY ts, batch ROWS UNBOUNDED PRECEDING
    )
    ORDER BY source, ts, batch
"""

_METRIC_VERDICTS = (
    "SELECT *, '' AS message, 'warning' AS severity FROM monitoring.verdicts "
    "WHERE dataset = $dataset AND detector = 'run_metric' AND judged_at >= $since"
)

#: A clause that fails is an anomaly of the series "failing rows of that clause".
_CONTRACT_VERDICTS = """
    SELECT '' AS column_name, '' AS segment, c.clause AS metric, 'contract' AS detector,
           c.run_id AS batch, r.ts, CAST(c.failing_rows AS DOUBLE) AS value,
           NULL AS expected, NULL AS lower, NULL AS upper, 0.0::DOUBLE AS score,
           CASE WHEN c.passed THEN 'normal' ELSE 'anomalous' END AS verdict, 'contract' AS method,
           c.checked_rows AS n, c.snapshot, c.message, c.severity
    FROM monitoring.contract_violations AS c JOIN metrics.runs AS r USING (dataset, run_id)
    WHERE dataset = $dataset AND c.severity <> 'info' AND c.checked_at >= $since
      AND coalesce(c.missing_column, '') = ''
"""

#: Clauses whose column is missing are one fact, told with the rename that explains it; the clauses themselves
#: are neither normal nor anomalous then. Of a blocked run its own alert tells.
_MISSING_VERDICTS = """
    SELECT '' AS column_name, '' AS segment, 'missing_columns' AS metric, 'schema' AS detector,
           c.run_id AS batch, any_value(r.ts) AS ts,
           count(DISTINCT nullif(c.missing_column, ''))::DOUBLE AS value,
           NULL AS expected, NULL AS lower, NULL AS upper, 0.0::DOUBLE AS score,
           CASE WHEN bool_or(c.missing_column <> '') THEN 'anomalous' ELSE 'normal' END AS verdict,
           'schema' AS method, 1 AS n, max(c.snapshot) AS snapshot,
           CASE WHEN bool_or(c.missing_column <> '' AND c.severity = 'error') THEN 'error'
           ELSE 'warning' END AS severity,
           concat(
               coalesce(
                   nullif(any_value(h.broken), ''),
                   concat('missing: ', string_agg(DISTINCT nullif(c.missing_column, ''), ', '))
               ),
               '; ', count(*) FILTER (WHERE c.missing_column <> ''), ' clause(s) cannot be judged: ',
               string_agg(c.clause, ', ' ORDER BY c.clause) FILTER (WHERE c.missing_column <> '')
           ) AS message
    FROM monitoring.contract_violations AS c JOIN metrics.runs AS r USING (dataset, run_id)
    LEFT JOIN (
        SELECT dataset, run_id, array_to_string(list_transform(
            list_filter(
                from_json(breaches, '[{"kind": "VARCHAR", "detail": "VARCHAR"}]'),
                lambda change: change.kind IN ('removed', 'renamed')
            ),
            lambda change: change.detail
        ), '; ') AS broken
        FROM monitoring.schema_history WHERE dataset = $dataset
    ) AS h USING (dataset, run_id)
    WHERE dataset = $dataset AND c.severity <> 'info' AND c.checked_at >= $since AND r.status <> 'BLOCKED'
    GROUP BY c.run_id
"""

#: A file that cannot be read has no time of its own: files are in the order in which they were registered.
_ARRIVAL_VERDICTS = """
    SELECT '' AS column_name, '' AS segment, 'unreadable_files' AS metric, 'arrival' AS detector,
           run_id AS batch, registered_at AS ts, CAST(status = 'QUARANTINED' AS INTEGER)::DOUBLE AS value,
           NULL AS expected, NULL AS lower, NULL AS upper, 0.0::DOUBLE AS score,
           CASE WHEN status = 'QUARANTINED' THEN 'anomalous' ELSE 'normal' END AS verdict,
           'arrival' AS method, 1 AS n, snapshot, 'error' AS severity,
           concat(file, ' cannot be read: ', json_extract_string(reasons, '$[0].message')) AS message
    FROM metrics.runs WHERE dataset = $dataset AND registered_at >= $since
"""

#: A run that its contract's drift policy blocks is never judged: this is what tells of it. Under another
#: policy it is no news, and what was open when the policy changed ends.
_SCHEMA_VERDICTS = """
    SELECT '' AS column_name, '' AS segment, 'blocked_changes' AS metric, 'schema' AS detector,
           h.run_id AS batch, h.ts, coalesce(len(h.broken), 0)::DOUBLE AS value,
           NULL AS expected, NULL AS lower, NULL AS upper, 0.0::DOUBLE AS score,
           CASE WHEN len(h.broken) > 0 THEN 'anomalous' ELSE 'normal' END AS verdict, 'schema' AS method,
           1 AS n, r.snapshot, 'error' AS severity,
           concat('What follows run ', h.run_id, ' is blocked: ', array_to_string(h.broken, '; ')) AS message
    FROM (
        SELECT dataset, run_id, ts, CASE WHEN policy = 'block' THEN list_transform(
            list_filter(
                from_json(breaches, '[{"detail": "VARCHAR", "breaking": "BOOLEAN"}]'),
                lambda change: change.breaking
            ),
            lambda change: change.detail
        ) END AS broken
        FROM monitoring.schema_history
    ) AS h JOIN metrics.runs AS r USING (dataset, run_id)
    WHERE dataset = $dataset AND r.registered_at >= $since
"""
_SOURCES = (_METRIC_VERDICTS, _CONTRACT_VERDICTS, _MISSING_VERDICTS, _ARRIVAL_VERDICTS, _SCHEMA_VERDICTS)
#: All of them in one question: what a question costs is nearly all in asking.
_FOUND = " UNION ALL BY NAME ".join(
    f"SELECT *, {place} AS source FROM ({verdicts})"  # noqa: S608 (both are written above)
    for place, verdicts in enumerate(_SOURCES)
)

#: Judgements are stamped before they are committed, at most so long; what took longer is found by the look at
#: everything, once in `_WHOLE_EVERY`.
_COMMIT_LAG = timedelta(hours=1)
_WHOLE_EVERY = timedelta(days=1)
_EVER = datetime(1970, 1, 1, tzinfo=UTC)
_PROGRESS = "SELECT judged_until, whole_at FROM monitoring.alert_progress WHERE dataset = ?"
_NEWEST_STAMP = """
    SELECT max(stamp) AS stamp FROM (
        SELECT max(judged_at) AS stamp FROM monitoring.verdicts
        WHERE dataset = $dataset AND judged_at >= $since
        UNION ALL
        SELECT max(checked_at) FROM monitoring.contract_violations
        WHERE dataset = $dataset AND checked_at >= $since
        UNION ALL
        SELECT max(registered_at) FROM metrics.runs WHERE dataset = $dataset AND registered_at >= $since
    )
"""

#: Judged runs after the last verdict that an active alert has seen.
_RUNS_SINCE = """
    SELECT a.alert_id, count(*) AS runs, max(r.ts) AS last
    FROM monitoring.alerts AS a JOIN metrics.runs AS r
      ON r.dataset = a.dataset AND r.status IN ('GOOD', 'BAD')
     AND (r.ts, r.run_id) > (
         CAST(json_extract_string(a.evidence, '$.seen_ts') AS TIMESTAMPTZ),
         coalesce(json_extract_string(a.evidence, '$.seen_batch'), '')
     )
    WHERE a.dataset = $dataset AND a.detector = $detector AND a.status <> 'resolved'
    GROUP BY a.alert_id
"""
_NUMBERS = ("value", "expected", "lower", "upper")


@dataclass(frozen=True)
class AlertSummary:
    """What an update of the alerts did."""

    findings: int
    opened: int
    resolved: int
    active: int


@dataclass(frozen=True)
class ProgressRow:
    """A line of ``monitoring.alert_progress``: judgements stamped up to then were taken into account."""

    dataset: str
    judged_until: datetime
    whole_at: datetime


@dataclass(frozen=True)
class _Found:
    """A finding, how bad it is, and the clause's own words where they say more than numbers do."""

    finding: Finding
    severity: Severity
    message: str


def update_alerts(store: Store, dataset: Dataset) -> AlertSummary:
    """Advance the alerts of a dataset by every verdict they have not seen; nothing new changes nothing.

    An alert whose series is judged no more (its clause was removed, its column vanished) is resolved with
    that as the reason. Alerts, their events and what has to be told are read, advanced and written under the
    lock of the alert table, so two processes that do this at once, or one that is killed and repeated, still
    make one alert per incident. Only judgements since the last update are read, and all of them once a day.
    """
    with store.transaction(*ALERT_TABLES, _PROGRESS_TABLE) as tx:
        before, now = _progress(tx, dataset), datetime.now(UTC)
        whole = before is None or now - before.whole_at >= _WHOLE_EVERY
        judged_since = _EVER if before is None or whole else before.judged_until - _COMMIT_LAG
        findings = _findings(tx, dataset, judged_since)
        since = min((found.finding.verdict.ts for found in findings), default=datetime.now(UTC))
        incidents = Incidents.of(concerned_alerts(tx, dataset.name, since, AlertPolicy()))
        for found in findings:
            incidents.take(found.finding, _policy(dataset, found), found.message)
        _resolve_vanished(tx, dataset, incidents)
        with_explanations(incidents, lambda alert: _explanation(tx, alert))
        write_incidents(tx, incidents)
        newest = tx.query(_NEWEST_STAMP, {"dataset": dataset.name, "since": judged_since}).to_pylist()
        until = newest[0]["stamp"]
        if until is not None and (before is None or whole or until > before.judged_until):
            whole_at = now if before is None or whole else before.whole_at
            upsert_rows(tx, _PROGRESS_TABLE, [ProgressRow(dataset.name, until, whole_at)])
    names = [event.event for event in incidents.events]
    return AlertSummary(len(findings), names.count("opened"), names.count("resolved"), len(incidents.active))


def _progress(tx: Transaction, dataset: Dataset) -> ProgressRow | None:
    rows = tx.query(_PROGRESS, [dataset.name]).to_pylist()
    return ProgressRow(dataset.name, **rows[0]) if rows else None


def _findings(tx: Transaction, dataset: Dataset, since: datetime) -> list[_Found]:
    rows = tx.query(_NEW_VERDICTS.format(found=_FOUND), {"dataset": dataset.name, "since": since}).to_pylist()
    nan = float("nan")
    findings = []
    for row in rows:
        series = SeriesKey(dataset.name, row["column_name"], row["segment"], row["metric"], row["detector"])
        numbers = {name: nan if row[name] is None else row[name] for name in _NUMBERS}
        verdict = Verdict(
            ts=row["ts"],
            **numbers,
            scale=nan,
            score=row["score"] or 0.0,
            verdict=row["verdict"],
            method=row["method"],
            n=row["n"],
            needed=0,
            params={},
        )
        finding = Finding(series, row["batch"], verdict, row["snapshot"])
        findings.append(_Found(finding, row["severity"], row["message"]))
    return findings


def _policy(dataset: Dataset, found: _Found) -> AlertPolicy:
    """How alerts of a series live: the next file that is taken ends the trouble of one that was not."""
    single = found.finding.series.detector in {ARRIVAL_DETECTOR, SCHEMA_DETECTOR}
    return AlertPolicy(
        severity=found.severity,
        owner=dataset.owner,
        resolve_after=1 if single else AlertPolicy.resolve_after,
    )


def _explanation(tx: Transaction, alert: Alert) -> Explanation | None:
    return explain_by_segments(tx, alert) if alert.detector == DETECTOR_NAME else None


def _resolve_vanished(tx: Transaction, dataset: Dataset, incidents: Incidents) -> None:
    """Resolve what no verdict will ever resolve."""
    now = datetime.now(UTC)
    watched = _watched_clauses(dataset)
    for alert in [alert for alert in incidents.active if alert.detector == CONTRACT_DETECTOR]:
        if alert.metric not in watched:
            incidents.resolve(alert, f"the contract has no clause {alert.metric} any more", now)
    metric_alerts = [alert for alert in incidents.active if alert.detector == DETECTOR_NAME]
    if not metric_alerts:
        return
    rows = tx.query(_RUNS_SINCE, {"dataset": dataset.name, "detector": DETECTOR_NAME}).to_pylist()
    missed = {row["alert_id"]: row["runs"] for row in rows}
    for alert in metric_alerts:
        # An alert that has just taken findings into account has seen newer runs than the stored one.
        runs = 0 if alert.alert_id in incidents.changed else missed.get(alert.alert_id, 0)
        if runs >= AlertPolicy.resolve_after:
            what = alert.column_name or alert.metric
            incidents.resolve(alert, f"it vanished: the last {runs} runs have no {what}", now)


def _watched_clauses(dataset: Dataset) -> Sequence[str]:
    if dataset.contract is None:
        return ()
    return [clause.id for clause in dataset.contract.clauses if clause.severity != "info"]
