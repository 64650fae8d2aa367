"""From a transition to those who are told: pure decisions, made once for each channel."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase

from dqm_assets.notify.outbox import Transition
from dqm_assets.notify.rules import Route, Rules
from dqm_assets.notify.schedule import Due, due
from dqm_assets.quality.alert import SEVERITIES, Alert, EventName, Severity
from dqm_assets.quality.grouping import is_recent

#: Transitions that begin something, which a cooldown can hold back.
BEGINNINGS: tuple[EventName, ...] = ("opened", "reopened", "updated")
#: Transitions whose telling makes the resolution worth telling.
ALARMS: tuple[EventName, ...] = (*BEGINNINGS, "escalated")
#: How the reason begins for which something is not told that follows from what was.
CAUSE_TOLD = "its cause was told"


@dataclass(frozen=True)
class Told:
    """The newest alarm about a series that a channel was told: when, and how severe."""

    at: datetime
    severity: Severity


@dataclass
class History:
    """What channels were told before, as far as it decides about what is new.

    Attributes:
        series: newest alarm that was not dropped, by channel and series.
        alerts: whether any alarm about an alert was told, by channel and alert.
        muted: alerts that someone muted, as of the transition being routed.
        groups: when the first alarm of a channel, a group of alerts and a severity was told or is due.
        ongoing: alerts whose incident goes on and is not muted, and when it was last seen in the data.
    """

    series: dict[tuple[str, str], Told] = field(default_factory=dict)
    alerts: dict[tuple[str, str], bool] = field(default_factory=dict)
    muted: dict[str, bool] = field(default_factory=dict)
    groups: dict[tuple[str, str, Severity], datetime] = field(default_factory=dict)
    ongoing: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True)
class Decision:
    """What one channel is told of a transition, and when; or why it is not."""

    notification_id: str
    route: str
    channel: str
    due: Due
    #: Why it is not told; empty when it is.
    dropped: str = ""


def notification_id_of(transition: Transition, channel: str) -> str:
    """Key of a notification: the same transition for the same channel is the same notification."""
    parts = (transition.event.alert_id, transition.event.event_id, channel)
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]


def series_of(alert: Alert) -> str:
    """The series as one word, for looking it up."""
    return "/".join((alert.dataset, alert.column_name, alert.segment, alert.metric, alert.detector))


def decide(
    rules: Rules,
    transition: Transition,
    found_at: datetime,
    history: History,
    now: datetime | None = None,
) -> list[Decision]:
    """Decide for each channel; ``history`` is brought up to date with what was decided.

    A channel that several routes lead to is told once, under the conditions of the first of them.

    Args:
        rules: channels and routes.
        transition: what happened.
        found_at: when it was put into the outbox.
        history: what was told before.
        now: when it is routed, which is later after an outage.
    """
    alert, event = transition.alert, transition.event
    was_muted = history.muted.get(alert.alert_id, False)
    if event.event in {"opened", "reopened", "acknowledged", "muted"}:
        history.muted[alert.alert_id] = event.event == "muted"
    decisions = []
    for channel, route in _channels(rules, transition, found_at):
        planned = due(route, alert.severity, found_at, now)
        reason = _reason(route, channel, transition, found_at, history) or _follows(
            channel, transition, planned, history
        )
        if was_muted and event.event not in {"reopened", "acknowledged"}:
            reason = "the alert is muted"
        _remember(history, channel, transition, found_at, planned, told=not reason)
        decisions.append(
            Decision(
                notification_id_of(transition, channel),
                route.name,
                channel,
                planned,
                reason,
            )
        )
    return decisions


def _channels(rules: Rules, transition: Transition, found_at: datetime) -> Iterator[tuple[str, Route]]:
    seen: set[str] = set()
    for route in rules.routes:
        if not _matches(route, transition, found_at):
            continue
        for channel in route.to:
            if channel not in seen:
                seen.add(channel)
                yield channel, route


def _matches(route: Route, transition: Transition, found_at: datetime) -> bool:
    alert, event, when = transition.alert, transition.event, route.when
    if event.event not in route.events:
        return False
    if route.max_age is not None and found_at - event.ts > route.max_age:
        return False
    return (
        SEVERITIES.index(alert.severity) >= SEVERITIES.index(when.severity)
        and _any(when.owner, alert.owner)
        and _any(when.dataset, alert.dataset)
        and _any(when.column, alert.column_name)
    )


def _any(patterns: tuple[str, ...], text: str) -> bool:
    return any(fnmatchcase(text.casefold(), pattern.casefold()) for pattern in patterns)


def _reason(route: Route, channel: str, transition: Transition, found_at: datetime, history: History) -> str:
    alert, event = transition.alert, transition.event
    if event.event == "resolved" and "opened" in route.events:
        told = history.alerts.get((channel, alert.alert_id), False)
        return "" if told else "nobody here was told that it began"
    last = history.series.get((channel, series_of(alert)))
    if event.event in BEGINNINGS and last is not None and found_at - last.at < route.cooldown:
        cooling = f"cooldown since {last.at.isoformat(timespec='seconds')}"
        return "" if _worse(alert.severity, last.severity) else cooling
    return ""


def _follows(channel: str, transition: Transition, planned: Due, history: History) -> str:
    """Why what follows from an alert that goes on is not told: something as severe was, or is by then."""
    alert, event = transition.alert, transition.event
    seen = history.ongoing.get(alert.caused_by)
    if event.event not in ALARMS or seen is None or not is_recent(seen, event.ts):
        return ""
    as_severe = SEVERITIES[SEVERITIES.index(alert.severity) :]
    told = (history.groups.get((channel, alert.group_key, severity)) for severity in as_severe)
    by_then = any(at is not None and at <= planned.at for at in told)
    return f"{CAUSE_TOLD}, alert {alert.caused_by[:8]}" if by_then else ""


def _worse(severity: Severity, than: Severity) -> bool:
    return SEVERITIES.index(severity) > SEVERITIES.index(than)


def _remember(
    history: History, channel: str, transition: Transition, at: datetime, planned: Due, *, told: bool
) -> None:
    alert, event = transition.alert, transition.event
    if event.event not in ALARMS:
        return
    history.alerts[channel, alert.alert_id] = told or (
        event.event != "opened" and history.alerts.get((channel, alert.alert_id), False)
    )
    if told:
        history.series[channel, series_of(alert)] = Told(at, alert.severity)
        key = (channel, alert.group_key, alert.severity)
        history.groups[key] = min(history.groups.get(key, planned.at), planned.at)
