"""Judged values: verdicts of some batches, and the line of one series, for those who show them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from dqm_assets.quality.alert import SeriesKey
from dqm_assets.quality.judged_value import JudgedValue
from dqm_assets.store import Store

_COLUMNS = """
    column_name, segment, metric, detector, batch, ts, value, expected, lower, upper, score, verdict, n,
    coalesce(CAST(json_extract_string(params, '$.needed') AS BIGINT), 0) AS needed
"""
_OF_BATCHES = f"""
    SELECT {_COLUMNS} FROM monitoring.verdicts
    WHERE dataset = $dataset AND list_contains($batches, batch) ORDER BY ts, batch
"""  # noqa: S608 (columns are above)
_LINE = f"""
    SELECT {_COLUMNS} FROM monitoring.verdicts
    WHERE dataset = $dataset AND column_name = $column AND segment = $segment AND metric = $metric
      AND detector = $detector AND ts <= $until
    ORDER BY ts DESC, batch DESC LIMIT $points
"""  # noqa: S608
_PLOTTED = 400


def values_of_batches(store: Store, dataset: str, batches: Sequence[str]) -> list[JudgedValue]:
    """Every judged value of some batches of a dataset."""
    rows = store.rows(_OF_BATCHES, {"dataset": dataset, "batches": list(batches)})
    return [_value(dataset, row) for row in rows]


def line_of(store: Store, series: SeriesKey, until: datetime) -> list[JudgedValue]:
    """The newest 400 judged values of a series up to a time, ascending."""
    rows = store.rows(
        _LINE,
        {
            "dataset": series.dataset,
            "column": series.column_name,
            "segment": series.segment,
            "metric": series.metric,
            "detector": series.detector,
            "until": until,
            "points": _PLOTTED,
        },
    )
    return [_value(series.dataset, row) for row in reversed(rows)]


def _value(dataset: str, row: dict[str, Any]) -> JudgedValue:
    series = SeriesKey(dataset, row["column_name"], row["segment"], row["metric"], row["detector"])
    return JudgedValue(
        series,
        row["batch"],
        row["ts"],
        row["value"],
        row["expected"],
        row["lower"],
        row["upper"],
        row["score"],
        row["verdict"],
        row["n"],
        row["needed"],
    )
