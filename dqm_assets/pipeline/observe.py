"""Observe: points of any source → metrics, verdicts, detector states, alerts and their events, at once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from dqm_assets.pipeline.alert_writing import ALERT_TABLES
from dqm_assets.pipeline.incidents import Incidents, concerned_alerts, with_explanations, write_incidents
from dqm_assets.pipeline.measure import MetricRow
from dqm_assets.pipeline.rows import append_rows, upsert_rows
from dqm_assets.pipeline.segment_explanation import explain_by_segments
from dqm_assets.pipeline.series_memory import SeriesMemory
from dqm_assets.pipeline.series_states import Judged, judge_points
from dqm_assets.pipeline.stored_points import Arrivals
from dqm_assets.pipeline.verdict_rows import verdict_row
from dqm_assets.pipeline.watch import Point, Watch
from dqm_assets.quality.alert import Alert, SeriesKey
from dqm_assets.quality.alerts import AlertPolicy, Finding, joined
from dqm_assets.quality.segments import Explanation
from dqm_assets.store import Store, Transaction

__all__ = ["ObserveSummary", "Point", "Watch", "observe"]


@dataclass(frozen=True)
class ObserveSummary:
    """What an observation did.

    Attributes:
        points: points that were new or corrected.
        verdicts: verdicts given; ``anomalous`` and ``learning`` of them.
        opened, resolved: alerts that did so.
        active: active alerts of the dataset afterwards that these points could concern.
    """

    points: int = 0
    verdicts: int = 0
    anomalous: int = 0
    learning: int = 0
    opened: int = 0
    resolved: int = 0
    active: int = 0


def observe(
    store: Store,
    dataset: str,
    points: Sequence[Point],
    watches: Sequence[Watch],
    *,
    owner: str = "",
    simulated: bool = False,
    retention_days: int | None = None,
    explain: Callable[[Alert], Explanation | None] | None = None,
    memory: SeriesMemory | None = None,
) -> ObserveSummary:
    """Keep points, judge them, and bring alerts up to date, all in one transaction.

    The same points again change nothing. A point that comes late is judged by what was before it. Two
    processes may observe one dataset at once: one waits for the other.

    Args:
        store: The open store.
        dataset: Name of the dataset.
        points: New points of any number of series, in any order.
        watches: How metrics are judged; points of metrics without a watch are only kept.
        owner: Who is told.
        simulated: Whether the data is made up.
        retention_days: days that the dataset's rows stay; left out, the setting's.
        explain: Says what explains an alert that was opened or got worse; when left out, the segments of the
            alert's own metric do.
        memory: of a service that observes this dataset again and again; judging is the same without it.
    """
    if not points:
        return ObserveSummary()
    lasting, memory = memory is not None, memory or SeriesMemory(store, dataset)
    with store.locked(f"observe:{dataset}"):
        try:
            memory.refresh()
            arrived = memory.arrivals(points)
            if not arrived.points:
                return ObserveSummary()
            judged = judge_points(store, dataset, arrived.points, watches, memory.training(), memory.live)
            calm = memory.is_calm(judged.findings)
            incidents = Incidents()
            with store.transaction(*(() if calm else ALERT_TABLES)) as tx:
                _write(tx, dataset, arrived, judged, retention_days or store.settings.retention_days)
                if not calm:
                    policies = _policies(watches, owner, simulated=simulated)
                    joining = {
                        (watch.metric, watch.detector): watch.joins for watch in watches if watch.joins
                    }
                    incidents = _incidents(tx, dataset, _joined(judged.findings, joining), policies, joining)
                    with_explanations(incidents, explain or _by_segments(tx))
                    write_incidents(tx, incidents)
            if lasting:
                at_rest = not incidents.active and not incidents.changed
                memory.keep(arrived, judged.learned, tx.mark, calm=at_rest)
        except BaseException:
            # Its detectors may have learned what was not written.
            memory.forget()
            raise
    return _summary(len(arrived.points), judged, incidents)


def _policies(watches: Sequence[Watch], owner: str, *, simulated: bool) -> dict[tuple[str, str], AlertPolicy]:
    """How alerts live, by metric and detector."""
    return {
        (watch.metric, watch.detector): AlertPolicy(
            severity=watch.severity, owner=owner, simulated=simulated, resolve_after=watch.resolve_after
        )
        for watch in watches
    }


def _write(tx: Transaction, dataset: str, arrived: Arrivals, judged: Judged, retention_days: int) -> None:
    """Append what is new (no look for equal keys: the lock of the dataset says there are none).

    Metrics are removed by the age of the data and verdicts by that of the judgement, so that of older data a
    verdict may be there whose point is not.
    """
    now = datetime.now(UTC)
    oldest = now - timedelta(days=retention_days)
    corrected = {(point.column_name, point.segment, point.metric, point.batch) for point in arrived.changed}
    fresh, again = [], []
    for finding in judged.findings:
        series = finding.series
        row = verdict_row(series, finding.batch, finding.verdict, snapshot=finding.snapshot or 0, now=now)
        known = (series.column_name, series.segment, series.metric, finding.batch) in corrected
        (again if known or finding.verdict.ts < oldest else fresh).append(row)
    append_rows(tx, "metrics.metrics", [_metric_row(dataset, point) for point in arrived.new])
    append_rows(tx, "monitoring.verdicts", fresh)
    upsert_rows(tx, "metrics.metrics", [_metric_row(dataset, point) for point in arrived.changed])
    upsert_rows(tx, "monitoring.verdicts", again)
    upsert_rows(tx, "monitoring.detector_states", judged.states)


def _metric_row(dataset: str, point: Point) -> MetricRow:
    return MetricRow(
        dataset, point.column_name, point.segment, point.metric, point.batch, point.ts, float(point.value)
    )


def _joined(findings: Sequence[Finding], joining: Mapping[tuple[str, str], str]) -> list[Finding]:
    """Findings in their order, where those of detectors that share alerts are one a point."""
    by_point: dict[tuple[SeriesKey, str], list[Finding]] = {}
    for finding in findings:
        series = finding.series
        leader = joining.get((series.metric, series.detector), series.detector)
        said = by_point.setdefault((replace(series, detector=leader), finding.batch), [])
        # The leader's word comes first: the alert is its.
        said.insert(0 if series.detector == leader else len(said), finding)
    return [joined(series, said) for (series, _), said in by_point.items()]


def _incidents(
    tx: Transaction,
    dataset: str,
    findings: Sequence[Finding],
    policies: dict[tuple[str, str], AlertPolicy],
    joining: Mapping[tuple[str, str], str],
) -> Incidents:
    if not findings:
        return Incidents()
    alerts = concerned_alerts(tx, dataset, findings[0].verdict.ts, AlertPolicy())
    incidents = Incidents.of(alerts)
    for alert in [alert for alert in incidents.active if (alert.metric, alert.detector) in joining]:
        leader = joining[alert.metric, alert.detector]
        incidents.resolve(alert, f"its detector tells of it in the alerts of {leader} now", alert.last_ts)
    for finding in findings:
        incidents.take(finding, policies[finding.series.metric, finding.series.detector])
    return incidents


def _by_segments(tx: Transaction) -> Callable[[Alert], Explanation | None]:
    return lambda alert: explain_by_segments(tx, alert)


def _summary(points: int, judged: Judged, incidents: Incidents) -> ObserveSummary:
    names = [event.event for event in incidents.events]
    verdicts = [finding.verdict.verdict for finding in judged.findings]
    return ObserveSummary(
        points,
        len(verdicts),
        verdicts.count("anomalous"),
        verdicts.count("learning"),
        names.count("opened"),
        names.count("resolved"),
        len(incidents.active),
    )
