"""Crypto prices in Dagster: asset, checks, the job that fetches, and when it does."""

import dagster as dg

from dqm_assets.defs.crypto.assets import prices_asset
from dqm_assets.defs.crypto.checks import price_checks
from dqm_assets.settings import settings


@dg.definitions
def defs() -> dg.Definitions:
    """Fetch every five minutes once a provider is named; without, nobody's machine asks the internet."""
    prices = prices_asset()
    named = settings().crypto_url is not None
    status = dg.DefaultScheduleStatus.RUNNING if named else dg.DefaultScheduleStatus.STOPPED
    job = dg.define_asset_job(
        "crypto",
        selection=dg.AssetSelection.assets(prices),
        description="Fetches the prices of the largest coins and checks them.",
    )
    schedule = dg.ScheduleDefinition(job=job, cron_schedule="*/5 * * * *", default_status=status)
    return dg.Definitions(
        assets=[prices], asset_checks=price_checks(prices), jobs=[job], schedules=[schedule]
    )
