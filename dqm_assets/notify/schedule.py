"""When a notification is due: quiet hours, digests, and the time to the next attempt."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cronsim import CronSim

from dqm_assets.notify.rules import WEEK_DAYS, Digest, Quiet, Retry, Route
from dqm_assets.quality.alert import SEVERITIES, Severity


@dataclass(frozen=True)
class Due:
    """When it is sent, and together with what: notifications of one bundle are one message."""

    at: datetime
    bundle: str = ""


#: Longest time that quiet hours of a week can last; beyond it they never end.
_LONGEST_QUIET = timedelta(days=8)


def due(route: Route, severity: Severity, at: datetime, now: datetime | None = None) -> Due:
    """When a notification is to be sent.

    Args:
        route: under which conditions.
        severity: of its alert.
        at: when it arose.
        now: when it is routed; what is routed late, after an outage, must not disturb then either.
    """
    planned = Due(at)
    if route.digest is not None:
        when = next_digest(route.digest, at)
        planned = Due(when, f"digest {when.isoformat()}")
    end = quiet_until(route, severity, max(planned.at, now or at))
    return planned if end is None else Due(end, quiet_bundle(end))


def quiet_bundle(end: datetime) -> str:
    """What is held back until the same moment is one message."""
    return f"quiet {end.isoformat()}"


def next_digest(digest: Digest, at: datetime) -> datetime:
    """The first time after ``at`` that a digest is sent; intervals are counted from 1970-01-01 UTC."""
    if digest.every is not None:
        step = digest.every.total_seconds()
        return datetime.fromtimestamp((at.timestamp() // step + 1) * step, UTC)
    return next(CronSim(str(digest.cron), at.astimezone(digest.time_zone))).astimezone(UTC)


def quiet_until(route: Route, severity: Severity, at: datetime) -> datetime | None:
    """First moment after the quiet hours that a time lies in; ``None`` when it may disturb."""
    heeded = [quiet for quiet in route.quiet if not _passes(quiet, severity)]
    until = at
    while until - at <= _LONGEST_QUIET:
        ends = [end for end in (_end(quiet, until) for quiet in heeded) if end is not None]
        if not ends:
            break
        until = max(ends)
    return until if until > at else None


def never_disturbs(route: Route) -> bool:
    """Whether a route's quiet hours have no end, so that nothing below their severity is ever told."""
    monday = datetime(2026, 3, 2, tzinfo=UTC)
    end = quiet_until(route, "info", monday)
    return end is not None and end - monday > _LONGEST_QUIET


def _passes(quiet: Quiet, severity: Severity) -> bool:
    return quiet.passing != "never" and SEVERITIES.index(severity) >= SEVERITIES.index(quiet.passing)


def _end(quiet: Quiet, at: datetime) -> datetime | None:
    local = at.astimezone(quiet.time_zone)
    overnight = quiet.end <= quiet.start
    for days_ago in (0, 1) if overnight else (0,):
        begins = local.date() - timedelta(days=days_ago)
        if WEEK_DAYS[begins.weekday()] not in quiet.days:
            continue
        ends = begins + timedelta(days=1) if overnight else begins
        start = datetime.combine(begins, quiet.start, quiet.time_zone).astimezone(UTC)
        end = datetime.combine(ends, quiet.end, quiet.time_zone).astimezone(UTC)
        if start <= at < end:
            return end
    return None


def retry_at(retry: Retry, attempts: int, now: datetime, chance: random.Random) -> datetime:
    """When to try again after so many attempts: exponential, with up to a quarter of jitter."""
    wait = min(retry.first * 2 ** min(attempts - 1, 32), retry.longest)
    return now + wait * chance.uniform(1.0, 1.25)
