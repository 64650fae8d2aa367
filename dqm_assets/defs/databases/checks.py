"""Checks of a watched table: age of the newest row, volume, column metrics, clauses of its contract."""

import json
from collections.abc import Collection, Sequence
from datetime import datetime

import dagster as dg

from dqm_assets.checks.anomalies import anomalies_check
from dqm_assets.checks.contract import ClauseVerdict, clause_checks
from dqm_assets.defs.resources import process_store
from dqm_assets.pipeline.database_points import METRIC_DETECTOR, VOLUME_DETECTOR
from dqm_assets.pipeline.datasets import find_dataset
from dqm_assets.pipeline.judged_values import line_of, values_of_batches
from dqm_assets.quality.alert import SeriesKey
from dqm_assets.quality.durations import span_words
from dqm_assets.quality.judged_value import JudgedValue
from dqm_assets.settings import settings
from dqm_assets.sources.databases.source import DatabaseSource, WatchedTable

_LOOK = "SELECT * FROM monitoring.source_tables WHERE dataset = ?"
_BATCHES = """
    SELECT batch FROM monitoring.verdicts WHERE dataset = ? GROUP BY batch ORDER BY max(ts) DESC LIMIT ?
"""
_OUTCOMES = """
    SELECT * FROM monitoring.contract_violations WHERE dataset = $dataset
    QUALIFY run_id = first(run_id) OVER (ORDER BY checked_at DESC, run_id DESC)
"""


def table_checks(source: DatabaseSource, table: WatchedTable) -> list[dg.AssetChecksDefinition]:
    """Make the checks of one table; they read what the look of the same run has found.

    Args:
        source: The source.
        table: One of its tables.
    """
    dataset = source.dataset_of(table)
    key = dg.AssetKey(dataset)
    checks = [
        _freshness(dataset),
        _judged_check(key, dataset, VOLUME_DETECTOR, "volume", table.look_back + 1),
    ]
    if table.kind == "batch":
        checks.append(_judged_check(key, dataset, METRIC_DETECTOR, "anomalies", table.look_back + 1))
    contract = find_dataset(settings(), dataset).contract
    if contract is not None and contract.clauses and not table.keep_rows_there:
        checks.append(clause_checks(key, contract, _outcomes_of(dataset), blocking=False))
    return checks


def _judged_check(
    key: dg.AssetKey, dataset: str, detector: str, name: str, batches: int
) -> dg.AssetChecksDefinition:
    def judged(_context: dg.AssetCheckExecutionContext) -> list[JudgedValue]:
        store = process_store()
        newest = [row["batch"] for row in store.rows(_BATCHES, [dataset, batches])]
        found = values_of_batches(store, dataset, newest)
        return [one for one in found if one.series.detector == detector]

    def history(series: SeriesKey, until: datetime) -> Sequence[JudgedValue]:
        return line_of(process_store(), series, until)

    return anomalies_check(key, judged, history, name=name)


def _freshness(dataset: str) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=dg.AssetKey(dataset),
        name="freshness",
        description="Age of the newest row against what is promised, or usual.",
    )
    def freshness() -> dg.AssetCheckResult:
        rows = process_store().rows(_LOOK, [dataset])
        look = rows[0] if rows else None
        newest = look["newest"] if look else None
        age = look["looked_at"] - newest if look and newest else None
        limit = look["age_limit_seconds"] if look else None
        told = f"Newest row was {span_words(age)} old." if age is not None else "No row tells its time."
        return dg.AssetCheckResult(
            passed=not (look and look["late"]),
            severity=dg.AssetCheckSeverity.WARN,
            description=told if limit is not None else f"{told} What is usual is being learned.",
            metadata={
                "age_seconds": age.total_seconds() if age is not None else -1.0,
                "limit_seconds": limit if limit is not None else -1.0,
                "newest": newest.isoformat() if newest else "",
            },
        )

    return freshness


def _outcomes_of(dataset: str):
    def judge(_context: dg.AssetCheckExecutionContext, wanted: Collection[str]) -> list[ClauseVerdict]:
        rows = process_store().rows(_OUTCOMES, {"dataset": dataset})
        return [
            ClauseVerdict(
                row["clause"],
                row["run_id"],
                row["passed"],
                row["failing_rows"],
                row["checked_rows"],
                row["message"],
                json.loads(row["sample"] or "[]"),
                row["snapshot"],
            )
            for row in rows
            if row["clause"] in wanted
        ]

    return judge
