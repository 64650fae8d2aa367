"""Lifecycle of alerts as pure functions: open, acknowledged or muted, resolved, perhaps reopened."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from dqm_assets.errors import SettingsError
from dqm_assets.quality.alert import (
    SEVERITIES,
    Alert,
    AlertEvent,
    DetectorEvidence,
    EventName,
    Evidence,
    EvidencePoint,
    SeriesKey,
    Severity,
    alert_id_of,
    event_of,
)
from dqm_assets.quality.metric_words import title_of
from dqm_assets.quality.verdict import Verdict

DETECTOR_ACTOR = "detector"
_POINTS_KEPT = 5
#: An incident counts as worse, and is reported as updated, when its worst point lies this much further out.
_WORSE = 1.5
Change = tuple[Alert | None, tuple[AlertEvent, ...]]


@dataclass(frozen=True)
class AlertPolicy:
    """How alerts of a series live.

    Attributes:
        severity: at opening.
        resolve_after: normal points in a row after which an incident is over.
        reopen_within: an anomaly so soon after the resolution is the same incident.
        error_beyond, critical_beyond: distance outside the band, in half widths, that raises the severity.
        escalate_after: anomalous points after which the severity rises by one; 0 for never.
        owner: from the contract's team.
        simulated: whether the data behind it is made up.
    """

    severity: Severity = "warning"
    resolve_after: int = 3
    reopen_within: timedelta = timedelta(hours=24)
    error_beyond: float = 3.0
    critical_beyond: float = 10.0
    escalate_after: int = 24
    owner: str = ""
    simulated: bool = False


@dataclass(frozen=True)
class Finding:
    """A verdict with its address: which series, which batch, which snapshot of the store.

    Attributes:
        also: verdicts of other detectors on the same point that say the same, by detector.
        excess: how far outside the band the value is, in half widths of the band.
    """

    series: SeriesKey
    batch: str
    verdict: Verdict
    snapshot: int | None = None
    also: tuple[tuple[str, Verdict], ...] = ()
    excess: float = field(init=False)

    @property
    def place(self) -> tuple[datetime, str]:
        """Where the point stands in its series: its time, then its batch."""
        return self.verdict.ts, self.batch

    def __post_init__(self) -> None:
        """Work out how far outside the band the value is, in half widths of the band."""
        object.__setattr__(self, "excess", _excess(self.verdict))

    @property
    def explanation(self) -> str:
        """One line for people; of several detectors, each by its name."""
        if not self.also:
            return self.verdict.explanation
        return "; ".join(f"{detector}: {verdict.explanation}" for detector, verdict in self.said)

    @property
    def said(self) -> tuple[tuple[str, Verdict], ...]:
        """The verdicts behind it, by detector; its own series' detector may have found nothing."""
        if any(verdict is self.verdict for _, verdict in self.also):
            return self.also
        return ((self.series.detector, self.verdict), *self.also)


def joined(series: SeriesKey, findings: Sequence[Finding]) -> Finding:
    """One finding of what several detectors say of one point.

    It is anomalous when one of them finds it so, by the numbers of the first that does, and normal when none
    does; those that still learn have no say unless all do.

    Args:
        series: the series whose alert it is; its detector is one of them.
        findings: at least one, the most telling first.
    """
    bad = [one for one in findings if one.verdict.verdict == "anomalous"]
    normal = [one for one in findings if one.verdict.verdict == "normal"]
    chosen = (bad or normal or list(findings))[0]
    also = tuple((one.series.detector, one.verdict) for one in bad if one.series.detector != series.detector)
    return replace(chosen, series=series, also=also)


def _excess(verdict: Verdict) -> float:
    bound = verdict.upper if verdict.value > verdict.expected else verdict.lower
    width = abs(bound - verdict.expected)
    distance = abs(verdict.value - verdict.expected)
    if not distance > 0:
        return 0.0
    return distance / width if width > 0 else float("inf")


