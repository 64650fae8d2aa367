"""Scorecard: the health score of every source, day by day."""

import dagster as dg

from dqm_assets.checks.lineage import WATCHER_KEY
from dqm_assets.checks.metadata import dashboard_link, markdown_table
from dqm_assets.defs.resources import StoreResource
from dqm_assets.pipeline.score_drops import ScoreRules
from dqm_assets.pipeline.scores import update_scores
from dqm_assets.pipeline.status import stage
from dqm_assets.settings import settings

#: Key of the asset, for runs that want to end with it.
SCORES = dg.AssetKey("source_scores")


@dg.asset(
    key=SCORES,
    deps=[dg.AssetKey("alerts")],
    group_name="monitoring",
    kinds={"python", "duckdb"},
    metadata={WATCHER_KEY: True, "dashboard": dashboard_link("/dashboard")},
    automation_condition=dg.AutomationCondition.eager(),
    description="Health of each source, 0 to 100: completeness, validity, freshness, volume, schema, alerts.",
)
def source_scores(store: StoreResource) -> dg.MaterializeResult:
    """Score every dataset for each of the last days."""
    opened = store.open()
    with stage(opened, "source_scores", "score") as details:
        summary = update_scores(opened, rules=ScoreRules.of(settings()))
        details.update(datasets=len(summary.newest), written=summary.written, alerts_opened=summary.opened)
    rows = sorted(summary.newest.items(), key=lambda entry: entry[1])
    return dg.MaterializeResult(
        metadata={
            **details,
            "scores": dg.MetadataValue.md(markdown_table(("dataset", "score"), rows)),
            "dashboard": dashboard_link("/dashboard"),
        }
    )


@dg.definitions
def defs() -> dg.Definitions:
    """The asset, and an hourly run of it: freshness falls also when nothing comes."""
    job = dg.define_asset_job(
        "scorecard", selection=dg.AssetSelection.assets(SCORES), description="Health scores of all sources."
    )
    hourly = dg.ScheduleDefinition(
        job=job, cron_schedule="7 * * * *", default_status=dg.DefaultScheduleStatus.RUNNING
    )
    return dg.Definitions(assets=[source_scores], jobs=[job], schedules=[hourly])
