"""Alerts and their histories."""

from dataclasses import dataclass
from typing import Any

from dash_app.services.records import Alert, AlertEvent, AlertPage
from dash_app.services.rows import as_count, as_json, as_number, as_text, as_utc
from dqm_assets.store import Store

ALERT_COLUMNS = """
    alert_id, dataset, column_name, segment, metric, detector, severity, status, title, opened_ts, last_ts,
    resolved_ts, first_batch, last_batch, evaluations, value, expected, lower, upper, score, owner, snapshot,
    updated_at, evidence, coalesce(raised_at, opened_ts) AS raised_at, group_key, caused_by,
    (
        SELECT c.title FROM monitoring.alerts AS c
        WHERE alerts.caused_by <> '' AND c.alert_id = alerts.caused_by
    ) AS cause_title,
    (
        SELECT list(DISTINCT d.dataset ORDER BY d.dataset) FROM monitoring.alerts AS d
        WHERE d.caused_by <> '' AND d.status <> 'resolved' AND d.caused_by = alerts.alert_id
    ) AS affects
"""

ALERT_FILTER = """
    ($dataset IS NULL OR dataset = $dataset)
    AND (len($statuses::VARCHAR[]) = 0 OR list_contains($statuses::VARCHAR[], status))
    AND ($severity IS NULL OR severity = $severity)
    AND ($search = '' OR contains(lower(concat_ws(' ', title, dataset, column_name, owner)), lower($search)))
"""

ALERT_PAGE = f"""
SELECT {ALERT_COLUMNS}, count(*) OVER () AS total
FROM monitoring.alerts
WHERE {ALERT_FILTER}
ORDER BY
    max(coalesce(raised_at, opened_ts)) OVER (PARTITION BY coalesce(nullif(caused_by, ''), alert_id)) DESC,
    coalesce(nullif(caused_by, ''), alert_id), caused_by <> '',
    coalesce(raised_at, opened_ts) DESC, opened_ts DESC, alert_id
LIMIT $limit OFFSET $offset
"""  # noqa: S608 - only the constants above are put in; values are parameters

ALERT_COUNT = f"SELECT count(*) AS total FROM monitoring.alerts WHERE {ALERT_FILTER}"  # noqa: S608 - as above

ALERT_BY_ID = f"SELECT {ALERT_COLUMNS} FROM monitoring.alerts WHERE alert_id = $alert_id"  # noqa: S608 - as above

ALERT_EVENTS = """
SELECT ts, event, actor, reason, coalesce(recorded_at, ts) AS recorded_at
FROM monitoring.alert_events
WHERE alert_id = $alert_id
ORDER BY coalesce(recorded_at, ts), ts, event_id
"""

OPEN_COUNTS = """
SELECT dataset, severity, count(*) AS alerts
FROM monitoring.alerts
WHERE status IN ('open', 'acknowledged')
GROUP BY dataset, severity
ORDER BY dataset, severity
"""


@dataclass(frozen=True, slots=True)
class AlertFilter:
    """Which alerts a page holds; ``None`` and the empty tuple ask for no limit on that field."""

    dataset: str | None = None
    statuses: tuple[str, ...] = ()
    severity: str | None = None
    search: str = ""


def alert_page(store: Store, where: AlertFilter, limit: int, offset: int = 0) -> AlertPage:
    """Read a page of alerts, the last raised first, what another one caused right behind that one."""
    chosen = {
        "dataset": where.dataset,
        "statuses": list(where.statuses),
        "severity": where.severity,
        "search": where.search.strip(),
    }
    rows = store.rows(ALERT_PAGE, {**chosen, "limit": limit, "offset": offset})
    # Past the end, the window function has no row to say the total in.
    counted = rows or store.rows(ALERT_COUNT, chosen)
    return AlertPage(alerts=tuple(alert_of_row(row) for row in rows), total=int(counted[0]["total"]))


def alert_with_id(store: Store, alert_id: str) -> Alert | None:
    """Read one alert, or ``None`` if there is none of that id."""
    rows = store.rows(ALERT_BY_ID, {"alert_id": alert_id})
    return alert_of_row(rows[0]) if rows else None


def alert_events(store: Store, alert_id: str) -> tuple[AlertEvent, ...]:
    """Read what happened to an alert, oldest first."""
    return tuple(
        AlertEvent(
            ts=as_utc(row["ts"]),
            event=as_text(row["event"]),
            actor=as_text(row["actor"]),
            reason=as_text(row["reason"]),
            recorded_at=as_utc(row["recorded_at"]),
        )
        for row in store.rows(ALERT_EVENTS, {"alert_id": alert_id})
    )


def open_alert_counts(store: Store) -> dict[tuple[str, str], int]:
    """Count the alerts that are open or acknowledged, by (dataset, severity)."""
    return {(row["dataset"], row["severity"]): int(row["alerts"]) for row in store.rows(OPEN_COUNTS)}


def alert_of_row(row: dict[str, Any]) -> Alert:
    """Read a line of ``monitoring.alerts``."""
    return Alert(
        alert_id=row["alert_id"],
        dataset=row["dataset"],
        column=as_text(row["column_name"]),
        segment=as_text(row["segment"]),
        metric=as_text(row["metric"]),
        detector=as_text(row["detector"]),
        severity=as_text(row["severity"]),
        status=as_text(row["status"]),
        title=as_text(row["title"]),
        owner=as_text(row["owner"]),
        opened_ts=as_utc(row["opened_ts"]),
        last_ts=as_utc(row["last_ts"]),
        resolved_ts=as_utc(row["resolved_ts"]),
        first_batch=as_text(row["first_batch"]),
        last_batch=as_text(row["last_batch"]),
        evaluations=as_count(row["evaluations"]),
        value=as_number(row["value"]),
        expected=as_number(row["expected"]),
        lower=as_number(row["lower"]),
        upper=as_number(row["upper"]),
        score=as_number(row["score"]),
        snapshot=row["snapshot"],
        updated_at=as_utc(row["updated_at"]),
        raised_at=as_utc(row["raised_at"]),
        group=as_text(row["group_key"]),
        caused_by=as_text(row["caused_by"]),
        cause=as_text(row["cause_title"]),
        affects=tuple(row["affects"] or ()),
        evidence=as_json(row["evidence"]),
    )
