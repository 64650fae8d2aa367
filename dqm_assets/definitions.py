"""The Dagster code location: what is in ``defs/``, and the policies that hold for all of it."""

from pathlib import Path

import dagster as dg

from dqm_assets.defs.resources import StoreResource


@dg.definitions
def defs() -> dg.Definitions:
    """Load every source's folder and add what they share."""
    automation = dg.AutomationConditionSensorDefinition(
        "automation",
        target=dg.AssetSelection.all() | dg.AssetSelection.all_asset_checks(),
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    shared = dg.Definitions(
        sensors=[automation],
        resources={"store": StoreResource()},
        # Steps are short and the store serialises writers: a process per step would only add start-up time.
        executor=dg.in_process_executor,
    )
    return dg.Definitions.merge(dg.load_from_defs_folder(path_within_project=Path(__file__).parent), shared)
