"""Freshness: how old the newest data is, against what was promised or what is usual."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import dagster as dg
import numpy as np

from dqm_assets.checks.metadata import markdown_table

#: Arrivals that must be known before a cadence is believed.
NEEDED_ARRIVALS = 8
#: A learned cadence is missed when nothing came for this many usual pauses (their 95th percentile).
PAUSES_ALLOWED = 3.0
#: Files of one drop arrive together and count as one arrival.
_TOGETHER = timedelta(minutes=1)


def freshness_result(
    newest: datetime | None,
    arrivals: Sequence[datetime],
    *,
    promised: timedelta | None,
    asset_key: dg.AssetKey,
    check_name: str,
    now: datetime | None = None,
) -> dg.AssetCheckResult:
    """Judge the age of the newest data.

    Args:
        newest: Time of the newest data, or ``None`` when there is none.
        arrivals: Times at which batches arrived, ascending.
        promised: Largest age by contract; without it the cadence is learned from the arrivals and it is
            the age of the last arrival that counts.
        asset_key: Asset of the check.
        check_name: Name of the check.
        now: Time of the judgement, UTC; the clock's when left out.

    Returns:
        Failed (severity WARN) when the data is older than promised, or usual. Without a promise and
        with too few arrivals it passes and says that it is learning.
    """
    now = now or datetime.now(UTC)
    learned = learned_limit(arrivals)
    limit = promised if promised is not None else learned
    reference = newest if promised is not None else (arrivals[-1] if arrivals else None)
    if reference is None:
        passed, description = promised is None, "No data has arrived yet."
    elif limit is None:
        known = len(_distinct(arrivals))
        passed, description = True, f"Learning the usual pause: {known} of {NEEDED_ARRIVALS} arrivals."
    else:
        age = now - reference
        passed = age <= limit
        source = "promised by the contract" if promised is not None else "usual"
        description = f"Newest data is {_words(age)} old; {_words(limit)} is {source}."
    facts = [
        ("newest data", newest),
        ("last arrival", arrivals[-1] if arrivals else None),
        ("promised", promised),
        ("learned limit", learned),
    ]
    return dg.AssetCheckResult(
        asset_key=asset_key,
        check_name=check_name,
        passed=bool(passed),
        severity=dg.AssetCheckSeverity.WARN,
        description=description,
        metadata={
            "age_seconds": (now - reference).total_seconds() if reference else -1.0,
            "limit_seconds": limit.total_seconds() if limit else -1.0,
            "arrivals": len(arrivals),
            "facts": dg.MetadataValue.md(
                markdown_table(("what", "value"), [(k, v or "–") for k, v in facts])
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


def _words(span: timedelta) -> str:
    seconds = span.total_seconds()
    for unit, size in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if abs(seconds) >= 2 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} seconds"
