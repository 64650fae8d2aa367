"""Baselines and alerts, downstream of every run registry."""

import dagster as dg

from dqm_assets.defs.detector_runs.assets import registry_key
from dqm_assets.defs.monitoring.assets import monitoring_assets
from dqm_assets.pipeline.datasets import landing_datasets
from dqm_assets.settings import settings


@dg.definitions
def defs() -> dg.Definitions:
    """The assets that say what is normal and who has to be told."""
    registries = [registry_key(dataset) for dataset in landing_datasets(settings())]
    return dg.Definitions(assets=monitoring_assets(registries))
