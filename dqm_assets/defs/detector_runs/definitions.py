"""Assets, checks and sensor of every dataset in the landing folder."""

import dagster as dg

from dqm_assets.defs.detector_runs.assets import run_assets
from dqm_assets.defs.detector_runs.checks import run_checks
from dqm_assets.defs.detector_runs.sensor import landing_sensor
from dqm_assets.pipeline.datasets import landing_datasets
from dqm_assets.settings import settings


@dg.definitions
def defs() -> dg.Definitions:
    """One set of assets a dataset; the folders are looked at whenever the code location is loaded."""
    datasets = [run_assets(dataset) for dataset in landing_datasets(settings())]
    checks = [check for assets in datasets for check in run_checks(assets)]
    freshness = dg.AssetSelection.checks(
        *(key for c in checks for key in c.check_keys if key.name == "freshness")
    )
    freshness_job = dg.define_asset_job(
        "freshness", selection=freshness, description="Looks at the age of the data."
    )
    return dg.Definitions(
        assets=[asset for assets in datasets for asset in assets.all],
        asset_checks=checks,
        sensors=[landing_sensor(datasets)],
        jobs=[freshness_job],
        schedules=[
            # Stale data starts no run by itself, so the clock has to look.
            dg.ScheduleDefinition(
                job=freshness_job,
                cron_schedule="*/10 * * * *",
                default_status=dg.DefaultScheduleStatus.RUNNING,
            )
        ],
    )
