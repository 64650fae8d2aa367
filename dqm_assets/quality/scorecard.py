"""Scorecard: one number from 0 to 100 for a dataset's health, made of parts that each can be looked at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from dqm_assets.errors import SettingsError
from dqm_assets.quality.alert import Severity

#: Detector of the alerts of scores that fall.
SCORECARD = "scorecard"

Part = Literal["completeness", "validity", "freshness", "volume", "schema", "alerts"]
PARTS: tuple[Part, ...] = get_args(Part)

#: Weight of each part. One that nothing is known of is left out, and the others share its weight.
WEIGHTS: Mapping[Part, float] = {
    "completeness": 15.0,
    "validity": 25.0,
    "freshness": 15.0,
    "volume": 10.0,
    "schema": 10.0,
    "alerts": 25.0,
}

#: What an alert that is open takes from the part "alerts": n of them leave (1 − penalty)ⁿ.
PENALTIES: Mapping[Severity, float] = {"info": 0.02, "warning": 0.12, "error": 0.3, "critical": 0.55}

#: A score from here on is healthy, below it a warning, and below the second it is failing.
GOOD_FROM, WARNING_FROM = 90.0, 75.0

#: Data that is this many times its usual interval old has no freshness left.
STALE_INTERVALS = 4.0


@dataclass(frozen=True)
class Measured:
    """What is known of a dataset over some time; ``None`` where there is nothing to know it from.

    Attributes:
        nulls: mean share of missing values over columns, 0 to 1.
        checks, failed_checks: results of contract clauses that count (errors and warnings).
        rows, rows_quarantined: rows that came, and those of them that were kept out.
        judged, anomalous: verdicts on series other than the row count that are past learning.
        volume_judged, volume_anomalous: the same for the row count.
        schemas, breaking_schemas: batches whose columns are known, and those that break readers.
        age, interval: seconds since the newest batch, and usually between two.
        open_alerts: severities of alerts that are open or acknowledged.
    """

    nulls: float | None = None
    checks: int = 0
    failed_checks: int = 0
    rows: int = 0
    rows_quarantined: int = 0
    judged: int = 0
    anomalous: int = 0
    volume_judged: int = 0
    volume_anomalous: int = 0
    schemas: int = 0
    breaking_schemas: int = 0
    age: float | None = None
    interval: float | None = None
    open_alerts: Sequence[Severity] = ()


@dataclass(frozen=True)
class Score:
    """A dataset's score, 0 to 100, and its parts, 0 to 1 each; parts that nothing is known of are missing."""

    score: float
    parts: Mapping[Part, float]


def score_of(measured: Measured, weights: Mapping[Part, float] = WEIGHTS) -> Score | None:
    """Score a dataset: 100 × Σ wᵢ pᵢ ∕ Σ wᵢ over the parts that are known.

    completeness = 1 − nulls. validity = share of passed checks × share of rows not quarantined × share of
    verdicts not anomalous. freshness falls from 1, at the usual interval, to 0 at `STALE_INTERVALS` of them.
    volume = share of row counts not anomalous. schema = share of batches without a breaking change.
    alerts = Π (1 − penalty) over the open ones.

    Args:
        measured: what is known of the dataset.
        weights: wᵢ, of every part.

    Returns:
        ``None`` when nothing but the absence of alerts is known, or all that is known weighs nothing: there
        is nothing to score yet.
    """
    parts: dict[Part, float] = {}
    if measured.nulls is not None:
        parts["completeness"] = 1.0 - measured.nulls
    validity = _validity(measured)
    if validity is not None:
        parts["validity"] = validity
    if measured.age is not None and measured.interval:
        parts["freshness"] = _freshness(measured.age / measured.interval)
    if measured.volume_judged:
        parts["volume"] = 1.0 - measured.volume_anomalous / measured.volume_judged
    if measured.schemas:
        parts["schema"] = 1.0 - measured.breaking_schemas / measured.schemas
    if not parts and not measured.open_alerts:
        return None
    left = 1.0
    for severity in measured.open_alerts:
        left *= 1.0 - PENALTIES[severity]
    parts["alerts"] = left
    weight = sum(weights[part] for part in parts)
    if not weight:
        return None
    total = sum(weights[part] * share for part, share in parts.items())
    return Score(round(100.0 * total / weight, 2), parts)


def weights_of(changed: str) -> Mapping[Part, float]:
    """The weights with some of them changed.

    Args:
        changed: such as ``freshness=30, alerts=10``; what is not named keeps its usual weight.

    Raises:
        SettingsError: a part is not known, a weight is no number from 0 on, or nothing weighs anything.
    """
    weights = dict(WEIGHTS)
    for entry in filter(None, map(str.strip, changed.split(","))):
        name, _, value = entry.partition("=")
        part = next((part for part in PARTS if part == name.strip()), None)
        if part is None or not value.strip().replace(".", "", 1).isdecimal():
            raise SettingsError(
                f"DQM_SCORE_WEIGHTS={changed!r}: {entry!r} is no weight. Write freshness=30, a number from 0 "
                f"on for one of {', '.join(PARTS)}."
            )
        weights[part] = float(value)
    if not any(weights.values()):
        raise SettingsError(f"DQM_SCORE_WEIGHTS={changed!r}: every part weighs nothing. Give one a weight.")
    return weights


def _validity(measured: Measured) -> float | None:
    shares = [
        1.0 - bad / amount
        for bad, amount in (
            (measured.failed_checks, measured.checks),
            (measured.rows_quarantined, measured.rows),
            (measured.anomalous, measured.judged),
        )
        if amount
    ]
    if not shares:
        return None
    product = 1.0
    for share in shares:
        product *= share
    return product


def _freshness(intervals: float) -> float:
    return min(max((STALE_INTERVALS - intervals) / (STALE_INTERVALS - 1.0), 0.0), 1.0)
