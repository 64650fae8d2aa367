"""A value with its verdict, as plots and lists show it."""

from dataclasses import dataclass
from datetime import datetime

from dqm_assets.quality.alert import SeriesKey


@dataclass(frozen=True)
class JudgedValue:
    """One judged value of one series: what a line of ``monitoring.verdicts`` says of it."""

    series: SeriesKey
    batch: str
    ts: datetime
    value: float
    expected: float
    lower: float
    upper: float
    score: float
    verdict: str
    n: int
    needed: int
