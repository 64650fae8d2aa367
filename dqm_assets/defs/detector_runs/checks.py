"""The checks of a dataset of files: its contract, its volume and its freshness."""

import json
from collections.abc import Collection, Sequence

import dagster as dg

from dqm_assets.checks.anomalies import anomalies_check
from dqm_assets.checks.contract import ClauseVerdict, clause_checks
from dqm_assets.checks.freshness import DataAge, freshness_check
from dqm_assets.checks.metadata import dashboard_address, markdown_table
from dqm_assets.checks.volume import BatchCount, volume_check
from dqm_assets.defs.detector_runs.assets import RunAssets
from dqm_assets.defs.resources import StoreResource
from dqm_assets.pipeline.alerts import update_alerts
from dqm_assets.pipeline.contract_results import ClauseOutcome, check_contract
from dqm_assets.pipeline.datasets import Dataset
from dqm_assets.pipeline.evidence import evidence_id
from dqm_assets.pipeline.judged_values import line_of, values_of_batches
from dqm_assets.quality.contracts import Contract
from dqm_assets.quality.contracts.drift_policy import DEFAULT_POLICY, DriftPolicy
from dqm_assets.quality.contracts.sla import Sla
from dqm_assets.quality.judged_value import JudgedValue
from dqm_assets.quality.plural import counted
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


def run_checks(assets: RunAssets) -> list[dg.AssetChecksDefinition]:
    """Make the asset checks of one dataset.

    Args:
        assets: The dataset's assets.
    """
    checks = [_readable_check(assets), _volume_check(assets), _freshness_check(assets), _schema_check(assets)]
    checks.append(_anomalies_check(assets))
    if assets.dataset.contract is not None and assets.dataset.contract.clauses:
        checks.append(_contract_checks(assets, assets.dataset.contract))
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
        description=f"{told[0][0]}: {told[0][1]}" if told else f"{counted(len(registered), 'file')} read.",
        metadata=metadata,
    )


def _volume_check(assets: RunAssets) -> dg.AssetChecksDefinition:
    dataset = assets.dataset

    def counts(context: dg.AssetCheckExecutionContext) -> tuple[list[BatchCount], set[str]]:
        store = StoreResource().open()
        judged = _judged_runs(store, dataset, context.run)
        rows = store.rows(_COUNTS, {"dataset": dataset.name, "judged": judged, "history": _HISTORY})
        return [BatchCount(row["run_id"], row["ts"], row["rows_loaded"]) for row in rows], set(judged)

    return volume_check(assets.raw.key, counts)


def _anomalies_check(assets: RunAssets) -> dg.AssetChecksDefinition:
    dataset = assets.dataset

    def judged(context: dg.AssetCheckExecutionContext) -> list[JudgedValue]:
        store = StoreResource().open()
        return values_of_batches(store, dataset.name, _judged_runs(store, dataset, context.run))

    return anomalies_check(
        assets.registry.key, judged, lambda series, until: line_of(StoreResource().open(), series, until)
    )


def _freshness_check(assets: RunAssets) -> dg.AssetChecksDefinition:
    dataset = assets.dataset
    sla = dataset.contract.sla if dataset.contract else Sla()
    return freshness_check(assets.raw.key, lambda _: data_age(StoreResource().open(), dataset), sla=sla)


def data_age(store: Store, dataset: Dataset) -> DataAge:
    """When the data of a dataset happened, and when its files landed (loading one again is no arrival)."""
    rows = store.rows(
        "SELECT landed_at, max(ts) OVER () AS newest, min(ts) OVER () AS oldest FROM metrics.runs "
        "WHERE dataset = ? AND status <> 'QUARANTINED' ORDER BY landed_at DESC LIMIT ?",
        [dataset.name, _HISTORY],
    )
    if not rows:
        return DataAge(None)
    landed = sorted(row["landed_at"] for row in rows)
    return DataAge(rows[0]["newest"], landed, rows[0]["oldest"], dataset.calendar)


