"""Reports: the scorecard, detections and contract results as documents in the home's folder of reports."""

import dagster as dg

from dqm_assets.checks.lineage import WATCHER_KEY
from dqm_assets.checks.metadata import dashboard_link, markdown_table
from dqm_assets.defs.monitoring.scorecard import SCORES
from dqm_assets.defs.resources import StoreResource
from dqm_assets.pipeline.status import stage
from dqm_assets.quality.scorecard import weights_of
from dqm_assets.reports.documents import write_reports
from dqm_assets.reports.portfolio import read_portfolio
from dqm_assets.settings import settings


@dg.asset(
    deps=[SCORES],
    group_name="monitoring",
    kinds={"python", "markdown"},
    metadata={WATCHER_KEY: True, "dashboard": dashboard_link("/dashboard")},
    description="Scorecard, detections and contract results of the last 30 days, as Markdown and HTML.",
)
def portfolio_reports(store: StoreResource) -> dg.MaterializeResult:
    """Write every report anew."""
    opened, where = store.open(), settings()
    with stage(opened, "portfolio_reports", "write") as details:
        portfolio = read_portfolio(opened)
        written = write_reports(
            portfolio,
            where.reports_folder,
            dashboard=where.dashboard_url,
            weights=weights_of(where.score_weights),
        )
        details.update(datasets=len(portfolio.datasets), open_alerts=len(portfolio.open))
    owners = [(owner.name, owner.score, owner.status, owner.open_alerts) for owner in portfolio.owners]
    return dg.MaterializeResult(
        metadata={
            **details,
            **({"score": portfolio.score} if portfolio.score is not None else {}),
            "owners": dg.MetadataValue.md(
                markdown_table(("owner", "score", "status", "open alerts"), owners)
            ),
            **{report.path.name: dg.MetadataValue.path(report.path) for report in written},
        }
    )


@dg.definitions
def defs() -> dg.Definitions:
    """The asset, and a run of it every morning."""
    job = dg.define_asset_job(
        "reports",
        selection=dg.AssetSelection.assets(portfolio_reports.key),
        description="Health reports as documents.",
    )
    daily = dg.ScheduleDefinition(
        job=job, cron_schedule="15 5 * * *", default_status=dg.DefaultScheduleStatus.RUNNING
    )
    return dg.Definitions(assets=[portfolio_reports], jobs=[job], schedules=[daily])
