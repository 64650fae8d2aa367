"""Verdicts as lines of the store."""

from dataclasses import dataclass
from datetime import datetime

from dqm_assets.pipeline.rows import as_json
from dqm_assets.quality.alert import SeriesKey
from dqm_assets.quality.verdict import Verdict


@dataclass(frozen=True)
class VerdictRow:
    """A line of ``monitoring.verdicts``."""

    dataset: str
    column_name: str
    segment: str
    metric: str
    detector: str
    batch: str
    ts: datetime
    value: float
    expected: float
    lower: float
    upper: float
    score: float
    verdict: str
    method: str
    n: int
    params: str
    snapshot: int
    judged_at: datetime


def verdict_row(
    series: SeriesKey, batch: str, verdict: Verdict, *, snapshot: int, now: datetime
) -> VerdictRow:
    """Write a verdict on one batch of a series, with all that its judgement rests on."""
    return VerdictRow(
        dataset=series.dataset,
        column_name=series.column_name,
        segment=series.segment,
        metric=series.metric,
        detector=series.detector,
        batch=batch,
        ts=verdict.ts,
        value=verdict.value,
        expected=verdict.expected,
        lower=verdict.lower,
        upper=verdict.upper,
        score=verdict.score,
        verdict=verdict.verdict,
        method=verdict.method,
        n=verdict.n,
        params=as_json({**verdict.params, "needed": verdict.needed, "scale": verdict.scale}),
        snapshot=snapshot,
        judged_at=now,
    )
