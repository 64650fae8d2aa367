"""The assets of a dataset of files: raw rows → run metrics → run registry, one partition per run."""

from collections.abc import Sequence
from dataclasses import dataclass

import dagster as dg

from dqm_assets.checks.lineage import DATASET_KEY
from dqm_assets.checks.metadata import dashboard_link, markdown_table
from dqm_assets.defs.resources import StoreResource
from dqm_assets.ingest import Landing
from dqm_assets.pipeline.datasets import DETECTOR, Dataset
from dqm_assets.pipeline.judge import JudgedRun, judge_runs
from dqm_assets.pipeline.load import load_runs
from dqm_assets.pipeline.measure import measure_runs
from dqm_assets.pipeline.status import stage
from dqm_assets.settings import settings

#: Runs listed in a metadata table.
_LISTED = 20


@dataclass(frozen=True)
class RunAssets:
    """The three assets of one dataset and the partitions they share."""

    dataset: Dataset
    partitions: dg.DynamicPartitionsDefinition
    raw: dg.AssetsDefinition
    metrics: dg.AssetsDefinition
    registry: dg.AssetsDefinition

    @property
    def all(self) -> tuple[dg.AssetsDefinition, ...]:
        """The assets in the order of the flow."""
        return (self.raw, self.metrics, self.registry)


def run_assets(dataset: Dataset) -> RunAssets:
    """Make the assets of one dataset; a range of runs is one Dagster run.

    Args:
        dataset: Fed by files in the landing folder.
    """
    partitions = dg.DynamicPartitionsDefinition(name=f"{dataset.table}_runs")
    raw = _raw_asset(dataset, partitions)
    metrics = _metrics_asset(dataset, partitions, raw.key)
    registry = _registry_asset(dataset, partitions, metrics.key)
    return RunAssets(dataset, partitions, raw, metrics, registry)


def registry_key(dataset: Dataset) -> dg.AssetKey:
    """Key of the asset that says GOOD or BAD of a dataset's runs."""
    return dg.AssetKey(_name(dataset, "run_registry"))


def _name(dataset: Dataset, plain: str) -> str:
    return plain if dataset.name == DETECTOR else f"{dataset.table}_{plain}"


def _common(dataset: Dataset, partitions: dg.DynamicPartitionsDefinition) -> dict:
    return {
        "partitions_def": partitions,
        "group_name": dataset.table,
        "backfill_policy": dg.BackfillPolicy.single_run(),
        "owners": [f"team:{dataset.owner}"] if dataset.owner else None,
        "metadata": {
            DATASET_KEY: dataset.name,
            "dashboard": dashboard_link("/runs", dataset=dataset.name),
        },
    }


def _raw_asset(dataset: Dataset, partitions: dg.DynamicPartitionsDefinition) -> dg.AssetsDefinition:
    @dg.asset(
        name=f"raw_{dataset.table}",
        description=f"{dataset.description} Rows as loaded; what does not parse is in raw.quarantine.",
        kinds={"csv", "duckdb"},
        **_common(dataset, partitions),
    )
    def raw(context: dg.AssetExecutionContext, store: StoreResource) -> dg.MaterializeResult:
        landing = Landing(settings().landing_folder)
        located = [landing.locate(dataset.name, run_id) for run_id in context.partition_keys]
        claims = [claim for claim in located if claim is not None]
        gone = [
            run_id for run_id, claim in zip(context.partition_keys, located, strict=True) if claim is None
        ]
        if gone:
            context.log.warning(
                f"The files of {len(gone)} runs are gone from the archive: {', '.join(gone[:5])}. "
                "Their rows stay as they are; drop the files again to load them anew."
            )
        with stage(store.open(), dataset.name, "load") as details:
            summary = load_runs(store.open(), landing, dataset, claims, dagster_run_id=context.run.run_id)
            details.update(runs=len(summary.loaded), rows_in=summary.rows_in, rows_loaded=summary.rows_loaded)
        return dg.MaterializeResult(
            metadata={
                "dagster/row_count": summary.rows_loaded,
                "runs": len(summary.loaded),
                "rows_in": summary.rows_in,
                "rows_loaded": summary.rows_loaded,
                "rows_quarantined": summary.rows_quarantined,
                "files_quarantined_whole": len(summary.quarantined_files),
                "duplicate_files": len(summary.duplicates),
                "table": dataset.raw_table,
                "dashboard": dashboard_link("/runs", dataset=dataset.name),
            }
        )

    return raw


def _metrics_asset(
    dataset: Dataset, partitions: dg.DynamicPartitionsDefinition, upstream: dg.AssetKey
) -> dg.AssetsDefinition:
    @dg.asset(
        name=_name(dataset, "run_metrics"),
        deps=[upstream],
        description="Profile of each run by the C++ kernel: mergeable states and the metrics read off them.",
        kinds={"cpp", "duckdb"},
        **_common(dataset, partitions),
    )
    def metrics(context: dg.AssetExecutionContext, store: StoreResource) -> dg.MaterializeResult:
        with stage(store.open(), dataset.name, "measure") as details:
            summary = measure_runs(store.open(), dataset, context.partition_keys)
            details.update(vars(summary))
        return dg.MaterializeResult(metadata=vars(summary))

    return metrics


def _registry_asset(
    dataset: Dataset, partitions: dg.DynamicPartitionsDefinition, upstream: dg.AssetKey
) -> dg.AssetsDefinition:
    @dg.asset(
        name=_name(dataset, "run_registry"),
        deps=[upstream],
        description="GOOD or BAD for each run, with reasons: contract clauses and metrics out of their band.",
        kinds={"python", "duckdb"},
        **_common(dataset, partitions),
    )
    def registry(context: dg.AssetExecutionContext, store: StoreResource) -> dg.MaterializeResult:
        with stage(store.open(), dataset.name, "judge") as details:
            judged = judge_runs(store.open(), dataset, context.partition_keys)
            bad = [run for run in judged if not run.good]
            details.update(judged=len(judged), bad=len(bad))
        return dg.MaterializeResult(
            metadata={
                "good": len(judged) - len(bad),
                "bad": len(bad),
                "learning": sum(run.learning > 0 for run in judged),
                "bad_runs": dg.MetadataValue.md(_bad_runs(bad)),
                "dashboard": dashboard_link("/runs", dataset=dataset.name),
            }
        )

    return registry


def _bad_runs(bad: Sequence[JudgedRun]) -> str:
    if not bad:
        return "No run is BAD."
    rows = [
        (run.run_id, run.ts.isoformat(timespec="seconds"), "; ".join(r.message for r in run.reasons[:3]))
        for run in bad
    ]
    return markdown_table(("run", "data time", "reasons"), rows[:_LISTED], total=len(rows))
