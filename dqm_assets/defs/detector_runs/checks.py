"""The checks of a dataset of files: its contract, its volume and its freshness."""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import timedelta

import dagster as dg

from dqm_assets.checks.freshness import freshness_result
from dqm_assets.checks.metadata import dashboard_link, markdown_table
from dqm_assets.checks.volume import BatchCount, volume_result
from dqm_assets.defs.detector_runs.assets import RunAssets
from dqm_assets.defs.resources import StoreResource
from dqm_assets.pipeline.contract_results import ClauseOutcome, check_contract
from dqm_assets.pipeline.datasets import Dataset
from dqm_assets.store import Store

_LISTED = 10
_HISTORY = 400
#: The judged runs, those between them, and the history before the first.
_COUNTS = """
    WITH known AS (
        SELECT run_id, ts, rows_loaded FROM metrics.runs WHERE dataset = $dataset AND status <> 'QUARANTINED'
    ), span AS (
        SELECT min((ts, run_id)) AS first, max((ts, run_id)) AS last FROM known
        WHERE list_contains($judged, run_id)
    ), before AS (
        SELECT known.* FROM known, span WHERE (ts, run_id) < first
        ORDER BY ts DESC, run_id DESC LIMIT $history
    )
    SELECT known.* FROM known, span WHERE (ts, run_id) BETWEEN first AND last
    UNION ALL SELECT * FROM before
    ORDER BY ts, run_id
"""
_SEVERITY = {"error": dg.AssetCheckSeverity.ERROR}


def run_checks(assets: RunAssets) -> list[dg.AssetChecksDefinition]:
    """Make the asset checks of one dataset.

    Args:
        assets: The dataset's assets.
    """
    checks = [_readable_check(assets), _volume_check(assets), _freshness_check(assets), _schema_check(assets)]
    if assets.dataset.contract is not None:
        checks.append(_contract_checks(assets))
    return checks


def _registered(store: Store, dataset: Dataset, run: dg.DagsterRun) -> list[dict]:
    """Runs that this Dagster run, or the one it retries, registered."""
    loaders = [run_id for run_id in (run.run_id, run.parent_run_id, run.root_run_id) if run_id]
    return store.rows(
        "SELECT run_id, file, status, reasons, rows_in, rows_quarantined FROM metrics.runs "
        "WHERE dataset = ? AND list_contains(?, dagster_run_id) ORDER BY ts, run_id",
        [dataset.name, loaders],
    )


def _judged_runs(store: Store, dataset: Dataset, run: dg.DagsterRun) -> list[str]:
    """Runs that this Dagster run loaded; the newest one when it was not about loading at all."""
    registered = _registered(store, dataset, run)
    if registered:
        return [row["run_id"] for row in registered if row["status"] != "QUARANTINED"]
    newest = store.rows(
        "SELECT run_id FROM metrics.runs WHERE dataset = ? AND status <> 'QUARANTINED' "
        "ORDER BY ts DESC, run_id DESC LIMIT 1",
        [dataset.name],
    )
    return [row["run_id"] for row in newest]


def _readable_check(assets: RunAssets) -> dg.AssetChecksDefinition:
    dataset = assets.dataset

    @dg.asset_check(
        asset=assets.raw.key,
        name="readable",
        description="Every dropped file can be read; one that cannot is quarantined whole.",
    )
    def readable(context: dg.AssetCheckExecutionContext, store: StoreResource) -> dg.AssetCheckResult:
        return _readable_result(assets, _registered(store.open(), dataset, context.run))

    return readable


def _readable_result(assets: RunAssets, registered: Sequence[dict]) -> dg.AssetCheckResult:
    lost = [row for row in registered if row["status"] == "QUARANTINED"]
    told = [(row["file"], json.loads(row["reasons"])[0]["message"]) for row in lost]
    metadata: dict = {
        "files": len(registered),
        "quarantined_files": len(lost),
        "quarantined_rows": sum(row["rows_quarantined"] for row in registered),
    }
    if lost:
        table = markdown_table(("file", "why"), told[:_LISTED], total=len(told))
        metadata["quarantined"] = dg.MetadataValue.md(table)
    return dg.AssetCheckResult(
        asset_key=assets.raw.key,
        check_name="readable",
        passed=not lost,
        severity=dg.AssetCheckSeverity.ERROR,
        description=f"{told[0][0]}: {told[0][1]}" if told else f"{len(registered)} files were read.",
        metadata=metadata,
    )


def _volume_check(assets: RunAssets) -> dg.AssetChecksDefinition:
    dataset = assets.dataset

    @dg.asset_check(
        asset=assets.raw.key,
        name="volume",
        description="Rows of each run against the runs before it: z-score over mean and standard deviation.",
    )
    def volume(context: dg.AssetCheckExecutionContext, store: StoreResource) -> dg.AssetCheckResult:
        opened = store.open()
        judged = _judged_runs(opened, dataset, context.run)
        rows = opened.rows(_COUNTS, {"dataset": dataset.name, "judged": judged, "history": _HISTORY})
        counts = [BatchCount(row["run_id"], row["ts"], row["rows_loaded"]) for row in rows]
        return volume_result(counts, set(judged), asset_key=assets.raw.key, check_name="volume")

    return volume


