"""What is checked of the stream: age of the data, errors, lag. Told to Dagster, and run there as well."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from dqm_assets.pipeline.datasets import find_dataset
from dqm_assets.quality.contracts.sla import Sla
from dqm_assets.quality.durations import span_words
from dqm_assets.sources.streams.window_judge import DATASET
from dqm_assets.store import Store

#: A consumer that is so far behind, at the rate of its last reports, is late; fewer records never matter.
_LAG_SECONDS, _LAG_RECORDS = 30.0, 1_000

#: What consumers said in the last minutes, each the last time.
_REPORTS = """
    SELECT topic, consumer, ts, seconds, events, dead_letters, lag FROM monitoring.stream_health
    WHERE ts >= (SELECT max(ts) FROM monitoring.stream_health) - INTERVAL '2 minutes'
    QUALIFY row_number() OVER (PARTITION BY topic, consumer ORDER BY ts DESC) = 1
"""
_NEWEST = """
    SELECT max(window_start) AS newest, max(stored_at) AS stored FROM metrics.stream_windows WHERE events > 0
"""
#: The last verdict on the errors of each source.
_ERRORS = """
    SELECT segment, ts, value, expected, upper, verdict FROM monitoring.verdicts
    WHERE dataset = $dataset AND metric = 'error_rate' AND ts >= $since
    QUALIFY row_number() OVER (PARTITION BY segment ORDER BY ts DESC) = 1
    ORDER BY segment
"""
_JUDGED = "SELECT max(ts) AS at FROM metrics.metrics WHERE dataset = ? AND metric = 'event_rate'"


@dataclass(frozen=True)
class StreamFinding:
    """What a check found."""

    check: str
    passed: bool
    description: str
    metadata: Mapping[str, float | str] = field(default_factory=dict)


def freshness(store: Store, now: datetime | None = None) -> StreamFinding:
    """Age of the newest events against the service levels of the contract."""
    now = now or datetime.now(UTC)
    contract = find_dataset(store.settings, DATASET).contract
    found = store.rows(_NEWEST)[0]
    if found["newest"] is None:
        return StreamFinding("freshness", True, "No event has arrived yet.")
    sla = contract.sla if contract else Sla()
    breaches = sla.breaches(now, newest=found["newest"], oldest=None, arrivals=[found["stored"]])
    age = now - found["newest"]
    words = "; ".join(breach.message for breach in breaches) or f"Newest window is {span_words(age)} old"
    return StreamFinding("freshness", not breaches, f"{words}.", {"age_seconds": age.total_seconds()})


def error_rate(store: Store) -> StreamFinding:
    """Whether the last window of any source had more errors than is normal for it."""
    last = store.rows(_JUDGED, [DATASET])[0]["at"]
    rows = store.rows(_ERRORS, {"dataset": DATASET, "since": last}) if last else []
    bad = [row for row in rows if row["verdict"] == "anomalous"]
    rates = {f"error_rate of {row['segment'] or 'all'}": float(row["value"]) for row in rows}
    if not rows:
        return StreamFinding("error_rate", True, "No window has been judged yet.")
    words = "; ".join(
        f"{row['segment'] or 'all sources'}: {row['value']:.1%}, expected {row['expected']:.1%}"
        for row in bad
    )
    return StreamFinding("error_rate", not bad, words or "As many errors as usual.", rates)


def lag(store: Store) -> StreamFinding:
    """Whether the consumers keep up with the broker."""
    reports = [row for row in store.rows(_REPORTS) if row["lag"] is not None]
    behind = sum(row["lag"] for row in reports)
    rate = sum((row["events"] + row["dead_letters"]) / row["seconds"] for row in reports if row["seconds"])
    late = behind > max(_LAG_RECORDS, rate * _LAG_SECONDS)
    words = f"{behind:,} records behind at {rate:,.0f} records a second."
    return StreamFinding("lag", not late, words, {"records": float(behind), "records_per_second": rate})


#: The checks by name.
CHECKS: Mapping[str, Callable[[Store], StreamFinding]] = {
    "freshness": freshness,
    "error_rate": error_rate,
    "lag": lag,
}
