"""Baselines and alerts over all datasets: each follows what was judged since it last succeeded."""

from collections.abc import Sequence
from datetime import timedelta

import dagster as dg

from dqm_assets.checks.lineage import WATCHER_KEY
from dqm_assets.checks.metadata import dashboard_link, markdown_table
from dqm_assets.defs.resources import StoreResource
from dqm_assets.pipeline.alerts import AlertSummary, update_alerts
from dqm_assets.pipeline.baselines import update_baselines
from dqm_assets.pipeline.daily_volume import observe_days
from dqm_assets.pipeline.datasets import Dataset, find_dataset
from dqm_assets.pipeline.status import MONITORING, stage
from dqm_assets.settings import settings
from dqm_assets.store import Store

#: The assets that follow the run registries, for runs that want to end with them.
FOLLOWERS = (dg.AssetKey("metric_baselines"), dg.AssetKey("alerts"), dg.AssetKey("source_scores"))

#: Judgements are stamped before they are committed; looking back this far beyond the last success finds those
#: that were committed late. Looking at a dataset once more than needed changes nothing.
_LOOK_BACK = timedelta(minutes=10)


def monitoring_assets(upstream: Sequence[dg.AssetKey]) -> list[dg.AssetsDefinition]:
    """Make the assets that follow every run registry.

    The landing sensor brings them up to date within its own run; the automation condition
    is for runs that are materialised by hand.

    Args:
        upstream: Keys of the run registries.
    """
    follow = dg.AutomationCondition.eager().without(~dg.AutomationCondition.any_deps_missing())

    @dg.asset(
        deps=upstream,
        group_name="monitoring",
        kinds={"python", "duckdb"},
        metadata={WATCHER_KEY: True, "dashboard": dashboard_link("/datasets")},
        automation_condition=follow,
        description="What each judged series is expected to be next, learned from its normal points only.",
    )
    def metric_baselines(store: StoreResource) -> dg.MaterializeResult:
        opened = store.open()
        with stage(opened, f"{MONITORING}metric_baselines", "learn") as details:
            summaries = {
                d.name: update_baselines(opened, d)
                for d in _judged_since(opened, f"{MONITORING}metric_baselines")
            }
            details.update(datasets=len(summaries))
        rows = [(name, s.series, s.ready, s.series - s.ready, s.as_of_batch) for name, s in summaries.items()]
        header = ("dataset", "series", "ready", "learning", "as of run")
        return dg.MaterializeResult(
            metadata={
                "datasets": len(summaries),
                "series": sum(summary.series for summary in summaries.values()),
                "baselines": dg.MetadataValue.md(markdown_table(header, rows)),
            }
        )

    @dg.asset(
        deps=[metric_baselines, *upstream],
        group_name="monitoring",
        kinds={"python", "duckdb"},
        metadata={WATCHER_KEY: True, "dashboard": dashboard_link("/alerts")},
        automation_condition=follow,
        description="Incidents: opened once, updated while they last, resolved when all is normal again.",
    )
    def alerts(store: StoreResource) -> dg.MaterializeResult:
        opened = store.open()
        with stage(opened, f"{MONITORING}alerts", "advance") as details:
            summaries = {d.name: _alerts_of(opened, d) for d in _judged_since(opened, f"{MONITORING}alerts")}
            details["opened"] = sum(summary.opened for summary in summaries.values())
            details["resolved"] = sum(summary.resolved for summary in summaries.values())
        rows = [(name, s.findings, s.opened, s.resolved, s.active) for name, s in summaries.items()]
        header = ("dataset", "new findings", "opened", "resolved", "active")
        return dg.MaterializeResult(
            metadata={
                **details,
                "active": sum(summary.active for summary in summaries.values()),
                "datasets": dg.MetadataValue.md(markdown_table(header, rows)),
                "dashboard": dashboard_link("/alerts"),
            }
        )

    return [metric_baselines, alerts]


def _alerts_of(store: Store, dataset: Dataset) -> AlertSummary:
    observe_days(store, dataset)
    return update_alerts(store, dataset)


def _judged_since(store: Store, pipeline: str) -> list[Dataset]:
    rows = store.rows(
        """
        SELECT DISTINCT r.dataset FROM metrics.runs AS r
        WHERE coalesce(r.judged_at, CASE WHEN r.status = 'QUARANTINED' THEN r.registered_at END) >= coalesce(
            (SELECT last_success FROM monitoring.pipeline_status WHERE pipeline = ?) - CAST(? AS INTERVAL),
            TIMESTAMPTZ '1970-01-01'
        )
        ORDER BY r.dataset
        """,
        [pipeline, f"{int(_LOOK_BACK.total_seconds())} seconds"],
    )
    return [find_dataset(settings(), row["dataset"]) for row in rows]
