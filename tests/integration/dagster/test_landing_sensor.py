"""Ticks of the landing sensor: each file becomes a partition once, many files become few runs."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.sensor_definition import SensorExecutionData

from dqm_assets.definitions import defs
from dqm_assets.defs.detector_runs.sensor import RUNS_PER_DAGSTER_RUN
from dqm_assets.defs.resources import StoreResource
from dqm_assets.errors import SourceError
from dqm_assets.ingest import Claim, Landing
from dqm_assets.pipeline.datasets import find_dataset, refuse_clash
from dqm_assets.settings import settings

Tick = Callable[[], SensorExecutionData]
PARTITIONS = "detector_readings_runs"


@pytest.fixture(scope="module")
def tick(instance: dg.DagsterInstance, landing: Landing) -> Iterator[Tick]:
    """Evaluates the sensor once and adds the partitions it asks for, as the daemon would."""
    definitions = defs()
    sensor = definitions.resolve_sensor_def("landing_files")
    repository = definitions.get_repository_def()

    def evaluate() -> SensorExecutionData:
        context = dg.build_sensor_context(
            instance=instance,
            repository_def=repository,
            resources={"store": StoreResource()},
            sensor_name="landing_files",
        )
        data = sensor.evaluate_tick(context)
        for request in data.dynamic_partitions_requests or []:
            instance.add_dynamic_partitions(request.partitions_def_name, list(request.partition_keys))
        return data

    yield evaluate


def drop(landing: Landing, name: str, content: str, dataset: str = "detector", age: float = 60) -> None:
    path = landing.folder / dataset / name
    path.write_text(content)
    os.utime(path, (time.time() - age, time.time() - age))


def put_away(landing: Landing) -> None:
    """What the runs would have done by now."""
    for claim in landing.pending_claims():
        landing.archive(claim)


def grow_old(claim: Claim, age: float) -> None:
    os.utime(claim.path.parent, (time.time() - age,) * 2)


def keys_of(data: SensorExecutionData) -> set[str | None]:
    return {request.run_key for request in data.run_requests or []}


def test_a_thousand_files_are_claimed_in_one_tick_and_become_two_runs(
    tick: Tick, landing: Landing, instance: dg.DagsterInstance
) -> None:
    for index in range(1_000):
        drop(landing, f"tiny-{index:04d}.csv", f"timestamp,sensor,value\n2026-01-01T00:00:00Z,a,{index}\n")
    data = tick()
    assert len(instance.get_dynamic_partitions(PARTITIONS)) == 1_000
    requests = data.run_requests or []
    assert [int(request.tags["dqm/runs"]) for request in requests] == [RUNS_PER_DAGSTER_RUN] * 2
    keys = instance.get_dynamic_partitions(PARTITIONS)
    for number, request in enumerate(requests):
        first = keys.index(request.tags["dagster/asset_partition_range_start"])
        last = keys.index(request.tags["dagster/asset_partition_range_end"])
        assert (first, last) == (number * 500, number * 500 + 499)
    assert len({request.run_key for request in requests}) == 2
    assert landing.ready("detector", 0) == []
    assert len(landing.pending_claims()) == 1_000
    again = tick()
    assert again.run_requests == []
    assert again.dynamic_partitions_requests in (None, [])
    assert again.skip_message == "No new file."
    put_away(landing)


def test_a_file_that_still_grows_is_left_until_it_is_whole(
    tick: Tick, landing: Landing, instance: dg.DagsterInstance
) -> None:
    before = set(instance.get_dynamic_partitions(PARTITIONS))
    # Modified in the future of the tick: whoever copies it is not done.
    drop(landing, "growing.csv", "timestamp,sensor,value\n2026-01-01", age=-3_600)
    path = landing.folder / "detector" / "growing.csv"
    unfinished = landing.folder / "detector" / "unfinished.csv.part"
    unfinished.write_text("timestamp\n")
    writing = True
    from threading import Thread  # noqa: PLC0415

    def write() -> None:
        while writing:
            with path.open("a") as file:
                file.write("x")
            time.sleep(0.05)

    writer = Thread(target=write)
    writer.start()
    try:
        data = tick()
    finally:
        writing = False
        writer.join()
    assert data.run_requests == []
    assert path.exists()
    assert set(instance.get_dynamic_partitions(PARTITIONS)) == before
    path.write_text("timestamp,sensor,value\n2026-01-01T00:00:00Z,a,-1\n")
    os.utime(path, (time.time() - 60,) * 2)
    assert [request.tags["dqm/runs"] for request in tick().run_requests or []] == ["1"]
    assert unfinished.exists()
    put_away(landing)


def test_a_claim_orphaned_by_a_kill_is_recovered(
    tick: Tick, landing: Landing, instance: dg.DagsterInstance
) -> None:
    drop(landing, "orphan.csv", "timestamp,sensor,value\n2026-01-01T00:00:00Z,a,-2\n")
    claim = landing.claim(landing.folder / "detector" / "orphan.csv")
    assert claim is not None
    assert claim.run_id not in instance.get_dynamic_partitions(PARTITIONS)
    assert tick().run_requests == [], "somebody else may be about to load it"
    grow_old(claim, 60)
    data = tick()
    assert [request.tags["dagster/asset_partition_range_start"] for request in data.run_requests or []] == [
        claim.run_id
    ]
    assert claim.run_id in instance.get_dynamic_partitions(PARTITIONS)
    # Until the run has put the file away it is asked for under the same key, which Dagster starts once.
    assert keys_of(tick()) == keys_of(data)
    put_away(landing)
    assert tick().run_requests == []


def test_a_claim_whose_run_failed_is_asked_for_again_but_not_while_a_run_is_under_way(
    tick: Tick, landing: Landing, instance: dg.DagsterInstance
) -> None:
    drop(landing, "failed.csv", "timestamp,sensor,value\n2026-01-01T00:00:00Z,a,-20\n")
    first = tick()
    [claim] = landing.pending_claims()
    run = instance.create_run_for_job(
        defs().resolve_job_def("detector_readings_runs"), tags={"dqm/dataset": "detector"}
    )
    grow_old(claim, 45)
    assert tick().run_requests == []
    instance.report_run_failed(run)
    second = tick()
    assert [r.tags["dagster/asset_partition_range_start"] for r in second.run_requests or []] == [
        claim.run_id
    ]
    grow_old(claim, 100)
    assert len({*keys_of(first), *keys_of(second), *keys_of(tick())}) == 3
    # What fails for good does not hold up what is new.
    drop(landing, "new.csv", "timestamp,sensor,value\n2026-01-01T00:00:00Z,a,-21\n")
    assert len(tick().run_requests or []) == 2
    put_away(landing)


def test_a_range_that_failed_is_parted_so_that_one_bad_file_ends_alone(tick: Tick, landing: Landing) -> None:
    for i in range(6):
        drop(landing, f"range-{i}.csv", f"timestamp,sensor,value\n2026-01-01T00:00:00Z,a,{100 + i}\n")
    sizes = []
    for age in (0, 45, 100):
        for claim in landing.pending_claims():
            grow_old(claim, age)
        sizes.append([int(request.tags["dqm/runs"]) for request in tick().run_requests or []])
    assert sizes == [[6], [2, 2, 2], [1] * 6]
    put_away(landing)


def test_files_dropped_again_are_loaded_again_beside_new_ones(
    tick: Tick, landing: Landing, instance: dg.DagsterInstance
) -> None:
    old = "timestamp,sensor,value\n2026-01-01T00:00:00Z,a,-30\n"
    drop(landing, "again.csv", old)
    first = tick()
    put_away(landing)
    drop(landing, "between.csv", "timestamp,sensor,value\n2026-01-01T00:00:00Z,a,-31\n")
    tick()
    put_away(landing)
    # Older than the old file, so it comes first: a range from new to old would be empty.
    drop(landing, "fresh.csv", "timestamp,sensor,value\n2026-01-01T00:00:00Z,a,-32\n", age=120)
    drop(landing, "again.csv", old)
    requests = tick().run_requests or []
    known = instance.get_dynamic_partitions(PARTITIONS)
    covered = []
    for request in requests:
        start, end = (
            known.index(request.tags[f"dagster/asset_partition_range_{e}"]) for e in ("start", "end")
        )
        covered += known[start : end + 1]
    assert sorted(key.rsplit("-", 1)[0] for key in covered) == ["again", "fresh"]
    assert not keys_of(first) & {request.run_key for request in requests}
    put_away(landing)


def test_a_dataset_that_cannot_be_read_does_not_hold_up_the_others(
    tick: Tick, landing: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready = Landing.ready

    def refuse(self: Landing, dataset: str, *arguments: float, **options: bool) -> list[Path]:
        if dataset == "detector":
            raise PermissionError(13, "Permission denied")
        return ready(self, dataset, *arguments, **options)

    monkeypatch.setattr(Landing, "ready", refuse)
    drop(landing, "three.csv", "id,amount\n1,3\n", dataset="orders")
    assert [request.tags["dqm/dataset"] for request in tick().run_requests or []] == ["orders"]
    put_away(landing)


def test_files_of_two_datasets_become_a_run_each_of_their_own_assets(tick: Tick, landing: Landing) -> None:
    drop(landing, "two.csv", "timestamp,sensor,value\n2026-01-01T00:00:00Z,a,-3\n")
    drop(landing, "two.csv", "id,amount\n1,2\n", dataset="orders")
    requests = tick().run_requests or []
    jobs = {request.tags["dqm/dataset"]: request.job_name for request in requests}
    assert set(jobs) == {"detector", "orders"}
    for dataset, job in jobs.items():
        graph = defs().resolve_job_def(job).asset_layer.asset_graph
        names = {key.to_user_string() for key in graph.executable_asset_keys}
        assert names > {"metric_baselines", "alerts"}
        assert ("raw_orders" in names) == (dataset == "orders")
        assert ("raw_detector_readings" in names) == (dataset == "detector")
        checked = {key.asset_key.to_user_string() for key in graph.asset_check_keys}
        own = {"raw_orders", "orders_run_registry"}
        assert checked == (own if dataset == "orders" else {"raw_detector_readings", "run_registry"})


def test_a_new_folder_is_announced_until_the_code_location_knows_it(tick: Tick, landing: Landing) -> None:
    landing.add_dataset("payments")
    assert "New datasets: payments" in str(tick().skip_message)


def test_two_folders_with_one_table_do_not_break_the_code_location(tick: Tick, landing: Landing) -> None:
    landing.add_dataset("Orders")
    landing.add_dataset("detector_readings")
    skipped = str(tick().skip_message)
    assert "same table: Orders, detector_readings. Rename them." in skipped
    names = {key.to_user_string() for key in defs().resolve_all_asset_keys()}
    assert names >= {"raw_orders", "orders_run_metrics", "raw_detector_readings"}
    with pytest.raises(SourceError, match="table of 'orders'"):
        refuse_clash(settings(), find_dataset(settings(), "Orders"))