def _freshness_check(assets: RunAssets) -> dg.AssetChecksDefinition:
    dataset = assets.dataset

    @dg.asset_check(
        asset=assets.raw.key,
        name="freshness",
        description="Age of the newest data against the contract's latency, or the usual pause of arrivals.",
    )
    def freshness(store: StoreResource) -> dg.AssetCheckResult:
        # By when files landed: loading an old one again is no arrival.
        rows = store.open().rows(
            "SELECT landed_at, max(ts) OVER () AS newest FROM metrics.runs "
            "WHERE dataset = ? AND status <> 'QUARANTINED' ORDER BY landed_at DESC LIMIT ?",
            [dataset.name, _HISTORY],
        )
        return freshness_result(
            rows[0]["newest"] if rows else None,
            sorted(row["landed_at"] for row in rows),
            promised=promised_latency(dataset),
            asset_key=assets.raw.key,
            check_name="freshness",
        )

    return freshness


def _schema_check(assets: RunAssets) -> dg.AssetChecksDefinition:
    dataset = assets.dataset

    @dg.asset_check(
        asset=assets.raw.key,
        name="schema",
        description="Columns of each run against the one before: added, removed, renamed, retyped, moved.",
    )
    def schema(context: dg.AssetCheckExecutionContext, store: StoreResource) -> dg.AssetCheckResult:
        opened = store.open()
        judged = _judged_runs(opened, dataset, context.run)
        rows = opened.rows(
            "SELECT run_id, columns, changes FROM monitoring.schema_history "
            "WHERE dataset = ? AND list_contains(?, run_id) ORDER BY ts, run_id",
            [dataset.name, judged],
        )
        return _schema_result(assets, rows)

    return schema


def _schema_result(assets: RunAssets, rows: Sequence[dict]) -> dg.AssetCheckResult:
    changes = [(row["run_id"], change) for row in rows for change in json.loads(row["changes"])]
    breaking = any(change["breaking"] for _, change in changes)
    told = [(run_id, change["kind"], change["detail"]) for run_id, change in changes]
    columns = [(c["name"], c["written"], c["type"]) for c in json.loads(rows[-1]["columns"])] if rows else []
    metadata: dict = {
        "runs": len(rows),
        "changes": len(changes),
        "columns": dg.MetadataValue.md(markdown_table(("column", "as written", "type"), columns)),
    }
    if told:
        table = markdown_table(("run", "kind", "change"), told[:_LISTED], total=len(told))
        metadata["what_changed"] = dg.MetadataValue.md(table)
    return dg.AssetCheckResult(
        asset_key=assets.raw.key,
        check_name="schema",
        passed=not changes,
        severity=dg.AssetCheckSeverity.ERROR if breaking else dg.AssetCheckSeverity.WARN,
        description=f"{told[0][0]}: {told[0][2]}"
        if told
        else f"The columns of {len(rows)} runs are as before.",
        metadata=metadata,
    )


def promised_latency(dataset: Dataset) -> timedelta | None:
    """Largest age of the data that the dataset's contract allows."""
    return dataset.contract.sla.latency if dataset.contract else None


def _contract_checks(assets: RunAssets) -> dg.AssetChecksDefinition:
    dataset, contract = assets.dataset, assets.dataset.contract
    assert contract is not None  # noqa: S101 - for the type checker; run_checks asked
    specs = [
        dg.AssetCheckSpec(
            clause.id,
            asset=assets.raw.key,
            description=clause.description or f"{clause.kind} ({clause.path})",
            metadata={"clause": clause.path, "severity": clause.severity, "engine": clause.engine},
        )
        for clause in contract.clauses
    ]

    @dg.multi_asset_check(name=f"{dataset.table}_contract", specs=specs, can_subset=True)
    def contract_clauses(
        context: dg.AssetCheckExecutionContext, store: StoreResource
    ) -> Iterator[dg.AssetCheckResult]:
        opened = store.open()
        outcomes = check_contract(opened, dataset, _judged_runs(opened, dataset, context.run))
        by_clause: dict[str, list[ClauseOutcome]] = defaultdict(list)
        for run_outcomes in outcomes.values():
            for outcome in run_outcomes:
                by_clause[outcome.clause].append(outcome)
        wanted = {key.name for key in context.selected_asset_check_keys}
        for clause in contract.clauses:
            if clause.id in wanted:
                yield _clause_result(assets, clause.id, by_clause[clause.id], clause.severity)

    return contract_clauses


def _clause_result(
    assets: RunAssets, name: str, outcomes: Sequence[ClauseOutcome], severity: str
) -> dg.AssetCheckResult:
    failed = [outcome for outcome in outcomes if not outcome.passed]
    table = [(o.run_id, o.failing_rows, o.checked_rows, o.message) for o in failed[:_LISTED]]
    metadata: dict = {
        "runs": len(outcomes),
        "failed_runs": len(failed),
        "checked_rows": sum(outcome.checked_rows for outcome in outcomes),
        "failing_rows": sum(outcome.failing_rows for outcome in outcomes),
        "snapshot": max((outcome.snapshot for outcome in outcomes), default=-1),
        "dashboard": dashboard_link("/runs", dataset=assets.dataset.name),
    }
    if failed:
        header = ("run", "failing rows", "checked rows", "what")
        metadata["failed"] = dg.MetadataValue.md(markdown_table(header, table, total=len(failed)))
        metadata["sample"] = dg.MetadataValue.md(_sample(failed[0]))
    return dg.AssetCheckResult(
        asset_key=assets.raw.key,
        check_name=name,
        passed=not failed,
        severity=_SEVERITY.get(severity, dg.AssetCheckSeverity.WARN),
        description=f"{len(failed)} of {len(outcomes)} runs fail: {failed[0].message}"
        if failed
        else f"{len(outcomes)} runs pass.",
        metadata=metadata,
    )


def _sample(outcome: ClauseOutcome) -> str:
    rows = json.loads(outcome.sample)
    if not rows:
        return "No failing row is kept for this clause: it is about the table as a whole."
    header = list(rows[0])
    return markdown_table(header, [[row.get(column) for column in header] for row in rows[:_LISTED]])
