"""The stream in Dagster: what a service feeds is checked, counted against the broker, and mended."""

import time
from collections.abc import Iterator
from datetime import timedelta

import dagster as dg
import pytest

from dqm_assets.defs.resources import StoreResource, process_store
from dqm_assets.defs.streams.definitions import defs
from dqm_assets.settings import Settings, settings
from dqm_assets.simulate.broker import DevelopmentBroker
from dqm_assets.sources.streams.consumer import StreamLimits
from dqm_assets.sources.streams.service import StreamPlan, StreamService
from tests.integration.streams.conftest import send

STORED = """
    SELECT (SELECT count(*) FROM raw.stream_events) + (SELECT count(*) FROM raw.dead_letters) AS n
"""


@pytest.fixture(scope="module")
def broker(home: Settings) -> Iterator[DevelopmentBroker]:
    """A broker whose 400 records a service has consumed."""
    pytest.importorskip("confluent_kafka", reason="streams are an extra: pip install 'dqm[kafka]'")
    with DevelopmentBroker() as running, pytest.MonkeyPatch.context() as patch:
        patch.setenv("DQM_KAFKA_BOOTSTRAP", running.address.bootstrap)
        settings.cache_clear()
        send(running, 400)
        plan = StreamPlan(
            running.address.bootstrap,
            (running.address.topic,),
            limits=StreamLimits(metadata=0.5),
            width=timedelta(seconds=1),
        )
        service = StreamService(process_store(), plan)
        deadline = time.monotonic() + 120
        service.run(lambda: service.totals.records >= 400 or time.monotonic() > deadline)
        yield running
    settings.cache_clear()


def ran(instance: dg.DagsterInstance, job: str) -> dg.ExecuteInProcessResult:
    """Run a job once."""
    whole = dg.Definitions.merge(defs(), dg.Definitions(resources={"store": StoreResource()}))
    return whole.resolve_job_def(job).execute_in_process(instance=instance)


def numbers(result: dg.ExecuteInProcessResult, asset: str) -> dict[str, object]:
    """Metadata of the asset's materialisation."""
    (made,) = result.asset_materializations_for_node(asset)
    return {name: value.value for name, value in made.metadata.items()}


def test_the_stream_is_an_asset_that_dagster_does_not_run() -> None:
    external = [asset for asset in defs().assets or () if isinstance(asset, dg.AssetSpec)]

    assert [asset.key.to_user_string() for asset in external] == ["stream_events"]


def test_the_contract_and_the_state_of_the_stream_are_checked(
    instance: dg.DagsterInstance, broker: DevelopmentBroker
) -> None:
    checks = {each.check_name: each for each in ran(instance, "streams_checks").get_asset_check_evaluations()}

    assert {"freshness", "error_rate", "lag", "has_events"} <= set(checks)
    assert {name for name, check in checks.items() if not check.passed} == set()


def test_records_that_were_lost_are_found_and_read_again_once(
    instance: dg.DagsterInstance, broker: DevelopmentBroker
) -> None:
    assert numbers(ran(instance, "streams_reconciliation"), "stream_reconciliation")["missing"] == 0
    before = process_store().rows(STORED)
    with process_store().transaction() as tx:
        tx.delete("raw.stream_events", "record_offset BETWEEN 10 AND 12")
        tx.delete("raw.dead_letters", "record_offset BETWEEN 10 AND 12")

    looked = ran(instance, "streams_reconciliation")
    found = numbers(looked, "stream_reconciliation")
    assert found["missing"] == 3 * len(
        process_store().rows("SELECT DISTINCT partition FROM monitoring.offsets WHERE next_offset > 13")
    )
    (check,) = looked.get_asset_check_evaluations()
    assert not check.passed

    assert numbers(ran(instance, "streams_backfill"), "stream_backfill")["recovered"] == found["missing"]
    assert numbers(ran(instance, "streams_backfill"), "stream_backfill")["recovered"] == 0
    assert numbers(ran(instance, "streams_reconciliation"), "stream_reconciliation")["missing"] == 0
    assert process_store().rows(STORED) == before


def test_dead_letters_are_tried_again_and_files_are_merged(
    instance: dg.DagsterInstance, broker: DevelopmentBroker
) -> None:
    replayed = numbers(ran(instance, "streams_replay"), "stream_replay")
    assert replayed["mended"] == 0
    assert replayed["tried"]

    merged = numbers(ran(instance, "streams_compaction"), "stream_compaction")
    assert merged["files_after"]
    assert process_store().rows(STORED) == [{"n": 400}]