def _schema_check(assets: RunAssets) -> dg.AssetChecksDefinition:
    dataset = assets.dataset
    policy = drift_policy(dataset)

    @dg.asset_check(
        asset=assets.raw.key,
        name="schema",
        blocking=policy == "block",
        description="Columns of each run against the one before and the contract: added, removed, renamed, "
        f"retyped, moved, nullable, other categories. Policy: {policy}.",
    )
    def schema(context: dg.AssetCheckExecutionContext, store: StoreResource) -> dg.AssetCheckResult:
        opened = store.open()
        judged = _judged_runs(opened, dataset, context.run)
        rows = opened.rows(
            "SELECT run_id, columns, changes, breaches FROM monitoring.schema_history "
            "WHERE dataset = ? AND list_contains(?, run_id) ORDER BY ts, run_id",
            [dataset.name, judged],
        )
        result = _schema_result(assets, rows)
        if policy == "block" and not result.passed:
            # The asset that updates alerts is among what is blocked, so the alert is opened here.
            update_alerts(opened, dataset)
        return result

    return schema


def drift_policy(dataset: Dataset) -> DriftPolicy:
    """What follows when columns change: the contract's word, else a warning."""
    return dataset.contract.drift_policy if dataset.contract else DEFAULT_POLICY


def _schema_result(assets: RunAssets, rows: Sequence[dict]) -> dg.AssetCheckResult:
    changes = [(row["run_id"], "run before", change) for row in rows for change in json.loads(row["changes"])]
    changes += [
        (row["run_id"], "contract", change) for row in rows for change in json.loads(row["breaches"] or "[]")
    ]
    policy = drift_policy(assets.dataset)
    # Only what breaks the contract blocks: once that is changed, the run can be materialised again.
    breaking = any(
        change["breaking"] for _, against, change in changes if against == "contract" or policy != "block"
    )
    told = [(run_id, against, change["kind"], change["detail"]) for run_id, against, change in changes]
    columns = [(c["name"], c["written"], c["type"]) for c in json.loads(rows[-1]["columns"])] if rows else []
    metadata: dict = {
        "runs": len(rows),
        "changes": len(changes),
        "policy": policy,
        "columns": dg.MetadataValue.md(markdown_table(("column", "as written", "type"), columns)),
    }
    if told:
        header = ("run", "against", "kind", "change")
        metadata["what_changed"] = dg.MetadataValue.md(
            markdown_table(header, told[:_LISTED], total=len(told))
        )
    return dg.AssetCheckResult(
        asset_key=assets.raw.key,
        check_name="schema",
        passed=not changes or policy == "accept",
        severity=dg.AssetCheckSeverity.ERROR if breaking else dg.AssetCheckSeverity.WARN,
        description=f"{told[0][0]}: {told[0][3]}"
        if told
        else f"The columns of {counted(len(rows), 'run')} are as before.",
        metadata=metadata,
    )


def _contract_checks(assets: RunAssets, contract: Contract) -> dg.AssetChecksDefinition:
    dataset = assets.dataset

    def judge(context: dg.AssetCheckExecutionContext, _: Collection[str]) -> list[ClauseVerdict]:
        store = StoreResource().open()
        outcomes = check_contract(store, dataset, _judged_runs(store, dataset, context.run))
        return [_verdict(outcome) for found in outcomes.values() for outcome in found]

    # A broken run is registered BAD by what is downstream, so its clauses must not stop that.
    return clause_checks(
        assets.raw.key,
        contract,
        judge,
        name=f"{dataset.table}_contract",
        blocking=False,
        link=lambda clause: dashboard_address("/contracts", dataset=dataset.name, clause=clause.id),
    )


def _verdict(outcome: ClauseOutcome) -> ClauseVerdict:
    return ClauseVerdict(
        clause=outcome.clause,
        batch=outcome.run_id,
        passed=outcome.passed,
        failing_rows=outcome.failing_rows,
        checked_rows=outcome.checked_rows,
        message=outcome.message,
        sample=json.loads(outcome.sample),
        snapshot=outcome.snapshot,
        evidence="" if outcome.passed else evidence_id(outcome.dataset, outcome.run_id, outcome.clause),
    )
