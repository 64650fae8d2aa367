"""Alerts about pipelines themselves: opened by a failure, resolved by the next success."""

from dataclasses import replace
from datetime import datetime, timedelta

from dqm_assets.pipeline.alert_rows import alert_of
from dqm_assets.pipeline.alert_writing import ALERT_TABLES, write_alerts
from dqm_assets.quality.alert import Alert, SeriesKey
from dqm_assets.quality.alerts import AlertPolicy, Finding, advance, resolve_by_engine
from dqm_assets.quality.verdict import limit_verdict
from dqm_assets.store import Store

PIPELINE_DETECTOR = "pipeline"
#: A pipeline that fails again so soon after it worked still has the same trouble: its alert reopens.
_POLICY = AlertPolicy(severity="error", resolve_after=1, reopen_within=timedelta(hours=1), escalate_after=24)

_NEWEST = """
    SELECT * FROM monitoring.alerts WHERE dataset = ? AND detector = ? AND metric = ?
    ORDER BY opened_ts DESC LIMIT 1
"""


def pipeline_alert(  # noqa: PLR0917 - read as a sentence: who, whether, where, why, when
    store: Store,
    pipeline: str,
    failed: bool,
    stage: str,
    reason: str,
    at: datetime,
    *,
    owner: str = "",
    dagster_run_id: str = "",
) -> Alert | None:
    """Take the end of an attempt of a pipeline into account.

    Failures that follow one another are one alert, which the next success resolves. The same attempt
    again, and one that is not newer than what was already seen, changes nothing.

    Args:
        store: The open store.
        pipeline: Name of the pipeline, such as ``crypto``; the alert's dataset.
        failed: How the attempt ended.
        stage: The stage it failed at; any text after a success.
        reason: Why, in one line or more.
        at: When the attempt ended.
        owner: Who is told.
        dagster_run_id: The run of the attempt, which the alert then links to.

    Returns:
        The newest alert of the pipeline; ``None`` if it never failed.
    """
    series = SeriesKey(pipeline, "", "", "failed", PIPELINE_DETECTOR)
    if not failed:
        # Most attempts succeed with nothing to resolve: they take no lock.
        newest = _newest(store.rows(_NEWEST, [pipeline, PIPELINE_DETECTOR, "failed"]))
        if newest is None or not newest.active:
            return newest
    title = f"{pipeline} failed at {stage}" if failed else f"{pipeline} works again"
    explanation = f"{title}: {reason}" if failed and reason else title
    # The attempt is a point of the series "failed": 0 or 1, where only 0 is normal.
    verdict = limit_verdict(PIPELINE_DETECTOR, at, float(failed), broken=failed)
    finding = Finding(series, dagster_run_id or at.isoformat(), verdict)
    return advance_alert(
        store,
        finding,
        replace(_POLICY, owner=owner),
        title if failed else "",
        explanation,
        failed_step=stage if failed else "",
    )


def advance_alert(
    store: Store,
    finding: Finding,
    policy: AlertPolicy,
    title: str,
    explanation: str,
    *,
    failed_step: str = "",
) -> Alert | None:
    """Take one finding of a series that stands alone into account: its alert, its events, what is told.

    Args:
        store: The open store.
        finding: The verdict and its address.
        policy: How alerts of this series live.
        title: What the alert is called; empty for a finding that is normal.
        explanation: Why, in a line; kept as the reason of what happened.
        failed_step: The step that failed, where the alert is about a pipeline.

    Returns:
        The newest alert of the series; ``None`` if there never was one.
    """
    series = finding.series
    asked = [series.dataset, series.detector, series.metric]
    with store.transaction(*ALERT_TABLES) as tx:
        before = _newest(tx.query(_NEWEST, asked).to_pylist())
        alert, happened = advance(before, finding, policy)
        if alert is None or alert is before:
            return alert
        if title:
            evidence = replace(alert.evidence, explanation=explanation, failed_step=failed_step)
            alert = replace(alert, title=title, evidence=evidence)
        events = [replace(event, reason=explanation) for event in happened]
        [alert] = write_alerts(tx, [alert], events)
    return alert


def end_alert(store: Store, series: SeriesKey, reason: str, at: datetime) -> None:
    """Resolve the alert of a series that stands alone and is not judged any more."""
    asked = [series.dataset, series.detector, series.metric]
    with store.transaction(*ALERT_TABLES) as tx:
        before = _newest(tx.query(_NEWEST, asked).to_pylist())
        if before is not None and before.active:
            alert, events = resolve_by_engine(before, reason, at)
            if alert is not None:
                write_alerts(tx, [alert], events)


def active_alert(store: Store, series: SeriesKey) -> Alert | None:
    """The newest alert of a series, if it is active; takes no lock."""
    newest = _newest(store.rows(_NEWEST, [series.dataset, series.detector, series.metric]))
    return newest if newest is not None and newest.active else None


def _newest(rows: list[dict]) -> Alert | None:
    return alert_of(rows[0]) if rows else None
