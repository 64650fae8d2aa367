"""Keeping house: compaction and retention of the store, retention of Dagster's own history."""

from datetime import UTC, datetime, timedelta

import dagster as dg

from dqm_assets.checks.metadata import dashboard_link, markdown_table
from dqm_assets.defs.resources import StoreResource
from dqm_assets.pipeline.retention import retention_of
from dqm_assets.pipeline.status import stage
from dqm_assets.settings import settings
from dqm_assets.store.maintenance import maintain

#: Dagster runs removed in one go, so that a first clean-up of a long history stays short.
_RUNS_PER_SWEEP = 2_000


@dg.asset(
    group_name="housekeeping",
    metadata={"dashboard": dashboard_link("/system")},
    kinds={"duckdb"},
    description="Merges files, expires snapshots (not those of open alerts), removes rows past retention.",
)
def store_maintenance(store: StoreResource) -> dg.MaterializeResult:
    """Maintain the store; readers and writers go on meanwhile."""
    with stage(store.open(), "store_maintenance", "maintain") as details:
        report = maintain(store.open(), retention=retention_of(settings()))
        details.update(files_before=report.before.files, files_after=report.after.files)
    rows = [
        ("data files", report.before.files, report.after.files),
        ("bytes", report.before.bytes, report.after.bytes),
        ("snapshots", report.before.snapshots, report.after.snapshots),
    ]
    removed = [(one.table, one.rows) for one in report.removed]
    return dg.MaterializeResult(
        metadata={
            "report": dg.MetadataValue.md(markdown_table(("what", "before", "after"), rows)),
            "removed": dg.MetadataValue.md(markdown_table(("table", "rows past retention"), removed)),
            "files_deleted": report.files_deleted,
            "orphans_deleted": report.orphans_deleted,
            "snapshots_pinned_by_alerts": report.pinned,
            "seconds": report.seconds,
            **details,
        }
    )


@dg.asset(
    group_name="housekeeping",
    metadata={"dashboard": dashboard_link("/system")},
    description="Removes Dagster runs past retention; Dagster itself only forgets ticks.",
)
def dagster_retention(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """Delete finished runs that are older than the retention."""
    limit = datetime.now(UTC) - timedelta(days=settings().retention_days)
    finished = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
    old = context.instance.get_runs(
        dg.RunsFilter(statuses=finished, created_before=limit), limit=_RUNS_PER_SWEEP
    )
    for run in old:
        context.instance.delete_run(run.run_id)
    return dg.MaterializeResult(metadata={"deleted_runs": len(old), "older_than": limit.isoformat()})


@dg.definitions
def defs() -> dg.Definitions:
    """Nightly housekeeping."""
    job = dg.define_asset_job(
        "housekeeping",
        selection=dg.AssetSelection.groups("housekeeping"),
        description="Compaction, snapshot expiry and retention.",
    )
    nightly = dg.ScheduleDefinition(
        job=job, cron_schedule="17 3 * * *", default_status=dg.DefaultScheduleStatus.RUNNING
    )
    return dg.Definitions(assets=[store_maintenance, dagster_retention], jobs=[job], schedules=[nightly])
