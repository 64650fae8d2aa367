"""Freshness: how old the newest data is, against what was promised or what is usual."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import dagster as dg
import numpy as np

from dqm_assets.checks.metadata import markdown_table
from dqm_assets.quality.contracts.sla import Sla
from dqm_assets.quality.durations import span_words

#: Arrivals that must be known before a cadence is believed.
NEEDED_ARRIVALS = 8
#: A learned cadence is missed when nothing came for this many usual pauses (their 95th percentile).
PAUSES_ALLOWED = 3.0
#: Files of one drop arrive together and count as one arrival.
_TOGETHER = timedelta(minutes=1)


@dataclass(frozen=True)
class DataAge:
    """What is known of when an asset's data happened and when it came."""

    #: Time of the newest and of the oldest data; None when there is none, or nobody knows.
    newest: datetime | None
    #: Times at which batches arrived, ascending.
    arrivals: Sequence[datetime] = ()
    oldest: datetime | None = None


def freshness_check(
    asset: dg.AssetKey,
    age: Callable[[dg.AssetCheckExecutionContext], DataAge],
    *,
    sla: Sla,
    name: str = "freshness",
) -> dg.AssetChecksDefinition:
    """Make the check of an asset's age.

    Args:
        asset: the asset to watch.
        age: finds out how old its data is.
        sla: service levels of its contract; without a latency the usual pause is learned.
        name: name of the check.
    """

    @dg.asset_check(
        asset=asset,
        name=name,
        description="Age of the data against the contract's service levels, or the usual pause of arrivals.",
    )
    def freshness(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        return freshness_result(age(context), sla=sla, asset_key=asset, check_name=name)

    return freshness


def freshness_result(
    age: DataAge,
    *,
    sla: Sla,
    asset_key: dg.AssetKey,
    check_name: str,
    now: datetime | None = None,
) -> dg.AssetCheckResult:
    """Judge the age of the data: the newest by latency or usual pause, and every other service level.

    Args:
        age: when the data happened and came.
        sla: service levels that were promised. Without a latency or a frequency the cadence is learned from
            the arrivals, and it is the age of the last arrival that counts.
        asset_key: Asset of the check.
        check_name: Name of the check.
        now: Time of the judgement, UTC; the clock's when left out.

    Returns:
        Failed (severity WARN) when a service level does not hold, or the last arrival is older than is
        usual. Without a promise and with too few arrivals it passes and says that it is learning.
    """
    now = now or datetime.now(UTC)
    breaches = sla.breaches(now, newest=age.newest, oldest=age.oldest, arrivals=age.arrivals)
    last = age.arrivals[-1] if age.arrivals else None
    learned = learned_limit(age.arrivals)
    limit = sla.latency or sla.frequency or learned
    reference = age.newest if sla.latency is not None else last
    if breaches:
        passed, description = False, "; ".join(breach.message for breach in breaches) + "."
    elif reference is None:
        passed, description = True, "No data has arrived yet."
    elif limit is None:
        known = len(_distinct(age.arrivals))
        passed, description = True, f"Learning the usual pause: {known} of {NEEDED_ARRIVALS} arrivals."
    else:
        passed = now - reference <= limit
        source = "usual" if limit is learned else "promised by the contract"
        description = f"Newest data is {span_words(now - reference)} old; {span_words(limit)} is {source}."
    facts = [
        ("newest data", age.newest),
        ("oldest data", age.oldest),
        ("last arrival", last),
        ("promised latency", sla.latency),
        ("promised frequency", sla.frequency),
        ("retention", sla.retention),
        ("ready by", ", ".join(str(one.by) for one in sla.availability)),
        ("learned limit", learned),
    ]
    return dg.AssetCheckResult(
        asset_key=asset_key,
        check_name=check_name,
        passed=passed,
        severity=dg.AssetCheckSeverity.WARN,
        description=description,
        metadata={
            "age_seconds": (now - reference).total_seconds() if reference else -1.0,
            "limit_seconds": limit.total_seconds() if limit else -1.0,
            "arrivals": len(age.arrivals),
            "broken": [breach.property for breach in breaches],
            "facts": dg.MetadataValue.md(
                markdown_table(("what", "value"), [(what, value or "–") for what, value in facts])
            ),
        },
    )


def learned_limit(arrivals: Sequence[datetime]) -> timedelta | None:
    """Longest pause that is still usual: three times the 95th percentile of the pauses so far."""
    distinct = _distinct(arrivals)
    if len(distinct) < NEEDED_ARRIVALS:
        return None
    pauses = [(later - earlier).total_seconds() for earlier, later in pairwise(distinct)]
    return timedelta(seconds=PAUSES_ALLOWED * float(np.percentile(pauses, 95)))


def _distinct(arrivals: Sequence[datetime]) -> list[datetime]:
    distinct: list[datetime] = []
    for arrival in arrivals:
        if not distinct or arrival - distinct[-1] > _TOGETHER:
            distinct.append(arrival)
    return distinct