def advance(alert: Alert | None, finding: Finding, policy: AlertPolicy | None = None) -> Change:
    """Take one verdict into account.

    Args:
        alert: the newest alert of the series, whatever its status; ``None`` if there never was one.
        finding: the verdict and its address.
        policy: how alerts of this series live.

    Returns:
        The newest alert of the series afterwards, and what happened. The same finding again, or one that is
        not newer than what was already seen, returns the same alert and nothing happened. Ids are made from
        series and incident start, so a replay of history makes the same alerts and events.
    """
    policy = policy or AlertPolicy()
    verdict = finding.verdict
    if verdict.verdict == "learning" or (alert is not None and finding.place <= alert.evidence.seen):
        return alert, ()
    if verdict.verdict == "normal":
        return _calm(alert, finding, policy) if alert is not None and alert.active else (alert, ())
    if alert is None or _is_over(alert, verdict.ts, policy):
        return _open(finding, policy)
    return _continue(alert, finding, policy)


def _is_over(alert: Alert, ts: datetime, policy: AlertPolicy) -> bool:
    return alert.resolved_ts is not None and ts - alert.resolved_ts > policy.reopen_within


def _open(finding: Finding, policy: AlertPolicy) -> Change:
    verdict, series = finding.verdict, finding.series
    alert_id = alert_id_of(series, verdict.ts)
    point = EvidencePoint(verdict.ts, finding.batch, verdict.value, verdict.score)
    severity = _severity(policy, policy.severity, finding.excess, 1)
    alert = Alert(
        alert_id=alert_id,
        dataset=series.dataset,
        column_name=series.column_name,
        segment=series.segment,
        metric=series.metric,
        detector=series.detector,
        severity=severity,
        status="open",
        title=title_of(series, verdict.value, verdict.lower, verdict.upper),
        opened_ts=verdict.ts,
        last_ts=verdict.ts,
        resolved_ts=None,
        first_batch=finding.batch,
        last_batch=finding.batch,
        evaluations=1,
        value=verdict.value,
        expected=verdict.expected,
        lower=verdict.lower,
        upper=verdict.upper,
        score=verdict.score,
        owner=policy.owner,
        group_key=alert_id,
        evidence=Evidence(
            verdict.ts,
            0,
            finding.excess,
            (point,),
            (point,),
            explanation=finding.explanation,
            seen_batch=finding.batch,
            simulated=policy.simulated,
            detectors=_detectors((), finding),
        ),
        snapshot=finding.snapshot,
        updated_at=verdict.ts,
    )
    details = {"severity": severity, "score": verdict.score}
    return alert, (
        event_of(
            alert_id, verdict.ts, "opened", actor=DETECTOR_ACTOR, reason=finding.explanation, details=details
        ),
    )


def _continue(alert: Alert, finding: Finding, policy: AlertPolicy) -> Change:
    """Another anomalous point of an incident that is open, or that ended a moment ago."""
    verdict, old = finding.verdict, alert.evidence
    point = EvidencePoint(verdict.ts, finding.batch, verdict.value, verdict.score)
    count = alert.evaluations + 1
    worst = max(old.excess, finding.excess)
    severity = _severity(policy, alert.severity, worst, count)
    evidence = replace(
        old,
        seen_ts=verdict.ts,
        seen_batch=finding.batch,
        normal_points=0,
        excess=worst,
        first_points=(*old.first_points, point)[:_POINTS_KEPT],
        last_points=(*old.last_points, point)[-_POINTS_KEPT:],
        explanation=finding.explanation,
        detectors=_detectors(old.detectors, finding),
    )
    status = alert.status
    events = []
    mute_ended = status == "muted" and old.muted_until is not None and verdict.ts >= old.muted_until
    if status == "resolved" or mute_ended:
        reason = "anomalous again" if status == "resolved" else "the mute ended and it is still anomalous"
        status, evidence = "open", replace(evidence, muted_until=None)
        events.append(_event(alert, finding, "reopened", reason, severity))
    if severity != alert.severity:
        reason = f"{alert.severity} → {severity}: {count} anomalous points, worst {worst:.1f} bands away"
        events.append(_event(alert, finding, "escalated", reason, severity))
    elif finding.excess > _WORSE * old.excess:
        events.append(_event(alert, finding, "updated", finding.explanation, severity))
    after = replace(
        alert,
        severity=severity,
        status=status,
        last_ts=verdict.ts,
        resolved_ts=None,
        last_batch=finding.batch,
        evaluations=count,
        value=verdict.value,
        expected=verdict.expected,
        lower=verdict.lower,
        upper=verdict.upper,
        score=max(alert.score, verdict.score),
        evidence=evidence,
        snapshot=finding.snapshot if finding.snapshot is not None else alert.snapshot,
        updated_at=verdict.ts,
    )
    return after, tuple(events)


