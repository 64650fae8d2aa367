"""Baselines and alerts follow runs that were materialised by hand, by their automation conditions."""

import dagster as dg

from dqm_assets.definitions import defs
from dqm_assets.defs.detector_runs.sensor import job_name, range_tags
from dqm_assets.defs.resources import process_store
from dqm_assets.ingest import Landing
from dqm_assets.pipeline.claims import claim_dropped
from dqm_assets.pipeline.datasets import DETECTOR, find_dataset
from dqm_assets.settings import Settings
from dqm_assets.simulate.runs import RunSeries, run_csv

_BASELINES, _ALERTS = dg.AssetKey("metric_baselines"), dg.AssetKey("alerts")
_RUN_ASSETS = [dg.AssetKey("raw_detector_readings"), dg.AssetKey("run_metrics"), dg.AssetKey("run_registry")]
_SERIES = RunSeries(rows=50, anomaly_rate=0.0)


def test_baselines_then_alerts_are_asked_for_after_a_registry_was_materialised_by_hand(
    home: Settings, landing: Landing, instance: dg.DagsterInstance
) -> None:
    for index in range(3):
        (landing.folder / DETECTOR / f"run-{index}.csv").write_bytes(run_csv(_SERIES.run(index)))
    dataset = find_dataset(home, DETECTOR)
    claims = claim_dropped(process_store, landing, dataset, settle_seconds=0)
    run_ids = [claim.run_id for claim in claims]
    instance.add_dynamic_partitions("detector_readings_runs", run_ids)
    definitions = defs()
    job = definitions.resolve_job_def(job_name(dataset))

    def materialise(*keys: dg.AssetKey) -> None:
        tags = range_tags(DETECTOR, run_ids) if keys[0] in _RUN_ASSETS else {}
        assert job.execute_in_process(instance=instance, tags=tags, asset_selection=list(keys)).success

    selection = dg.AssetSelection.assets(_BASELINES, _ALERTS)

    def tick(cursor: object = None) -> dg.EvaluateAutomationConditionsResult:
        return dg.evaluate_automation_conditions(
            defs=definitions, instance=instance, asset_selection=selection, cursor=cursor
        )

    materialise(_BASELINES)
    materialise(_ALERTS)
    quiet = tick(tick().cursor)
    assert quiet.total_requested == 0

    materialise(*_RUN_ASSETS)
    followed = tick(quiet.cursor)
    assert followed.get_num_requested(_BASELINES) == 1
    # In the same tick: Dagster starts one run for both, in the order of their dependency.
    assert followed.get_num_requested(_ALERTS) == 1
    materialise(_BASELINES, _ALERTS)
    assert tick(followed.cursor).total_requested == 0
    assert process_store().rows("SELECT count(*) AS n FROM monitoring.baselines")[0]["n"] > 0
