"""Every page in a real browser: both themes, two widths, no accessibility violation, nothing foreign."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.e2e.conftest import DESKTOP, PHONE, Dashboard, Tab, until

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text()
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PAGES = {
    "/dashboard": "Overview",
    "/runs?dataset=detector": "detector",
    "/runs?dataset=covid_daily_reports": "covid_daily_reports",
    "/runs?dataset=orders": "orders",
    "/alerts": "Alerts",
    "/alerts?status=all": "Alerts",
}

pytestmark = pytest.mark.e2e
NewTab = Callable[..., Tab]


def violations(page: Page) -> list[str]:
    """Run axe over the page and name each rule with the elements that break it."""
    page.evaluate(AXE)
    found = page.evaluate(f"axe.run(document, {{runOnly: {RULES}}})")
    return [f"{each['id']}: {[node['target'] for node in each['nodes']]}" for each in found["violations"]]


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_whole_and_accessible(
    dashboard: Dashboard, new_tab: NewTab, path, scheme, viewport
) -> None:
    page = new_tab(scheme, viewport).open(dashboard.url + path)
    until(page, f"document.querySelector('h1')?.innerText === {json.dumps(PAGES[path])}")
    page.wait_for_timeout(1200)
    assert page.evaluate("document.documentElement.dataset.mantineColorScheme") == scheme
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "it scrolls sideways"
    assert violations(page) == []


def test_on_a_phone_the_menu_opens_leads_on_and_closes(dashboard: Dashboard, new_tab: NewTab) -> None:
    page = new_tab("light", PHONE).open(dashboard.url + "/dashboard")
    link = page.locator(".navbar").get_by_role("link", name="Alerts")
    menu = page.get_by_role("button", name="Open navigation")
    menu.click()
    page.wait_for_timeout(500)
    link.click()
    until(page, "document.querySelector('h1').innerText === 'Alerts'")
    until(page, "document.querySelector('.shell-navbar').getBoundingClientRect().right <= 0")
    assert page.title() == "Alerts · dqm"


@pytest.mark.parametrize("path", ["/dashboard", "/runs", "/alerts"])
def test_an_empty_store_says_what_to_do_next(empty_dashboard: str, new_tab: NewTab, path: str) -> None:
    page = new_tab().open(empty_dashboard + path)
    page.wait_for_timeout(500)
    assert page.locator(".empty").count() >= 1
    if path != "/alerts":
        assert "landing" in page.inner_text(".empty")
    assert violations(page) == []


def test_an_address_that_leads_nowhere_says_so(dashboard: Dashboard, new_tab: NewTab) -> None:
    tab = new_tab()
    tab.open(dashboard.url + "/nowhere")
    assert "Page not found" in tab.page.inner_text("h1")
    # The answer itself is 404, which the browser reports twice; nothing else may be wrong.
    assert [wrong for wrong in tab.wrongs if "404" not in wrong] == []
    tab.wrongs.clear()


def test_the_api_documents_load_from_this_origin(dashboard: Dashboard, new_tab: NewTab) -> None:
    page = new_tab().page
    page.goto(dashboard.url + "/api/docs")
    page.wait_for_selector(".opblock")
    assert page.locator(".opblock").count() >= 8


def test_times_are_in_the_browsers_zone_and_utc_in_the_tooltip(dashboard: Dashboard, new_tab: NewTab) -> None:
    here = new_tab(zone="Asia/Tokyo").open(f"{dashboard.url}/runs?dataset=detector")
    there = new_tab(zone="America/Sao_Paulo").open(f"{dashboard.url}/runs?dataset=detector")
    times = []
    for page in (here, there):
        page.wait_for_timeout(500)
        shown = page.locator(".detail-head time").first
        times.append((shown.inner_text(), shown.get_attribute("title")))
    assert times[0][0] != times[1][0]
    assert times[0][1] == times[1][1]
    assert str(times[0][1]).endswith("UTC")


def test_the_theme_switch_repaints_charts_without_a_reload_and_is_remembered(
    dashboard: Dashboard, new_tab: NewTab
) -> None:
    page = new_tab("light").open(f"{dashboard.url}/runs?dataset=detector")
    colour = "document.querySelector('#runs-chart .js-plotly-plot')?._fullLayout?.font.color"
    until(page, f"{colour} === '#4A5261'")
    page.evaluate("window.sameDocument = true")
    page.click("#scheme-toggle")
    until(page, f"{colour} === '#C6CCD6'")
    assert page.evaluate("window.sameDocument")
    page.reload()
    until(page, f"{colour} === '#C6CCD6'")
    assert page.evaluate("document.documentElement.dataset.mantineColorScheme") == "dark"
