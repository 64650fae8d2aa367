"""Which metrics of a run are judged, and when a change of one matters to people."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from dqm_assets.quality.relevance import BadWhen, Relevance
from dqm_assets.quality.transform import ValueKind


@dataclass(frozen=True)
class JudgedMetric:
    """How one metric is judged against its baseline.

    Attributes:
        name: Metric as in ``metrics.metrics``.
        of: Whether it is judged for the table or for each column.
        kind: What its values are, for the baseline's transform.
        bad_when: A fall of a metric that is bad when high is an improvement, never an anomaly.
        least_change: Smallest absolute distance from the expected value that matters.
        least_relative: Smallest distance relative to the expected value that matters. Both must be
            passed: with a spread of almost nothing, a change of almost nothing is statistically
            certain and still of no interest.
    """

    name: str
    of: Literal["table", "column"]
    kind: ValueKind
    bad_when: BadWhen = "either"
    least_change: float = 0.0
    least_relative: float = 0.001

    @property
    def relevance(self) -> Relevance:
        """Deviations that are worth telling."""
        return Relevance(self.bad_when, self.least_change, self.least_relative)


_JUDGED = (
    JudgedMetric("row_count", "table", "count", least_relative=0.01),
    JudgedMetric("quarantined_fraction", "table", "share", "high", least_change=0.001),
    JudgedMetric("mean", "column", "real"),
    JudgedMetric("stddev", "column", "positive", least_relative=0.02),
    JudgedMetric("null_fraction", "column", "share", "high", least_change=0.005),
    JudgedMetric("outlier_fraction", "column", "share", "high", least_change=0.002),
    # Counts of distinct values are estimates, 0.8 % rms: a change within four times that is no news.
    JudgedMetric("distinct_fraction", "column", "share", least_change=0.035),
    JudgedMetric("longest_repeat", "column", "count", "high", least_change=5),
)

#: The judged metrics by name. The others are kept and shown; judging them would only multiply false alerts.
JUDGED_METRICS: Mapping[str, JudgedMetric] = {metric.name: metric for metric in _JUDGED}
