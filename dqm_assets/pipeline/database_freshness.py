"""Freshness of a table in a database: the age of its newest row against what was promised or is usual."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from dqm_assets.pipeline.database_points import FRESHNESS
from dqm_assets.pipeline.pipeline_alerts import active_alert, advance_alert
from dqm_assets.quality.alert import SeriesKey
from dqm_assets.quality.alerts import AlertPolicy, Finding
from dqm_assets.quality.durations import span_words
from dqm_assets.quality.verdict import limit_verdict
from dqm_assets.sources.databases.source import WatchedTable
from dqm_assets.store import Store

DETECTOR = "freshness"
#: An age is usual up to so many times the 95th percentile of the ages seen, once a week of them was seen.
_MARGIN, _LEVEL = 1.25, 0.95
_NEEDED_LOOKS, _NEEDED_SPAN = 8, timedelta(days=7)
_SEEN = timedelta(days=60)
_POLICY = AlertPolicy(severity="error", resolve_after=1, reopen_within=timedelta(hours=1), escalate_after=0)

_AGES = """
    SELECT count(*) AS looks, min(ts) AS first, quantile_cont(value, $level) AS age
    FROM metrics.metrics
    WHERE dataset = $dataset AND metric = $metric AND column_name = '' AND segment = ''
        AND ts >= $since AND ts < $now
"""


@dataclass(frozen=True)
class AgeLimit:
    """How old the newest row may be, and who says so; ``None`` while that is learned."""

    limit: timedelta | None
    promised: bool


def age_limit(
    store: Store, dataset: str, watched: WatchedTable, latency: timedelta | None, now: datetime
) -> AgeLimit:
    """The largest age that is no news: the table's ``max_age``, its contract's latency, or what is usual.

    Args:
        store: the open store.
        dataset: the table's dataset.
        watched: how it is watched. Of a change log the rate tells at once that it stopped: nothing is
            learned there.
        latency: what the contract promises.
        now: the present.
    """
    promised = watched.max_age or latency
    if promised is not None:
        return AgeLimit(promised, promised=True)
    if watched.kind == "cdc":
        return AgeLimit(None, promised=False)
    asked = {"dataset": dataset, "metric": FRESHNESS, "since": now - _SEEN, "now": now, "level": _LEVEL}
    seen = store.rows(_AGES, asked)[0]
    if seen["looks"] < _NEEDED_LOOKS or now - seen["first"] < _NEEDED_SPAN:
        return AgeLimit(None, promised=False)
    # A daily table whose day ended a moment ago is not late.
    return AgeLimit(max(timedelta(seconds=_MARGIN * seen["age"]), watched.period), promised=False)


@dataclass(frozen=True)
class Told:
    """Who is told of a dataset, and whether its data is made up."""

    owner: str
    simulated: bool = False


def tell_freshness(
    store: Store, series: SeriesKey, age: timedelta, limit: AgeLimit, now: datetime, *, told: Told
) -> bool:
    """Open, go on with, or end the alert of a table that is late; the same look again changes nothing.

    Args:
        store: the open store.
        series: address of the alert; see `freshness_series`.
        age: of the newest row.
        limit: what it may be.
        now: the present.
        told: who is told.

    Returns:
        Whether the table is late.
    """
    if limit.limit is None:
        return False
    late = age > limit.limit
    if not late and active_alert(store, series) is None:
        return False
    source = "is promised" if limit.promised else "is usual"
    words = f"newest row is {span_words(age)} old, at most {span_words(limit.limit)} {source}"
    verdict = limit_verdict(
        DETECTOR,
        now,
        age.total_seconds(),
        broken=late,
        limit=limit.limit.total_seconds(),
    )
    finding = Finding(series, now.isoformat(), verdict)
    policy = replace(_POLICY, owner=told.owner, simulated=told.simulated)
    advance_alert(store, finding, policy, f"{series.dataset} is late: {words}" if late else "", words)
    return late


def freshness_series(dataset: str, watched: WatchedTable) -> SeriesKey:
    """Address of the alert of a table that is late."""
    return SeriesKey(dataset, watched.freshness or "", "", FRESHNESS, DETECTOR)
