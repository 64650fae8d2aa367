"""The landing sensor: dropped files → claimed runs → one Dagster run for all the new ones of a dataset."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg

from dqm_assets.dagster_home import reload_code_location
from dqm_assets.defs.detector_runs.assets import RunAssets
from dqm_assets.defs.detector_runs.checks import drift_policy
from dqm_assets.defs.monitoring.assets import FOLLOWERS
from dqm_assets.defs.resources import StoreResource
from dqm_assets.errors import SourceError
from dqm_assets.ingest import Claim, Landing
from dqm_assets.pipeline.claims import claim_dropped, recover_claims
from dqm_assets.pipeline.datasets import Dataset, landing_datasets
from dqm_assets.settings import settings

#: The daemon looks at sensors every 5 s; waiting inside the tick finds a file within a blink instead.
_WATCH_SECONDS = 4.0
_POLL_SECONDS = 0.25
#: One Dagster run takes at most this many runs, so that it ends in minutes and can be retried.
RUNS_PER_DAGSTER_RUN = 500
#: Dagster runs of one dataset at a time: a second one may start while the first one ends.
_MOST_RUNS_AT_ONCE = 2
#: A claim this old that is still there was left by a tick, a run or a command that died or failed. Its run
#: is asked for again, after twice as long each time, but at least once an hour.
_LEFT_AFTER_SECONDS = 30.0
_LONGEST_REST_SECONDS = 3_600.0


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
            return dg.SkipReason(_welcome(set(landing.datasets()) - names))
        requests, partitions = [], []
        for item in found:
            partitions.append(
                item.assets.partitions.build_add_request([claim.run_id for claim in item.claims])
            )
            known = context.instance.get_dynamic_partitions(item.assets.partitions.name or "")
            most = min(_most_together(item.claims), most_together(item.assets.dataset))
            requests += [_request(item.assets, chunk) for chunk in ranges(item.claims, known, most)]
        return dg.SensorResult(run_requests=requests, dynamic_partitions_requests=partitions)

    return landing_files


def _watch(
    context: dg.SensorEvaluationContext, landing: Landing, datasets: Sequence[RunAssets], store: StoreResource
) -> list[_Found]:
    """Wait for new runs until there are some or the tick has lasted long enough."""
    deadline = time.monotonic() + _WATCH_SECONDS
    found = _recover(context, landing, datasets, store)
    # Looked at even when there is something to recover: what fails for good must not hold up what is new.
    while True:
        for assets in datasets:
            claims = _claim_dropped(context, landing, assets.dataset, store)
            if claims:
                found.append(_Found(assets, tuple(claims)))
        if found or time.monotonic() > deadline:
            return found
        time.sleep(_POLL_SECONDS)


def _claim_dropped(
    context: dg.SensorEvaluationContext, landing: Landing, dataset: Dataset, store: StoreResource
) -> list[Claim]:
    """New runs of one dataset; a folder that cannot be read must not hold up the other datasets.

    While as many runs of the dataset are under way as may be, its files wait and become one run together:
    on a slow machine runs get longer instead of more.
    """
    try:
        waiting = landing.ready(dataset.name, 0.0, wait=False)
        if waiting and _active_runs(context.instance, dataset) >= _MOST_RUNS_AT_ONCE:
            return []
        return claim_dropped(store.open, landing, dataset, settings().landing_settle_seconds)
    except (SourceError, OSError) as error:
        context.log.error(f"The dropped files of {dataset.name} cannot be claimed: {error}")
        return []


def _recover(
    context: dg.SensorEvaluationContext, landing: Landing, datasets: Sequence[RunAssets], store: StoreResource
) -> list[_Found]:
    """Claims that were left behind: no run was asked for, or it failed, or it was lost with its machine."""
    if not landing.pending_claims(older_than=_LEFT_AFTER_SECONDS):
        return []
    found = []
    for assets in datasets:
        left = recover_claims(store.open(), landing, assets.dataset, older_than=_LEFT_AFTER_SECONDS)
        if left and _active_runs(context.instance, assets.dataset):
            left = [claim for claim in left if _age(claim) > _LONGEST_REST_SECONDS]
        if left:
            found.append(_Found(assets, tuple(left)))
    return found


def _active_runs(instance: dg.DagsterInstance, dataset: Dataset) -> int:
    """How many runs of the dataset are under way; one that is older than any run takes was lost."""
    active = dg.RunsFilter(
        statuses=[
            dg.DagsterRunStatus.NOT_STARTED,
            dg.DagsterRunStatus.QUEUED,
            dg.DagsterRunStatus.STARTING,
            dg.DagsterRunStatus.STARTED,
            dg.DagsterRunStatus.CANCELING,
        ],
        tags={"dqm/dataset": dataset.name},
        created_after=datetime.now(UTC) - timedelta(seconds=_LONGEST_REST_SECONDS),
    )
    return len(instance.get_run_ids(active, limit=_MOST_RUNS_AT_ONCE))


def _claimed_at(claim: Claim) -> float:
    """When the file was claimed, in seconds since 1970; 0 when another process has put it away by now."""
    try:
        return claim.path.parent.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _age(claim: Claim) -> float:
    return max(0.0, time.time() - _claimed_at(claim))


def _attempt(claim: Claim) -> int:
    """Which attempt is due: 0 when just claimed, then 1, 2, … each after twice as long, then hourly."""
    age = _age(claim)
    if age < _LEFT_AFTER_SECONDS:
        return 0
    doublings = 1 + int(math.log2(min(age, _LONGEST_REST_SECONDS) / _LEFT_AFTER_SECONDS))
    return doublings + int(age / _LONGEST_REST_SECONDS)


def most_together(dataset: Dataset) -> int:
    """Runs of one Dagster run: one where changed columns block, as they must block no other run."""
    return 1 if drift_policy(dataset) == "block" else RUNS_PER_DAGSTER_RUN


def _most_together(claims: Sequence[Claim]) -> int:
    """Runs of one Dagster run: all at first, a quarter of them with each further attempt.

    One file whose load fails takes its whole range down; so the others get away from it, and it ends alone.
    """
    return max(1, min(RUNS_PER_DAGSTER_RUN, math.ceil(len(claims) / 4 ** max(map(_attempt, claims)))))


def ranges(
    claims: Sequence[Claim], known: Sequence[str], most: int = RUNS_PER_DAGSTER_RUN
) -> list[list[Claim]]:
    """Split claims into those that one Dagster run can cover: partitions that lie side by side, in order.

    Args:
        claims: Claims to load; a file that is dropped again has its old partition.
        known: Partitions that exist, in Dagster's order; others are added after them, in the claims' order.
        most: Claims of one Dagster run.
    """
    places = {key: place for place, key in enumerate(known)}
    for claim in claims:
        places.setdefault(claim.run_id, len(places))
    chunks: list[list[Claim]] = []
    last = -2
    for claim in sorted(claims, key=lambda claim: places[claim.run_id]):
        place = places[claim.run_id]
        if place != last + 1 or len(chunks[-1]) >= most:
            chunks.append([])
        chunks[-1].append(claim)
        last = place
    return chunks


def _request(assets: RunAssets, claims: Sequence[Claim]) -> dg.RunRequest:
    run_ids = [claim.run_id for claim in claims]
    # Dagster never starts a run for the same key twice: the same file dropped again and the next attempt
    # after a failure are new keys, and a tick that is repeated after a kill has the old one.
    claimed = int(1000 * _claimed_at(claims[0]))
    return dg.RunRequest(
        run_key=f"{assets.dataset.name}:{run_ids[0]}:{run_ids[-1]}:{len(run_ids)}:{claimed}:{_attempt(claims[0])}",
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


def _welcome(unknown: set[str]) -> str:
    """Ask Dagster to load the code location again when there are folders that have no assets yet."""
    if not unknown:
        return "No new file."
    new = unknown & {dataset.name for dataset in landing_datasets(settings())}
    clash = sorted(unknown - new)
    told = "No new file."
    if clash:
        told += f" Left out, as another folder has the same table: {', '.join(clash)}. Rename them."
    if not new:
        return told
    told += f" New datasets: {', '.join(sorted(new))}."
    try:
        reload_code_location(settings())
    except SourceError as error:
        return f"{told} {error}"
    return f"{told} The code location is loaded again to make their assets."
