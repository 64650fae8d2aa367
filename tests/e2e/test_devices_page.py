"""The devices page over a fleet that lived through an outage, in both themes and on a phone."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from fastapi import FastAPI

from dqm_assets.pipeline.devices_monitor import monitor
from dqm_assets.pipeline.devices_stage import collect_due
from dqm_assets.settings import Settings
from dqm_assets.simulate.device_api import DeviceSimulation, devices_router
from dqm_assets.simulate.fleet_outages import OutagePlan, parse_outage
from dqm_assets.simulate.serving import serving
from dqm_assets.sources.devices.clock import Clock
from dqm_assets.sources.devices.incidents import Rule
from dqm_assets.store import open_store
from tests.e2e.conftest import PHONE, Tab, run_dashboard, until
from tests.e2e.test_pages import violations

pytestmark = pytest.mark.e2e
NewTab = Callable[..., Tab]

START = datetime(2026, 1, 5, 13, tzinfo=UTC)
FIGURES = ("devices-share", "devices-lines", "devices-map", "devices-hours")


@pytest.fixture(scope="module")
def fleet_dashboard(
    new_settings: Callable[[], Settings], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Address of a dashboard over a fleet whose supplier Cobalto has just gone away."""
    settings = new_settings()
    simulator = FastAPI()
    outage = parse_outage("Supplier=Cobalto*0.9@2026-01-05T15:00/90m")
    simulator.include_router(devices_router(DeviceSimulation(2000, outages=OutagePlan((outage,)))))
    clock = Clock(START, timedelta(minutes=15), most=9, start=START, accelerated=True)
    with open_store(settings) as store, serving(simulator) as url:
        collect_due(store, settings.model_copy(update={"devices_url": url}), clock)
        monitor(store, Rule())
    running = run_dashboard(settings, tmp_path_factory.mktemp("log") / "devices.log")
    yield next(running)
    running.close()


def drawn(page, figure: str) -> None:
    until(page, f"document.querySelector('#{figure} .js-plotly-plot .main-svg')", seconds=60)


def test_the_fleet_its_segments_and_its_states_are_shown_and_what_is_chosen_is_in_the_address(
    fleet_dashboard: str, new_tab: NewTab
) -> None:
    page = new_tab("light").open(f"{fleet_dashboard}/devices?span=6h&by=Supplier")
    for figure in FIGURES:
        drawn(page, figure)
    assert violations(page) == []
    tiles = page.inner_text("#devices-top")
    assert "Simulated" in tiles
    assert "✕" in tiles
    assert "Drop" in tiles
    assert "2,000 in the inventory" in tiles
    assert "Supplier Cobalto" in page.inner_text("#devices-incidents")
    traces = "document.querySelector('#{} .js-plotly-plot').data"
    assert page.evaluate(f"{traces.format('devices-lines')}.map(line => line.name).includes('Cobalto')")
    states = f"{traces.format('devices-map')}.filter(trace => trace.fill === 'toself').length"
    assert page.evaluate(states) == 27
    assert page.evaluate(f"{traces.format('devices-hours')}[0].y.length") == 27

    page.locator(".mantine-SegmentedControl-root label", has_text="count").click()
    until(page, f"{traces.format('devices-lines')}[0].y[0] > 1", seconds=60)
    until(page, "location.search.includes('measure=count')", seconds=60)
    page.fill("#devices-drop", "90")
    until(page, "document.querySelector('#devices-top').innerText.includes('Steady')", seconds=60)
    until(page, "location.search.includes('drop=90')", seconds=60)

    page.reload()
    page.wait_for_selector("#devices-top")
    drawn(page, "devices-lines")
    assert page.input_value("#devices-drop") == "90"
    assert page.evaluate(f"{traces.format('devices-lines')}[0].y[0] > 1")

    page.click("#devices-incidents a")
    page.wait_for_selector("h1:has-text('Alerts')")
    assert "Supplier=Cobalto" in page.inner_text("#main")


@pytest.mark.parametrize(("scheme", "narrow"), [("dark", False), ("dark", True)])
def test_it_holds_in_the_dark_and_on_a_phone(
    fleet_dashboard: str, new_tab: NewTab, scheme: str, narrow: bool
) -> None:
    address = f"{fleet_dashboard}/devices?by=State&values=SP,RJ&span=nonsense"
    tab = new_tab(scheme, PHONE) if narrow else new_tab(scheme)
    page = tab.open(address)
    for figure in FIGURES:
        drawn(page, figure)
    lines = "document.querySelector('#devices-lines .js-plotly-plot').data.map(line => line.name)"
    assert page.evaluate(lines) == ["SP", "RJ"]
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "it scrolls sideways"
    assert violations(page) == []


def test_without_a_fleet_the_page_says_what_to_do(empty_dashboard: str, new_tab: NewTab) -> None:
    page = new_tab().open(f"{empty_dashboard}/devices")
    page.wait_for_selector(".empty")
    assert "dqm devices collect" in page.inner_text(".empty")
