"""Verdict: what is said of one point of a series, by a detector or by a fixed limit."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

VerdictName = Literal["learning", "normal", "anomalous"]


@dataclass(frozen=True)
class Verdict:
    """What a detector says of one point; the columns of monitoring.verdicts.

    Attributes:
        ts: time of the point, UTC.
        value: as observed; NaN stays NaN and is judged "normal" with score 0 (a missing value is the
            completeness check's business).
        expected, lower, upper: in the series' unit; NaN while learning. Bounds may be infinite.
        scale: spread of normal points on the method's judging scale; NaN while learning.
        score: distance from expected in scales, ≥ 0; 0 while learning.
        n, needed: points learned from, and points needed before the first verdict.
        params: what the method fitted.
    """

    ts: datetime
    value: float
    expected: float
    lower: float
    upper: float
    scale: float
    score: float
    verdict: VerdictName
    method: str
    n: int
    needed: int
    params: Mapping[str, float | str]

    @property
    def explanation(self) -> str:
        """One line for people."""
        if self.verdict == "learning":
            return f"learning, {self.n} of {self.needed} points"
        if math.isnan(self.expected):
            return f"{self.verdict}: {self.value:.6g}"
        return (
            f"{self.verdict}: {self.value:.6g}, expected {self.expected:.6g} "
            f"({self.lower:.6g} to {self.upper:.6g}), {self.score:.1f} scales away"
        )


def limit_verdict(rule: str, ts: datetime, value: float, *, broken: bool, limit: float = 0.5) -> Verdict:
    """What a rule with a fixed limit says of a value, where nothing is learned.

    Args:
        rule: name of the rule, in the place of a method.
        ts: time of the point.
        value: as observed; nothing or 0 is expected.
        broken: whether it breaks the rule.
        limit: largest value that does not; the default suits counts of faults. How far beyond it a value lies
            decides how severe an alert is.
    """
    return Verdict(
        ts=ts,
        value=value,
        expected=0.0,
        lower=0.0,
        upper=limit,
        scale=limit,
        score=value / limit,
        verdict="anomalous" if broken else "normal",
        method=rule,
        n=1,
        needed=0,
        params={},
    )
