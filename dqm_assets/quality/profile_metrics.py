"""Named metrics from the kernel's summary of a column."""

import datetime as dt
import math
from typing import Any

from dqm_assets.quality._kernel import ffi, lib

Metric = float | int | str | None

#: By the kernel's number of the kind.
KINDS = ("null", "number", "boolean", "time", "string", "nested")

#: Levels, in percent, of the quantiles that every numeric profile reports.
QUANTILE_NAMES = ("p0.1", "p1", "p5", "p10", "p25", "p50", "p75", "p90", "p95", "p99", "p99.9")

_MONOTONIC = {
    1: "rising",
    2: "strictly rising",
    -1: "falling",
    -2: "strictly falling",
    3: "constant",
    0: "none",
}
_INTEGER, _DATE = 1, 5
_MINIMUM, _MAXIMUM, _SUM = 0, 1, 2
_EPOCH = dt.datetime(1970, 1, 1)
_EXACT_BYTES = 96
_TEXT_BYTES = 256


def column_metrics(state: Any, summary: Any) -> dict[str, Metric]:
    """All metrics of a column state and its summary, by name."""
    metrics: dict[str, Metric] = {
        "row_count": summary.rows,
        "null_count": summary.nulls,
        "null_fraction": summary.nulls / summary.rows if summary.rows else None,
    }
    kind = KINDS[summary.kind]
    if kind in ("null", "nested"):
        return metrics
    metrics.update(_distinct(summary))
    metrics["longest_repeat"] = summary.longest_repeat
    if kind == "boolean":
        metrics.update(_boolean(summary))
    elif kind == "string":
        metrics.update(_text(state, summary))
    elif kind == "time":
        metrics.update(_time(state, summary))
    else:
        metrics.update(_number(state, summary))
    return metrics


def _defined(value: float) -> float | None:
    return None if math.isnan(value) else value


def _distinct(summary: Any) -> dict[str, Metric]:
    if math.isnan(summary.distinct):
        return {"distinct_count": None, "distinct_fraction": None}
    values = summary.rows - summary.nulls
    distinct = min(round(summary.distinct), values)
    return {"distinct_count": distinct, "distinct_fraction": distinct / values if values else None}


def _boolean(summary: Any) -> dict[str, Metric]:
    values = summary.rows - summary.nulls
    true = values - summary.zeros
    return {"true_count": true, "false_count": summary.zeros, "mean": true / values if values else None}


def _number(state: Any, summary: Any) -> dict[str, Metric]:
    values = summary.rows - summary.nulls - summary.nans
    values -= summary.positive_infinities + summary.negative_infinities
    outliers = _defined(summary.outliers)
    metrics: dict[str, Metric] = {
        "nan_count": summary.nans,
        "positive_infinity_count": summary.positive_infinities,
        "negative_infinity_count": summary.negative_infinities,
        "zero_count": summary.zeros,
        "negative_count": summary.negatives,
        "min": _exact_or(state, summary, _MINIMUM, summary.minimum),
        "max": _exact_or(state, summary, _MAXIMUM, summary.maximum),
        "sum": _exact_or(state, summary, _SUM, summary.sum) if values else None,
        "mean": _defined(summary.mean),
        "variance": _defined(summary.variance),
        "stddev": _defined(summary.stddev),
        "skewness": _defined(summary.skewness),
        "kurtosis": _defined(summary.kurtosis),
    }
    metrics.update(zip(QUANTILE_NAMES, map(_defined, summary.quantiles), strict=True))
    metrics["iqr"] = _defined(summary.iqr)
    metrics["mad"] = _defined(summary.mad)
    metrics["outlier_count"] = None if outliers is None else round(outliers)
    metrics["outlier_fraction"] = None if outliers is None else outliers / values
    metrics["outside_limits_count"] = summary.outside_limits
    metrics["first"] = _defined(summary.first)
    metrics["last"] = _defined(summary.last)
    metrics["monotonic"] = _MONOTONIC[summary.monotonic]
    return metrics


def _exact_or(state: Any, summary: Any, which: int, rounded: float) -> float | int | None:
    """An integer column's exact integer; the double of any other column."""
    known = summary.exact_sum if which == _SUM else summary.exact
    if known and summary.logical == _INTEGER:
        return int(_exact_text(state, which))
    return _defined(rounded)


def _exact_text(state: Any, which: int) -> str:
    text = ffi.new("char[]", _EXACT_BYTES)
    size = lib.dqm_column_exact(state, which, text, _EXACT_BYTES)
    return ffi.buffer(text, size)[:].decode()


def _text(state: Any, summary: Any) -> dict[str, Metric]:
    return {
        "min": _text_value(state, _MINIMUM),
        "max": _text_value(state, _MAXIMUM),
        "min_length": _defined(summary.minimum_length),
        "max_length": _defined(summary.maximum_length),
        "mean_length": _defined(summary.mean_length),
        "stddev_length": _defined(summary.stddev_length),
        "empty_count": summary.empty,
        "blank_count": summary.blank,
    }


def _text_value(state: Any, which: int) -> str | None:
    text = ffi.new("char[]", _TEXT_BYTES)
    size = lib.dqm_column_text(state, which, text, _TEXT_BYTES)
    return None if size < 0 else ffi.buffer(text, size)[:].decode(errors="replace")


def _time(state: Any, summary: Any) -> dict[str, Metric]:
    return {
        "min": _time_value(state, summary, _MINIMUM),
        "max": _time_value(state, summary, _MAXIMUM),
        "range_seconds": _defined(summary.range),
        "largest_gap_seconds": _defined(summary.largest_gap),
        "cadence_seconds": _defined(summary.cadence),
        "monotonic": _MONOTONIC[summary.monotonic],
    }


def _time_value(state: Any, summary: Any, which: int) -> str | None:
    """ISO 8601 in UTC; seconds since 1970 for years that Python's calendar does not have."""
    if not summary.exact:
        return None
    seconds, _, fraction = _exact_text(state, which).partition(".")
    negative = seconds.startswith("-") and fraction.strip("0") != ""
    try:
        whole = int(seconds) - (1 if negative else 0)
        moment = _EPOCH + dt.timedelta(seconds=whole)
    except OverflowError:
        return f"{seconds}.{fraction}" if fraction else seconds
    if summary.logical == _DATE:
        return moment.date().isoformat()
    if negative:
        fraction = str(10 ** len(fraction) - int(fraction)).rjust(len(fraction), "0")
    text = moment.isoformat(sep=" ")
    return f"{text}.{fraction}" if fraction.strip("0") else text
