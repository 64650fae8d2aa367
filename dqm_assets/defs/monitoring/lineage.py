"""Lineage: the code location's asset graph is kept in the store, where alerts are grouped by it."""

import dagster as dg

from dqm_assets.checks.lineage import keep_lineage
from dqm_assets.defs.resources import StoreResource


@dg.sensor(
    name="lineage",
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Keeps which datasets are made from which, so that alerts downstream name their cause.",
)
def lineage(context: dg.SensorEvaluationContext, store: StoreResource) -> dg.SkipReason:
    """Keep the asset graph as it is now; the same graph again costs nothing that day."""
    repository = context.repository_def
    if repository is None:
        return dg.SkipReason("This tick has no code location.")
    keep_lineage(store.open(), repository.asset_graph, context.code_location_origin)
    return dg.SkipReason("The lineage is kept.")
