"""The device fleet in Dagster: assets, checks, the job of each minute, the inventory of each night."""

import dagster as dg

from dqm_assets.defs.devices.assets import device_assets
from dqm_assets.defs.devices.checks import device_checks
from dqm_assets.defs.monitoring.notifications import PIPELINE_TAG
from dqm_assets.settings import settings

_UNDER_WAY = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]


@dg.definitions
def defs() -> dg.Definitions:
    """Collect every minute once an API is named."""
    assets = device_assets()
    named = settings().devices_url is not None
    status = dg.DefaultScheduleStatus.RUNNING if named else dg.DefaultScheduleStatus.STOPPED
    job = dg.define_asset_job(
        "devices",
        selection=dg.AssetSelection.assets(assets.segments, assets.share),
        # Collecting tells its own failures under the dataset's name: what else fails is another pipeline, or
        # the next collection would end its alert and the next judgement reopen it, minute by minute.
        tags={PIPELINE_TAG: assets.share.key.to_user_string()},
        description="Collects the snapshots of the fleet that are due, and judges them.",
    )
    inventory_job = dg.define_asset_job(
        "devices_inventory",
        selection=dg.AssetSelection.assets(assets.inventory),
        description="Loads the inventory of the fleet, and checks it.",
    )

    @dg.schedule(job=job, cron_schedule="* * * * *", default_status=status, name="devices_each_minute")
    def each_minute(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        """Start the collector, unless the one of an earlier minute still catches up."""
        if settings().devices_url is None:
            return dg.SkipReason("No device API is set: give DQM_DEVICES_URL its address.")
        going = dg.RunsFilter(job_name=job.name, statuses=_UNDER_WAY)
        if context.instance.get_runs_count(going):
            return dg.SkipReason("The collector of an earlier minute is still at work.")
        return dg.RunRequest()

    nightly = dg.ScheduleDefinition(job=inventory_job, cron_schedule="41 2 * * *", default_status=status)
    return dg.Definitions(
        assets=list(assets.all),
        asset_checks=device_checks(assets),
        jobs=[job, inventory_job],
        schedules=[each_minute, nightly],
    )
