"""Volume: is the number of rows of each batch what the batches before it let one expect?"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import dagster as dg
import numpy as np

from dqm_assets.checks.metadata import markdown_table
from dqm_assets.checks.plot import band_plot
from dqm_assets.quality.detectors import judge
from dqm_assets.quality.plural import counted
from dqm_assets.quality.sensitivity import Sensitivity
from dqm_assets.quality.verdict import Verdict

#: Plain z-score over mean and standard deviation of the earlier batches.
METHOD = "zscore"
DEFAULT_SENSITIVITY = Sensitivity.per_points(1_000)
_LISTED = 20


@dataclass(frozen=True)
class BatchCount:
    """Rows of one batch."""

    batch: str
    ts: datetime
    rows: int


def volume_check(
    asset: dg.AssetKey,
    counts: Callable[[dg.AssetCheckExecutionContext], tuple[Sequence[BatchCount], Collection[str]]],
    *,
    sensitivity: Sensitivity = DEFAULT_SENSITIVITY,
    name: str = "volume",
    metadata: Mapping[str, str] | None = None,
) -> dg.AssetChecksDefinition:
    """Make the check of an asset's row counts.

    Args:
        asset: the asset to watch.
        counts: gives the batches in time order, history included, and the names of those to judge.
        sensitivity: how readily it alarms.
        name: name of the check.
        metadata: of the check itself.
    """

    @dg.asset_check(
        asset=asset,
        name=name,
        metadata=metadata,
        description="Rows of each batch against those before it: z-score over mean and standard deviation.",
    )
    def volume(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        known, judged = counts(context)
        return volume_result(known, judged, asset_key=asset, check_name=name, sensitivity=sensitivity)

    return volume


def volume_result(
    counts: Sequence[BatchCount],
    judged: Collection[str],
    *,
    asset_key: dg.AssetKey,
    check_name: str,
    sensitivity: Sensitivity = DEFAULT_SENSITIVITY,
) -> dg.AssetCheckResult:
    """Judge the row counts of some batches against the batches before each of them.

    Args:
        counts: Batches in time order, history included.
        judged: Those that the check is about.
        asset_key: Asset of the check.
        check_name: Name of the check.
        sensitivity: How readily it alarms.

    Returns:
        Failed (severity WARN) when a judged batch is out of its band; metadata carries the
        numbers of the last judged batch, a table and a plot.
    """
    times = [count.ts for count in counts]
    rows = np.array([count.rows for count in counts], dtype=float)
    verdicts = judge(times, rows, method=METHOD, sensitivity=sensitivity, kind="count")
    pairs = [
        (count, verdict) for count, verdict in zip(counts, verdicts, strict=True) if count.batch in judged
    ]
    bad = [(count, verdict) for count, verdict in pairs if verdict.verdict == "anomalous"]
    return dg.AssetCheckResult(
        asset_key=asset_key,
        check_name=check_name,
        passed=not bad,
        severity=dg.AssetCheckSeverity.WARN,
        description=_summary(pairs, bad),
        metadata=_metadata(counts, verdicts, pairs, bad),
    )


def _summary(pairs: Sequence[tuple[BatchCount, Verdict]], bad: Sequence[tuple[BatchCount, Verdict]]) -> str:
    if not pairs:
        return "No batch to judge yet."
    if not bad:
        return f"{counted(len(pairs), 'batch')}; the last one is {pairs[-1][1].explanation}."
    count, verdict = bad[0]
    told = f"{len(bad)} of {counted(len(pairs), 'batch')} with an unusual number of rows"
    return f"{told}: {count.batch} is {verdict.explanation}."


def _metadata(
    counts: Sequence[BatchCount],
    verdicts: Sequence[Verdict],
    pairs: Sequence[tuple[BatchCount, Verdict]],
    bad: Sequence[tuple[BatchCount, Verdict]],
) -> dict[str, dg.MetadataValue | float | int | str]:
    metadata: dict[str, dg.MetadataValue | float | int | str] = {"batches": len(pairs), "unusual": len(bad)}
    if not pairs:
        return metadata
    last, verdict = pairs[-1]
    metadata |= {"rows": last.rows, "earlier_batches": verdict.n, "method": verdict.method}
    if verdict.verdict != "learning":
        metadata |= {
            "expected": verdict.expected,
            "lower": verdict.lower,
            "upper": verdict.upper,
            "score": verdict.score,
        }
    listed = bad or pairs[-_LISTED:]
    rows = [
        (
            count.batch,
            count.ts.isoformat(timespec="seconds"),
            count.rows,
            verdict.expected,
            verdict.score,
            verdict.verdict,
        )
        for count, verdict in listed[:_LISTED]
    ]
    table = markdown_table(("batch", "time", "rows", "expected", "score", "verdict"), rows, total=len(listed))
    metadata["batches_judged"] = dg.MetadataValue.md(table)
    metadata["plot"] = band_plot(
        [count.ts for count in counts],
        [float(count.rows) for count in counts],
        lower=[verdict.lower for verdict in verdicts],
        upper=[verdict.upper for verdict in verdicts],
        bad=[verdict.verdict == "anomalous" for verdict in verdicts],
        title="rows per batch",
    )
    return metadata
