"""What each metric is called by people, and how its values are written: one table for all that speaks."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from dqm_assets.quality.alert import SeriesKey

Unit = Literal["count", "share", "seconds", "value"]


@dataclass(frozen=True)
class MetricWords:
    """A metric for people: its name within a sentence, and the unit of its values."""

    words: str
    unit: Unit = "value"


_COUNTS = {
    "row_count": "number of rows",
    "daily_row_count": "rows per day",
    "column_count": "number of columns",
    "null_count": "number of nulls",
    "nan_count": "number of NaN",
    "positive_infinity_count": "number of positive infinities",
    "negative_infinity_count": "number of negative infinities",
    "zero_count": "number of zeros",
    "negative_count": "number of negative values",
    "true_count": "number of true values",
    "false_count": "number of false values",
    "empty_count": "number of empty texts",
    "blank_count": "number of blank texts",
    "distinct_count": "number of different values",
    "outlier_count": "number of outliers",
    "longest_repeat": "longest run of one value",
    "event_count": "number of events",
    "dead_letter_count": "number of dead letters",
    "unreadable_files": "number of unreadable files",
    "missing_columns": "number of missing columns",
    "blocked_changes": "number of changes that block",
    "failing_rows": "number of failing rows",
}
_SHARES = {
    "null_fraction": "share of nulls",
    "quarantined_fraction": "share of quarantined rows",
    "outlier_fraction": "share of outliers",
    "distinct_fraction": "share of different values",
    "share": "share",
    "error_rate": "error rate",
    "late_fraction": "share of late events",
    "duplicate_fraction": "share of repeated events",
}
_VALUES = {
    "event_rate": "events a second",
    "mean": "mean",
    "stddev": "standard deviation",
    "min": "smallest value",
    "max": "largest value",
    "sum": "sum",
    "skewness": "skewness",
    "kurtosis": "kurtosis",
    "variance": "variance",
    "stddev_length": "standard deviation of lengths",
    "mean_length": "mean length",
    "min_length": "shortest length",
    "max_length": "longest length",
}
_SECONDS = {
    "freshness_seconds": "age of the newest data",
    "age_seconds": "age of the newest data",
    "cadence_seconds": "usual pause between rows",
    "largest_gap_seconds": "largest gap",
    "range_seconds": "time covered",
}

#: Metrics by name; those that are not here are called by their name, with spaces.
METRIC_WORDS: Mapping[str, MetricWords] = {
    **{name: MetricWords(words, "count") for name, words in _COUNTS.items()},
    **{name: MetricWords(words, "share") for name, words in _SHARES.items()},
    **{name: MetricWords(words, "value") for name, words in _VALUES.items()},
    **{name: MetricWords(words, "seconds") for name, words in _SECONDS.items()},
}
_SPANS = (("days", 86_400.0), ("hours", 3_600.0), ("minutes", 60.0))


def metric_words(metric: str) -> str:
    """Name of a metric within a sentence, such as "share of nulls"."""
    known = METRIC_WORDS.get(metric)
    return known.words if known else metric.replace("_", " ")


def unit_of(metric: str) -> Unit:
    """Unit of a metric's values; from its name when it is not a known one."""
    known = METRIC_WORDS.get(metric)
    if known:
        return known.unit
    if metric.endswith(("_fraction", "_share", "_rate")):
        return "share"
    if metric.endswith("_seconds"):
        return "seconds"
    return "count" if metric.endswith("_count") else "value"


def value_words(metric: str, value: float) -> str:
    """A value of a metric as people write it: "12 %", "3.5 hours", "1,204"; "–" when there is none."""
    if math.isnan(value):
        return "–"
    unit = unit_of(metric)
    if unit == "share":
        return f"{100 * value:.3g} %"
    if unit == "seconds":
        name, size = next((span for span in _SPANS if abs(value) >= 2 * span[1]), ("seconds", 1.0))
        return f"{value / size:.3g} {name}"
    if unit == "count" and math.isfinite(value) and value == round(value):
        return f"{value:,.0f}"
    return f"{value:.4g}"


def band_words(metric: str, lower: float, upper: float) -> str:
    """An expected band in words, such as "0.1 % to 2 %" or "at least 80"; empty when there is none."""
    below, above = math.isfinite(lower), math.isfinite(upper)
    if below and above:
        return f"{value_words(metric, lower)} to {value_words(metric, upper)}"
    if below:
        return f"at least {value_words(metric, lower)}"
    return f"at most {value_words(metric, upper)}" if above else ""


def series_words(series: "SeriesKey") -> str:
    """What a series is, such as "share of nulls of price in orders, country SP"."""
    of = f" of {series.column_name}" if series.column_name else ""
    segment = f", {series.segment}" if series.segment else ""
    return f"{metric_words(series.metric)}{of} in {series.dataset}{segment}"


def title_of(series: "SeriesKey", value: float, lower: float, upper: float) -> str:
    """One line that says what is wrong with a series."""
    band = band_words(series.metric, lower, upper)
    said = (
        f"{series_words(series)} is {value_words(series.metric, value)}{f', expected {band}' if band else ''}"
    )
    return said[:1].upper() + said[1:]
