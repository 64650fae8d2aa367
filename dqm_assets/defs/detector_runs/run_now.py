"""Materialise claimed runs in this process: what the sensor has the daemon do, without a daemon."""

from collections.abc import Sequence

import dagster as dg

from dqm_assets.defs.detector_runs.assets import run_assets
from dqm_assets.defs.detector_runs.sensor import job_name, most_together, range_tags, ranges
from dqm_assets.ingest import Claim
from dqm_assets.pipeline.datasets import find_dataset
from dqm_assets.settings import settings


def materialise(instance: dg.DagsterInstance, dataset: str, claims: Sequence[Claim]) -> bool:
    """Materialise the runs of some claims, with their checks, baselines and alerts.

    The runs, checks and partitions show up in Dagster exactly as if the sensor had
    started them.

    Args:
        instance: Dagster's instance.
        dataset: Dataset of all the claims; it may be new to the code location.
        claims: Claimed files.

    Returns:
        Whether every Dagster run succeeded.
    """
    from dqm_assets.definitions import defs  # noqa: PLC0415

    found = find_dataset(settings(), dataset)
    assets = run_assets(found)
    # First of all, so that the landing sensor knows that somebody is busy with these claims.
    partitions = assets.partitions.name or ""
    chunks = ranges(claims, instance.get_dynamic_partitions(partitions), most_together(found))
    instance.add_dynamic_partitions(partitions, [claim.run_id for chunk in chunks for claim in chunk])
    definitions = defs()
    job = definitions.resolve_job_def(job_name(found))
    succeeded = True
    for chunk in chunks:
        result = job.execute_in_process(
            instance=instance,
            tags=range_tags(dataset, [claim.run_id for claim in chunk]),
            raise_on_error=False,
        )
        succeeded = succeeded and result.success
    return succeeded
