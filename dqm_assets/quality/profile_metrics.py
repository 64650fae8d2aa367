"""Named metrics from the kernel's summary of a column."""

import datetime as dt
import math
import operator
import struct
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
#: Doubles below hold every integer.
_EXACT_BELOW = 2.0**53
_TEXT_BYTES = 256


def _summary_layout() -> tuple[struct.Struct, dict[str, int]]:
    """How the kernel's summary lies in memory, and the place of each of its numbers."""
    codes, names = [], []
    for name, field in ffi.typeof("dqm_summary").fields:
        if field.type.kind == "array":
            codes.append(f"{field.type.length}d")
            names.extend(QUANTILE_NAMES)
        else:
            codes.append({"int32_t": "i", "int64_t": "q", "double": "d"}[field.type.cname])
            names.append(name)
    return struct.Struct("@" + "".join(codes)), {name: i for i, name in enumerate(names)}


_LAYOUT, _PLACES = _summary_layout()
#: Metrics of a number column by the names of the summary's fields, in the order in which they are told.
_NUMBER_FIELDS = {
    "row_count": "rows",
    "null_count": "nulls",
    "null_fraction": "nulls",
    "distinct_count": "distinct",
    "distinct_fraction": "distinct",
    "longest_repeat": "longest_repeat",
    "nan_count": "nans",
    "positive_infinity_count": "positive_infinities",
    "negative_infinity_count": "negative_infinities",
    "zero_count": "zeros",
    "negative_count": "negatives",
    "min": "minimum",
    "max": "maximum",
    **{name: name for name in ("sum", "mean", "variance", "stddev", "skewness", "kurtosis")},
    **{name: name for name in QUANTILE_NAMES},
    "iqr": "iqr",
    "mad": "mad",
    "outlier_count": "outliers",
    "outlier_fraction": "outliers",
    "outside_limits_count": "outside_limits",
    "first": "first",
    "last": "last",
    "monotonic": "monotonic",
}
_number_values = operator.itemgetter(*(_PLACES[field] for field in _NUMBER_FIELDS.values()))


def column_metrics(state: Any, summary: Any) -> dict[str, Metric]:
    """All metrics of a column state and its summary, by name."""
    kind = KINDS[summary.kind]
    if kind == "number":
        return _number(state, summary)
    metrics: dict[str, Metric] = {
        "row_count": summary.rows,
        "null_count": summary.nulls,
        "null_fraction": summary.nulls / summary.rows if summary.rows else None,
    }
    if kind in ("null", "nested"):
        return metrics
    metrics.update(_distinct(summary.distinct, summary.rows - summary.nulls))
    metrics["longest_repeat"] = summary.longest_repeat
    if kind == "boolean":
        metrics.update(_boolean(summary))
    elif kind == "string":
        metrics.update(_text(state, summary))
    else:
        metrics.update(_time(state, summary))
    return metrics


def _defined(value: float) -> float | None:
    return None if math.isnan(value) else value


def _distinct(estimate: float, values: int) -> dict[str, Metric]:
    if math.isnan(estimate):
        return {"distinct_count": None, "distinct_fraction": None}
    distinct = min(round(estimate), values)
    return {"distinct_count": distinct, "distinct_fraction": distinct / values if values else None}


def _boolean(summary: Any) -> dict[str, Metric]:
    values = summary.rows - summary.nulls
    true = values - summary.zeros
    return {"true_count": true, "false_count": summary.zeros, "mean": true / values if values else None}


def _number(state: Any, summary: Any) -> dict[str, Metric]:
    found = _LAYOUT.unpack(ffi.buffer(summary))
    numbers = _number_values(found)
    metrics: dict[str, Metric] = dict(zip(_NUMBER_FIELDS, numbers, strict=True))
    if math.isnan(sum(numbers)):  # some metric is not defined
        metrics.update(
            {name: None for name, value in zip(metrics, numbers, strict=True) if math.isnan(value)}
        )
    rows, nulls = found[_PLACES["rows"]], found[_PLACES["nulls"]]
    metrics["null_fraction"] = nulls / rows if rows else None
    metrics.update(_distinct(found[_PLACES["distinct"]], rows - nulls))
    values = rows - nulls - found[_PLACES["nans"]]
    values -= found[_PLACES["positive_infinities"]] + found[_PLACES["negative_infinities"]]
    outliers = found[_PLACES["outliers"]]
    if not math.isnan(outliers):
        metrics["outlier_count"] = round(outliers)
        metrics["outlier_fraction"] = outliers / values
    if not values:
        metrics["sum"] = None
    if found[_PLACES["logical"]] == _INTEGER and found[_PLACES["exact"]]:
        metrics["min"] = _exact_integer(state, _MINIMUM, found[_PLACES["minimum"]])
        metrics["max"] = _exact_integer(state, _MAXIMUM, found[_PLACES["maximum"]])
        if found[_PLACES["exact_sum"]]:
            metrics["sum"] = _exact_integer(state, _SUM, found[_PLACES["sum"]])
    metrics["monotonic"] = _MONOTONIC[found[_PLACES["monotonic"]]]
    return metrics


def _exact_integer(state: Any, which: int, rounded: float) -> int:
    """The exact number that the summary tells as a double."""
    return int(rounded) if abs(rounded) < _EXACT_BELOW else int(_exact_text(state, which))


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