def _detectors(known: Sequence[DetectorEvidence], finding: Finding) -> tuple[DetectorEvidence, ...]:
    """What each detector says, with this finding's verdicts in the place of what it said before."""
    found = {each.detector: each for each in known}
    for detector, verdict in finding.said:
        since = found[detector].since if detector in found else verdict.ts
        found[detector] = DetectorEvidence(
            detector,
            since,
            verdict.value,
            verdict.expected,
            verdict.lower,
            verdict.upper,
            verdict.score,
            verdict.explanation,
        )
    return tuple(found.values())


def _calm(alert: Alert, finding: Finding, policy: AlertPolicy) -> Change:
    """A normal point during an incident: enough of them in a row resolve it."""
    verdict = finding.verdict
    normal = alert.evidence.normal_points + 1
    evidence = replace(alert.evidence, seen_ts=verdict.ts, seen_batch=finding.batch, normal_points=normal)
    if normal < policy.resolve_after:
        return replace(alert, evidence=evidence, updated_at=verdict.ts), ()
    reason = f"{normal} normal points in a row" if normal > 1 else "the next point is normal"
    return _resolved(replace(alert, evidence=evidence), DETECTOR_ACTOR, reason, verdict.ts)


def acknowledge(alert: Alert, actor: str, reason: str, at: datetime) -> Change:
    """Say that someone looks after it.

    Raises:
        SettingsError: the alert is resolved.
    """
    _must_be_active(alert, "acknowledged")
    if alert.status == "acknowledged":
        return alert, ()
    after = replace(alert, status="acknowledged", updated_at=at)
    return after, (event_of(alert.alert_id, at, "acknowledged", actor=actor, reason=reason, details={}),)


def mute(alert: Alert, actor: str, reason: str, at: datetime, until: datetime | None = None) -> Change:
    """Keep following the incident without telling anyone, until a time or until it resolves.

    Raises:
        SettingsError: the alert is resolved.
    """
    _must_be_active(alert, "muted")
    if alert.status == "muted" and alert.evidence.muted_until == until:
        return alert, ()
    evidence = replace(alert.evidence, muted_until=until)
    after = replace(alert, status="muted", evidence=evidence, updated_at=at)
    details = {"until": until.isoformat() if until else None}
    return after, (event_of(alert.alert_id, at, "muted", actor=actor, reason=reason, details=details),)


def resolve(alert: Alert, actor: str, reason: str, at: datetime) -> Change:
    """Close it by hand; an alert that is resolved stays as it is."""
    return _resolved(alert, actor, reason, at) if alert.active else (alert, ())


def resolve_by_engine(alert: Alert, reason: str, at: datetime) -> Change:
    """Close it because its series is no longer judged; an alert that is resolved stays as it is."""
    return _resolved(alert, DETECTOR_ACTOR, reason, at) if alert.active else (alert, ())


def _resolved(alert: Alert, actor: str, reason: str, at: datetime) -> Change:
    evidence = replace(alert.evidence, muted_until=None)
    after = replace(alert, status="resolved", resolved_ts=at, evidence=evidence, updated_at=at)
    return after, (event_of(alert.alert_id, at, "resolved", actor=actor, reason=reason, details={}),)


def _must_be_active(alert: Alert, wanted: str) -> None:
    if not alert.active:
        raise SettingsError(
            f"Alert {alert.alert_id} ({alert.title}) is resolved and cannot be {wanted}; "
            "it reopens by itself if the series is anomalous again."
        )


def _event(alert: Alert, finding: Finding, name: EventName, reason: str, severity: Severity) -> AlertEvent:
    details = {"severity": severity, "score": finding.verdict.score}
    return event_of(
        alert.alert_id, finding.verdict.ts, name, actor=DETECTOR_ACTOR, reason=reason, details=details
    )


def _severity(policy: AlertPolicy, current: Severity, excess: float, points: int) -> Severity:
    """Severity that distance and duration call for; it never falls within an incident."""
    level = SEVERITIES.index(policy.severity)
    if policy.escalate_after and points > policy.escalate_after:
        level += 1
    if excess >= policy.error_beyond:
        level = max(level, SEVERITIES.index("error"))
    if excess >= policy.critical_beyond:
        level = SEVERITIES.index("critical")
    return SEVERITIES[min(max(level, SEVERITIES.index(current)), len(SEVERITIES) - 1)]
