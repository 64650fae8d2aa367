"""Crypto prices in Dagster: one run fetches and checks; without a provider's address nothing is asked."""

from collections.abc import Iterator

import dagster as dg
import pytest
from fastapi import FastAPI

from dqm_assets.defs.crypto.definitions import defs
from dqm_assets.defs.resources import StoreResource
from dqm_assets.settings import Settings, settings
from dqm_assets.simulate.crypto_api import CryptoFaults, Fault, crypto_router
from dqm_assets.simulate.serving import serving


@pytest.fixture
def provider(home: Settings) -> Iterator[CryptoFaults]:
    """The simulator, named by the environment; its answers can be spoiled."""
    faults = CryptoFaults()
    app = FastAPI()
    app.include_router(crypto_router(faults=faults))
    with serving(app) as url, pytest.MonkeyPatch.context() as patch:
        patch.setenv("DQM_CRYPTO_URL", f"{url}/api/v3")
        settings.cache_clear()
        yield faults
    settings.cache_clear()


def fetched(instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    """Run the job once."""
    whole = dg.Definitions.merge(defs(), dg.Definitions(resources={"store": StoreResource()}))
    return whole.resolve_job_def("crypto").execute_in_process(instance=instance, raise_on_error=False)


def test_one_run_fetches_prices_and_checks_them(instance: dg.DagsterInstance, provider: CryptoFaults) -> None:
    result = fetched(instance)

    assert result.success
    metadata = result.asset_materializations_for_node("crypto_prices")[0].metadata
    assert (metadata["coins"].value, metadata["simulated"].value) == (10, True)
    checks = {each.check_name: each for each in result.get_asset_check_evaluations()}
    assert {name for name, check in checks.items() if not check.passed} == set()
    assert set(checks) >= {"freshness", "exchange_rate", "payload", "primaryKey", "rupees_follow_rate"}

    provider.rate, provider.kinds = 1.0, (Fault.BAD_COINS,)
    spoiled = fetched(instance)

    failed = {each.check_name for each in spoiled.get_asset_check_evaluations() if not each.passed}
    assert spoiled.success
    assert failed == {"payload"}


def test_a_run_that_cannot_fetch_fails(instance: dg.DagsterInstance, provider: CryptoFaults) -> None:
    provider.rate, provider.kinds = 1.0, (Fault.NO_RUPEE,)
    assert fetched(instance).success

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DQM_CRYPTO_URL", "http://127.0.0.1:9")
        settings.cache_clear()
        assert not fetched(instance).success
    settings.cache_clear()


def test_the_schedule_runs_by_itself_only_when_a_provider_is_named(
    home: Settings, provider: CryptoFaults
) -> None:
    def status() -> dg.DefaultScheduleStatus:
        (schedule,) = defs().schedules or ()
        return schedule.default_status

    assert status() == dg.DefaultScheduleStatus.RUNNING
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DQM_CRYPTO_URL")
        settings.cache_clear()
        assert status() == dg.DefaultScheduleStatus.STOPPED
    settings.cache_clear()
