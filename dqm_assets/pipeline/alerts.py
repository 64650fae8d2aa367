"""Alerts: verdicts and contract outcomes → incidents that open once, are updated, and resolve."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from dqm_assets.notify.outbox import OUTBOX, enqueue
from dqm_assets.pipeline.alert_rows import alert_of, alert_row, event_row
from dqm_assets.pipeline.datasets import Dataset
from dqm_assets.pipeline.rows import upsert_rows
from dqm_assets.quality.alert import Alert, AlertEvent, SeriesKey
from dqm_assets.quality.alerts import AlertPolicy, Finding, advance
from dqm_assets.quality.detectors import Verdict
from dqm_assets.quality.grouping import group_alerts
from dqm_assets.store import Store, Transaction

CONTRACT_DETECTOR = "contract"
#: Alerts of a dataset that opened no further apart than this have one cause.
GROUPED_WITHIN = timedelta(minutes=30)

#: Verdicts of a dataset that its alerts have not taken into account and that could change something: all
#: since the newest alert of the series last looked, and unless that alert is active only from the first
#: anomalous one on.
_NEW_VERDICTS = """
    WITH newest AS (
        SELECT column_name, segment, metric, detector, status,
               CAST(json_extract_string(evidence, '$.seen_ts') AS TIMESTAMPTZ) AS seen_ts
        FROM monitoring.alerts WHERE dataset = $dataset
        QUALIFY row_number() OVER (
            PARTITION BY column_name, segment, metric, detector ORDER BY opened_ts DESC
        ) = 1
    ), unseen AS (
        SELECT v.*, coalesce(a.status <> 'resolved', false) AS active
        FROM ({found}) AS v LEFT JOIN newest AS a USING (column_name, segment, metric, detector)
        WHERE v.verdict <> 'learning' AND (a.seen_ts IS NULL OR v.ts > a.seen_ts)
    )
    SELECT column_name, segment, metric, detector, batch, ts, value, expected, lower, upper, score, verdict,
           method, n, snapshot, message
    FROM unseen
    QUALIFY active OR bool_or(verdict = 'anomalous') OVER (
        PARTITION BY column_name, segment, metric, detector ORDER BY ts, batch ROWS UNBOUNDED PRECEDING
    )
    ORDER BY ts, batch
"""

_METRIC_VERDICTS = "SELECT *, '' AS message FROM monitoring.verdicts WHERE dataset = $dataset"

#: A clause that fails is an anomaly of the series "failing rows of that clause".
_CONTRACT_VERDICTS = """
    SELECT '' AS column_name, '' AS segment, c.clause AS metric, 'contract' AS detector,
           c.run_id AS batch, r.ts, CAST(c.failing_rows AS DOUBLE) AS value,
           NULL AS expected, NULL AS lower, NULL AS upper, 0.0 AS score,
           CASE WHEN c.passed THEN 'normal' ELSE 'anomalous' END AS verdict, 'contract' AS method,
           c.checked_rows AS n, c.snapshot, c.message
    FROM monitoring.contract_violations AS c JOIN metrics.runs AS r USING (dataset, run_id)
    WHERE dataset = $dataset AND c.severity <> 'info'
"""


@dataclass(frozen=True)
class AlertSummary:
    """What an update of the alerts did."""

    findings: int
    opened: int
    resolved: int
    active: int


@dataclass(frozen=True)
class _Found:
    """A finding, and the clause's own words where they say more than numbers do."""

    finding: Finding
    message: str


def update_alerts(store: Store, dataset: Dataset) -> AlertSummary:
    """Advance the alerts of a dataset by every verdict they have not seen; nothing new changes nothing.

    Alerts and their events are read, advanced and written under the lock of the alert
    table, so two processes that do this at once, or one that is killed and repeated,
    still make one alert per incident.
    """
    with store.transaction("monitoring.alerts", "monitoring.alert_events", OUTBOX) as tx:
        findings = [*_findings(tx, dataset, _METRIC_VERDICTS), *_findings(tx, dataset, _CONTRACT_VERDICTS)]
        alerts = newest_alerts(tx, dataset)
        before = dict(alerts)
        changed, events = _advance_all(alerts, findings, dataset)
        grouped = _grouped(tx, dataset, changed)
        upsert_rows(tx, "monitoring.alerts", [alert_row(alert) for alert in grouped])
        upsert_rows(tx, "monitoring.alert_events", [event_row(event) for event in events])
        enqueue(tx, events, grouped)
    names = [event.event for event in events]
    active = sum(alert.active for alert in {**before, **alerts}.values())
    return AlertSummary(len(findings), names.count("opened"), names.count("resolved"), active)


def newest_alerts(tx: Transaction, dataset: Dataset) -> dict[SeriesKey, Alert]:
    """The newest alert of each series of a dataset, as the transaction sees it."""
    table = tx.query(
        "SELECT * FROM monitoring.alerts WHERE dataset = ? QUALIFY row_number() OVER "
        "(PARTITION BY column_name, segment, metric, detector ORDER BY opened_ts DESC) = 1",
        [dataset.name],
    )
    alerts = (alert_of(row) for row in table.to_pylist())
    return {alert.series: alert for alert in alerts}


def _findings(tx: Transaction, dataset: Dataset, found: str) -> Iterator[_Found]:
    rows = tx.query(_NEW_VERDICTS.format(found=found), {"dataset": dataset.name}).to_pylist()
    nan = float("nan")
    for row in rows:
        series = SeriesKey(dataset.name, row["column_name"], row["segment"], row["metric"], row["detector"])
        numbers = {
            name: nan if row[name] is None else row[name] for name in ("value", "expected", "lower", "upper")
        }
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
        yield _Found(Finding(series, row["batch"], verdict, row["snapshot"]), row["message"])


def _advance_all(
    alerts: dict[SeriesKey, Alert], findings: Sequence[_Found], dataset: Dataset
) -> tuple[list[Alert], list[AlertEvent]]:
    """Advance ``alerts`` in place; return every alert that changed, also those that a newer one followed."""
    policy = AlertPolicy(owner=dataset.owner)
    contract_policy = replace(policy, severity="error")
    changed: dict[str, Alert] = {}
    events: list[AlertEvent] = []
    for found in findings:
        finding = found.finding
        before = alerts.get(finding.series)
        alert, happened = advance(
            before, finding, contract_policy if finding.series.detector == CONTRACT_DETECTOR else policy
        )
        if alert is None or alert is before:
            continue
        if found.message and finding.verdict.verdict == "anomalous":
            alert = replace(
                alert, title=found.message, evidence=replace(alert.evidence, explanation=found.message)
            )
        alerts[finding.series] = alert
        changed[alert.alert_id] = alert
        events += happened
    return list(changed.values()), events


def _grouped(tx: Transaction, dataset: Dataset, alerts: Sequence[Alert]) -> list[Alert]:
    """Give each new alert the group of what it began with, whether that came in this update or before."""
    if not alerts:
        return []
    own = {alert.alert_id for alert in alerts}
    earlier = tx.query(
        "SELECT * FROM monitoring.alerts WHERE dataset = ? AND opened_ts >= ?",
        [dataset.name, min(alert.opened_ts for alert in alerts) - GROUPED_WITHIN],
    )
    known = [alert_of(row) for row in earlier.to_pylist() if row["alert_id"] not in own]
    groups = group_alerts([*alerts, *known], within=GROUPED_WITHIN)
    keys = {member.alert_id: group.root.group_key for group in groups for member in group.alerts}
    return [
        replace(alert, group_key=keys[alert.alert_id]) if alert.group_key == alert.alert_id else alert
        for alert in alerts
    ]
