"""The crypto page in a real browser, over prices that came from a running provider."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from fastapi import FastAPI

from dqm_assets.errors import SourceError
from dqm_assets.settings import Settings
from dqm_assets.simulate.crypto_api import crypto_router
from dqm_assets.simulate.serving import serving
from dqm_assets.store import Store, open_store
from tests.e2e.conftest import DESKTOP, PHONE, Tab, run_dashboard, until
from tests.e2e.test_pages import violations
from tests.integration.crypto.conftest import START, collect_from

pytestmark = pytest.mark.e2e


@dataclass(frozen=True)
class Running:
    """A dashboard, its store, and the provider's address."""

    url: str
    store: Store
    settings: Settings
    provider: str


@pytest.fixture(scope="module")
def running(
    new_settings: Callable[[], Settings], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    settings = new_settings()
    app = FastAPI()
    app.include_router(crypto_router())
    store = open_store(settings)
    with serving(app) as provider:
        dashboard = run_dashboard(settings, tmp_path_factory.mktemp("log") / "crypto.log")
        yield Running(next(dashboard), store, settings, f"{provider}/api/v3")
        dashboard.close()
    store.close()


def minutes_until_now(back: int) -> float:
    return (datetime.now(UTC) - START) / timedelta(minutes=1) - back


def test_prices_appear_are_marked_as_simulated_and_a_failure_is_said(
    running: Running, new_tab: Callable[..., Tab]
) -> None:
    tab = new_tab("light")
    page = tab.open(running.url + "/crypto")
    until(page, "document.body.innerText.includes('dqm crypto fetch')", 60)

    moments = [minutes_until_now(back) for back in range(150, 0, -5)]
    collect_from(running.store, running.settings, running.provider, moments)

    until(page, "document.querySelectorAll('.table tbody tr').length >= 10", 60)
    until(page, "document.querySelectorAll('#crypto-chart .scatterlayer .trace').length >= 4", 60)
    assert page.locator("#crypto-prices .badge", has_text="Simulated").count() == 10
    assert "These prices come from the simulator" in page.inner_text("#crypto-top")
    assert page.locator("#crypto-prices img.spark").count() == 10

    with pytest.raises(SourceError):
        collect_from(running.store, running.settings, "http://127.0.0.1:9", [0])
    until(page, "document.querySelector('#crypto-top [role=alert]') !== null", 60)
    assert "fails at extract" in page.inner_text("#crypto-top")
    assert violations(page) == []

    collect_from(running.store, running.settings, running.provider, [minutes_until_now(0)])
    until(page, "document.querySelector('#crypto-top [role=alert]') === null", 60)

    page.get_by_text("6h", exact=True).click()
    until(page, "window.location.search.includes('span=6h')", 60)

    for scheme, size in (("dark", DESKTOP), ("light", PHONE)):
        linked = new_tab(scheme, size).open(running.url + "/crypto?coin=solana&span=7d")
        until(linked, "document.body.innerText.includes('Solana (SOL), simulated')", 60)
        until(linked, "document.querySelectorAll('#crypto-chart .scatterlayer .trace').length >= 4", 60)
        assert linked.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert violations(linked) == []
