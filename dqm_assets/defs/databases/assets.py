"""The assets of a source: one per watched table, all looked at by one step, as many at once as it allows."""

from collections.abc import Iterator

import dagster as dg

from dqm_assets.checks.lineage import PIPELINE_KEY
from dqm_assets.checks.metadata import dashboard_link
from dqm_assets.defs.resources import process_store
from dqm_assets.pipeline.database_collect import Looked, collect_source
from dqm_assets.pipeline.datasets import find_dataset
from dqm_assets.pipeline.source_tables import pipeline_of
from dqm_assets.settings import settings
from dqm_assets.sources.databases.source import DatabaseSource, WatchedTable

#: Check that says whether a table could be looked at.
ANSWERS = "answers"
_KINDS = {"postgresql": "postgres", "files": "parquet"}


def source_assets(source: DatabaseSource) -> dg.AssetsDefinition:
    """Make the assets of a source's tables.

    The step's pool is the source's own: two runs of one source wait for each other, and for nobody else.

    Args:
        source: The source, with at least one table.
    """
    specs = {source.dataset_of(table): _spec(source, table) for table in source.tables}

    @dg.multi_asset(
        name=f"look_at_{source.source}",
        specs=list(specs.values()),
        check_specs=[
            dg.AssetCheckSpec(ANSWERS, asset=name, description="The table can be looked at.")
            for name in specs
        ],
        can_subset=True,
        pool=f"source_{source.source}",
    )
    def look(
        context: dg.AssetExecutionContext,
    ) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        wanted = {key.to_user_string() for key in context.selected_asset_keys}
        done = collect_source(
            process_store(), settings(), source, only=wanted, dagster_run_id=context.run.run_id
        )
        if done.reason:
            # It is told already, and asked for again at the next tick.
            raise dg.Failure(done.reason, allow_retries=False)
        for looked in done.tables:
            if not looked.reason:
                yield _materialised(looked)
            yield _answers(looked)

    return look


def _spec(source: DatabaseSource, table: WatchedTable) -> dg.AssetSpec:
    name = source.dataset_of(table)
    owner = source.owner_of(table) or find_dataset(settings(), name).owner
    return dg.AssetSpec(
        name,
        group_name=f"source_{source.source}",
        kinds={_KINDS.get(source.type, source.type)},
        owners=[f"team:{owner}"] if owner else None,
        description=f"{table.table} at {source.address}: {table.kind} table, watched where it is.",
        skippable=True,
        metadata={
            PIPELINE_KEY: pipeline_of(source.source),
            "dashboard": dashboard_link("/datasets", dataset=name),
        },
    )


def _materialised(looked: Looked) -> dg.MaterializeResult:
    seen = looked.observed
    return dg.MaterializeResult(
        asset_key=looked.dataset,
        metadata={
            "dagster/row_count": looked.rows,
            "periods": looked.periods,
            "query_seconds": looked.seconds,
            "newest": looked.newest.isoformat() if looked.newest else "",
            "late": looked.late,
            "points": seen.points,
            "anomalous": seen.anomalous,
            "alerts_opened": seen.opened,
            "alerts_resolved": seen.resolved,
            "active_alerts": seen.active,
            "dashboard": dashboard_link("/datasets", dataset=looked.dataset),
        },
    )


def _answers(looked: Looked) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=looked.dataset,
        check_name=ANSWERS,
        passed=not looked.reason,
        severity=dg.AssetCheckSeverity.ERROR,
        description=looked.reason or f"Answered in {looked.seconds:.2f} s.",
        metadata={"seconds": looked.seconds, "rows": looked.rows},
    )
