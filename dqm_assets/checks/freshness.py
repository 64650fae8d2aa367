"""Freshness: how old the newest data is, against what was promised or what is usual."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import dagster as dg

from dqm_assets.checks.metadata import markdown_table
from dqm_assets.quality.cadence import learn_cadence
from dqm_assets.quality.contracts.sla import Sla
from dqm_assets.quality.durations import span_words
from dqm_assets.quality.holiday_calendar import HolidayCalendar

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True)
class DataAge:
    """What is known of when an asset's data happened and when it came."""

    #: Time of the newest and of the oldest data; None when there is none, or nobody knows.
    newest: datetime | None
    #: Times at which batches arrived, ascending.
    arrivals: Sequence[datetime] = ()
    oldest: datetime | None = None
    #: Holidays of the dataset; nothing is expected then, as on days of the week on which nothing ever came.
    calendar: HolidayCalendar | None = None


def freshness_check(
    asset: dg.AssetKey,
    age: Callable[[dg.AssetCheckExecutionContext], DataAge],
    *,
    sla: Sla,
    name: str = "freshness",
    metadata: Mapping[str, str] | None = None,
) -> dg.AssetChecksDefinition:
    """Make the check of an asset's age.

    Args:
        asset: the asset to watch.
        age: finds out how old its data is.
        sla: service levels of its contract; without a latency the usual pause is learned.
        name: name of the check.
        metadata: of the check itself.
    """

    @dg.asset_check(
        asset=asset,
        name=name,
        metadata=metadata,
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
    cadence = learn_cadence(age.arrivals, age.calendar)
    learned = cadence.limit
    limit = sla.latency or sla.frequency or learned
    reference = age.newest if sla.latency is not None else last
    if breaches:
        passed, description = False, "; ".join(breach.message for breach in breaches) + "."
    elif reference is None:
        passed, description = True, "No data has arrived yet."
    elif limit is None:
        passed, description = True, f"Usual pause: {cadence.explanation}."
    else:
        usual = limit is learned
        old = cadence.age(reference, now) if usual else now - reference
        passed = old <= limit
        source = "usual" if usual else "promised by the contract"
        worked = " (days off left out)" if old != now - reference else ""
        description = f"Newest data is {span_words(old)} old{worked}; {span_words(limit)} is {source}."
    facts = [
        ("newest data", age.newest),
        ("oldest data", age.oldest),
        ("last arrival", last),
        ("promised latency", sla.latency),
        ("promised frequency", sla.frequency),
        ("retention", sla.retention),
        ("ready by", ", ".join(str(one.by) for one in sla.availability)),
        ("learned limit", learned),
        ("days off", ", ".join(_WEEKDAYS[day] for day in sorted(cadence.days_off))),
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
