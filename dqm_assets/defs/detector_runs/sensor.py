"""The landing sensor: dropped files → claimed runs → one Dagster run for all the new ones of a dataset."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg

from dqm_assets.dagster_home import reload_code_location
from dqm_assets.defs.detector_runs.assets import RunAssets
from dqm_assets.defs.monitoring.assets import FOLLOWERS
from dqm_assets.defs.resources import StoreResource
from dqm_assets.errors import SourceError
from dqm_assets.ingest import Claim, Landing
from dqm_assets.pipeline.claims import claim_dropped, recover_claims
from dqm_assets.pipeline.datasets import Dataset
from dqm_assets.settings import settings

#: The daemon looks at sensors every 5 s; waiting inside the tick finds a file within a blink instead.
_WATCH_SECONDS = 4.0
_POLL_SECONDS = 0.25
#: One Dagster run takes at most this many runs, so that it ends in minutes and can be retried.
RUNS_PER_DAGSTER_RUN = 500


@dataclass(frozen=True)
class _Found:
    assets: RunAssets
    claims: tuple[Claim, ...]


def landing_sensor(datasets: Sequence[RunAssets]) -> dg.SensorDefinition:
    """Make the sensor that watches the landing folder for every dataset of the code location.

    Args:
        datasets: Assets of each dataset.
    """
    names = {item.dataset.name for item in datasets}

    @dg.sensor(
        name="landing_files",
        jobs=[run_job(item) for item in datasets],
        minimum_interval_seconds=1,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Claims files dropped in the landing folder and starts one run for all the new ones.",
    )
    def landing_files(
        context: dg.SensorEvaluationContext, store: StoreResource
    ) -> dg.SensorResult | dg.SkipReason:
        landing = Landing(settings().landing_folder)
        found = _watch(context, landing, datasets, store)
        if not found:
            return dg.SkipReason(_welcome(sorted(set(landing.datasets()) - names)))
        requests, partitions = [], []
        for item in found:
            partitions.append(
                item.assets.partitions.build_add_request([claim.run_id for claim in item.claims])
            )
            requests += [_request(item.assets, chunk) for chunk in _chunks(item.claims)]
        return dg.SensorResult(run_requests=requests, dynamic_partitions_requests=partitions)

    return landing_files


def _watch(
    context: dg.SensorEvaluationContext, landing: Landing, datasets: Sequence[RunAssets], store: StoreResource
) -> list[_Found]:
    """Wait for new runs until there are some or the tick has lasted long enough."""
    deadline = time.monotonic() + _WATCH_SECONDS
    found = _recover(context, landing, datasets, store)
    while not found and time.monotonic() < deadline:
        for assets in datasets:
            claims = claim_dropped(store.open, landing, assets.dataset, settings().landing_settle_seconds)
            if claims:
                found.append(_Found(assets, tuple(claims)))
        if not found:
            time.sleep(_POLL_SECONDS)
    return found


def _recover(
    context: dg.SensorEvaluationContext, landing: Landing, datasets: Sequence[RunAssets], store: StoreResource
) -> list[_Found]:
    """Claims of a tick that died between claiming and asking for a run: they have no partition yet."""
    if not landing.pending_claims():
        return []
    found = []
    for assets in datasets:
        known = set(context.instance.get_dynamic_partitions(assets.partitions.name or ""))
        claims = [c for c in recover_claims(store.open(), landing, assets.dataset) if c.run_id not in known]
        if claims:
            found.append(_Found(assets, tuple(claims)))
    return found


def _chunks(claims: Sequence[Claim]) -> list[Sequence[Claim]]:
    return [
        claims[start : start + RUNS_PER_DAGSTER_RUN] for start in range(0, len(claims), RUNS_PER_DAGSTER_RUN)
    ]


def _request(assets: RunAssets, claims: Sequence[Claim]) -> dg.RunRequest:
    run_ids = [claim.run_id for claim in claims]
    return dg.RunRequest(
        run_key=f"{assets.dataset.name}:{run_ids[0]}:{run_ids[-1]}:{len(run_ids)}",
        job_name=job_name(assets.dataset),
        tags=range_tags(assets.dataset.name, run_ids),
    )


def job_name(dataset: Dataset) -> str:
    """Name of the job that takes a dataset's runs from file to alert."""
    return f"{dataset.table}_runs"


def run_job(assets: RunAssets) -> Any:
    """Make the job of one dataset: its assets with their checks, then the baselines and alerts.

    A job each, because Dagster allows one partitions definition a job.
    """
    keys = [*(asset.key for asset in assets.all), *FOLLOWERS]
    return dg.define_asset_job(
        job_name(assets.dataset),
        selection=dg.AssetSelection.assets(*keys),
        description=f"Takes runs of {assets.dataset.name} from file to alert.",
    )


def range_tags(dataset: str, run_ids: Sequence[str]) -> dict[str, str]:
    """Tags that make one Dagster run cover a range of runs.

    Args:
        dataset: Name of the dataset.
        run_ids: Partition keys, in the order in which they were added.
    """
    return {
        "dagster/asset_partition_range_start": run_ids[0],
        "dagster/asset_partition_range_end": run_ids[-1],
        "dqm/dataset": dataset,
        "dqm/runs": str(len(run_ids)),
    }


def _welcome(unknown: Sequence[str]) -> str:
    """Ask Dagster to load the code location again when there are folders that have no assets yet."""
    if not unknown:
        return "No new file."
    told = f"No new file. New datasets: {', '.join(unknown)}."
    try:
        reload_code_location(settings())
    except SourceError as error:
        return f"{told} {error}"
    return f"{told} The code location is loaded again to make their assets."
