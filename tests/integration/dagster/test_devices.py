"""The device fleet in Dagster: one run collects, judges and checks; what is missing is said, not thrown."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from fastapi import FastAPI

from dqm_assets.defs.devices.definitions import defs
from dqm_assets.defs.resources import StoreResource, process_store
from dqm_assets.pipeline.datasets import find_dataset
from dqm_assets.pipeline.evidence import evidence, find_outcomes
from dqm_assets.settings import Settings, settings
from dqm_assets.simulate.device_api import DeviceSimulation, devices_router
from dqm_assets.simulate.fleet_outages import OutagePlan, parse_outage
from dqm_assets.simulate.serving import serving


@pytest.fixture
def fleet_api(home: Settings) -> Iterator[str]:
    """A simulated fleet on an accelerated clock, named by the environment; it loses a supplier at 15:00."""
    app = FastAPI()
    outage = parse_outage("Supplier=Tucano@2026-01-05T15:00/120m")
    app.include_router(devices_router(DeviceSimulation(1000, outages=OutagePlan((outage,)))))
    with serving(app) as url, pytest.MonkeyPatch.context() as patch:
        patch.setenv("DQM_DEVICES_URL", url)
        patch.setenv("DQM_DEVICES_SIMULATE_MINUTES", "15")
        patch.setenv("DQM_DEVICES_STEPS", "5")
        patch.setenv("DQM_DEVICES_START", "2026-01-05T14:00:00Z")
        settings.cache_clear()
        yield url
    settings.cache_clear()


def ran(instance: dg.DagsterInstance, job: str) -> dg.ExecuteInProcessResult:
    """Run a job once."""
    whole = dg.Definitions.merge(defs(), dg.Definitions(resources={"store": StoreResource()}))
    return whole.resolve_job_def(job).execute_in_process(instance=instance, raise_on_error=False)


def test_a_run_collects_judges_and_checks(instance: dg.DagsterInstance, fleet_api: str) -> None:
    loaded = ran(instance, "devices_inventory")
    assert loaded.success
    checks = {each.check_name: each for each in loaded.get_asset_check_evaluations()}
    assert set(checks) >= {"code_fits_type", "sequence_fits_branch", "has_devices"}
    assert all(check.passed for check in checks.values())

    result = ran(instance, "devices")
    assert result.success
    collected = result.asset_materializations_for_node("segment_timeseries")[0].metadata
    assert (collected["snapshots"].value, collected["simulated"].value) == (5, True)
    judged = result.asset_materializations_for_node("device_online_share")[0].metadata
    assert judged["snapshots"].value == 5
    assert "Supplier=Tucano" in judged["incidents"].value
    checks = {each.check_name: each for each in result.get_asset_check_evaluations()}
    assert {name for name, check in checks.items() if not check.passed} == {"online_share_drop"}
    assert "Supplier=Tucano" in (checks["online_share_drop"].description or "")
    assert set(checks) >= {"freshness", "has_segments", "dimensions_in_pairs"}


def test_what_the_contract_finds_is_kept_reopened_and_told_once(
    instance: dg.DagsterInstance, fleet_api: str, tmp_path: Path
) -> None:
    def told() -> list[tuple[str, int]]:
        rows = process_store().rows(
            "SELECT status, evaluations FROM monitoring.alerts "
            "WHERE dataset = 'devices' AND detector = 'contract'"
        )
        return [(row["status"], row["evaluations"]) for row in rows]

    strict = tmp_path / "devices.odcs.yaml"
    text = (settings().contracts / "devices.odcs.yaml").read_text()
    strict.write_text(text.replace("logicalTypeOptions: {minimum: 0}", "logicalTypeOptions: {maximum: 5}"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DQM_CONTRACTS", str(tmp_path))
        settings.cache_clear()
        checks = {each.check_name: each for each in ran(instance, "devices").get_asset_check_evaluations()}
        failed = checks["count__maximum"]
        assert not failed.passed
        evidence_id = str(failed.metadata["evidence"].value).removeprefix("dqm check show ")
        (outcome,) = find_outcomes(process_store(), evidence_id)
        reopened = evidence(process_store(), find_dataset(settings(), "devices"), outcome)
        assert (reopened.reopened, reopened.failing_rows) == (True, outcome["failing_rows"])
        assert all(row["count"] > 5 for row in reopened.rows)
        assert told() == [("open", 1)]
        ran(instance, "devices")
        assert told() == [("open", 2)]
    settings.cache_clear()
    ran(instance, "devices")
    assert told() == [("resolved", 2)], "the clause is in no contract any more"


def test_an_api_that_is_away_is_one_clear_line(instance: dg.DagsterInstance, fleet_api: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DQM_DEVICES_URL", "http://127.0.0.1:9")
        settings.cache_clear()
        result = ran(instance, "devices_inventory")
    settings.cache_clear()
    assert not result.success
    failure = next(event for event in result.all_events if event.is_step_failure)
    assert "dqm devices inventory FILE" in str(failure.step_failure_data.user_failure_data)


def test_the_schedules_run_by_themselves_only_when_an_api_is_named(home: Settings) -> None:
    assert {each.default_status for each in defs().schedules or ()} == {dg.DefaultScheduleStatus.STOPPED}
