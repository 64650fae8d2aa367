"""Anomalies: every judged series of some batches in one check, with a plot of the one furthest out."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import dagster as dg

from dqm_assets.checks.metadata import markdown_table
from dqm_assets.checks.plot import band_plot
from dqm_assets.quality.alert import SeriesKey
from dqm_assets.quality.judged_value import JudgedValue
from dqm_assets.quality.metric_words import band_words, series_words, value_words
from dqm_assets.quality.plural import counted

_LISTED = 20


def anomalies_check(
    asset: dg.AssetKey,
    judged: Callable[[dg.AssetCheckExecutionContext], Sequence[JudgedValue]],
    history: Callable[[SeriesKey, datetime], Sequence[JudgedValue]],
    *,
    name: str = "anomalies",
    metadata: Mapping[str, str] | None = None,
) -> dg.AssetChecksDefinition:
    """Make the check of everything that is judged against a baseline.

    Args:
        asset: the asset to watch.
        judged: gives the values that the run is about.
        history: gives the values of one series up to a time, ascending, for the plot.
        name: name of the check.
        metadata: of the check itself.
    """

    @dg.asset_check(
        asset=asset,
        name=name,
        metadata=metadata,
        description="Every judged metric of each batch against its baseline, learned from what came before.",
    )
    def anomalies(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        return anomalies_result(judged(context), history, asset_key=asset, check_name=name)

    return anomalies


def anomalies_result(
    judged: Sequence[JudgedValue],
    history: Callable[[SeriesKey, datetime], Sequence[JudgedValue]],
    *,
    asset_key: dg.AssetKey,
    check_name: str,
) -> dg.AssetCheckResult:
    """Say which series are out of their bands.

    Args:
        judged: the values that the check is about.
        history: gives the values of one series up to a time, ascending, for the plot.
        asset_key: Asset of the check.
        check_name: Name of the check.

    Returns:
        Failed (severity WARN) when a value is anomalous; metadata lists them, furthest out first, and plots
        the first (or, when all is normal, the value that is nearest to its bound).
    """
    bad = sorted((one for one in judged if one.verdict == "anomalous"), key=lambda one: -one.score)
    learning = [one for one in judged if one.verdict == "learning"]
    metadata: dict[str, Any] = {
        "series": len({one.series for one in judged}),
        "batches": len({one.batch for one in judged}),
        "anomalous": len(bad),
        "learning": len(learning),
    }
    if bad:
        rows = [
            (one.batch, series_words(one.series), _value(one), _band(one), one.score) for one in bad[:_LISTED]
        ]
        header = ("batch", "what", "value", "expected", "scales away")
        metadata["anomalies"] = dg.MetadataValue.md(markdown_table(header, rows, total=len(bad)))
    ready = [one for one in judged if one.verdict != "learning"]
    worst = bad[0] if bad else max(ready, key=lambda one: one.score, default=None)
    if worst is not None:
        metadata["plot"] = _plot(worst, history(worst.series, worst.ts))
    return dg.AssetCheckResult(
        asset_key=asset_key,
        check_name=check_name,
        passed=not bad,
        severity=dg.AssetCheckSeverity.WARN,
        description=_summary(judged, bad, learning),
        metadata=metadata,
    )


def _summary(
    judged: Sequence[JudgedValue], bad: Sequence[JudgedValue], learning: Sequence[JudgedValue]
) -> str:
    if not judged:
        return "Nothing is judged yet."
    if bad:
        first = bad[0]
        told = f"{series_words(first.series)} is {_value(first)}, expected {_band(first)} ({first.batch})"
        return f"{len(bad)} of {counted(len(judged), 'judged value')} out of band: {told}."
    if len(learning) == len(judged):
        slowest = min(learning, key=lambda one: one.n)
        return f"Learning, {slowest.n} of {slowest.needed} points."
    more = f", {len(learning)} still learning" if learning else ""
    return f"{counted(len(judged), 'judged value')}, none out of band{more}."


def _value(one: JudgedValue) -> str:
    return value_words(one.series.metric, one.value)


def _band(one: JudgedValue) -> str:
    return band_words(one.series.metric, one.lower, one.upper) or "–"


def _plot(worst: JudgedValue, line: Sequence[JudgedValue]) -> dg.MetadataValue:
    return band_plot(
        [one.ts for one in line],
        [one.value for one in line],
        lower=[one.lower for one in line],
        upper=[one.upper for one in line],
        bad=[one.verdict == "anomalous" for one in line],
        title=series_words(worst.series),
    )
