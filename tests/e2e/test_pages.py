"""Every page in a real browser: both themes, two widths, no accessibility violation, nothing foreign."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, ViewportSize

from tests.e2e.conftest import DRAWN, PHONE, Dashboard, Tab, until

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text()
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
#: Every page in its different states: address and heading.
PAGES = (
    ("/dashboard", "Overview"),
    ("/datasets", "Datasets"),
    ("/datasets?dataset=detector", "detector"),
    ("/datasets?dataset=detector&tab=checks", "detector"),
    ("/datasets?dataset=detector&tab=schema", "detector"),
    ("/datasets?dataset=detector&tab=lineage", "detector"),
    ("/datasets?dataset=orders", "orders"),
    ("/runs?dataset=detector", "detector"),
    ("/runs?dataset=covid_daily_reports", "covid_daily_reports"),
    ("/runs?dataset=orders", "orders"),
    ("/databases", "Databases"),
    ("/contracts", "Contracts"),
    ("/contracts?dataset=detector", "Contract of detector"),
    ("/contracts?dataset=detector&clause=value__required", "Contract of detector"),
    ("/alerts", "Alerts"),
    ("/alerts?status=all", "Alerts"),
    ("/backtest?dataset=detector&column=value&metric=mean", "Backtest"),
    ("/system", "System"),
)
NARROW = ViewportSize(width=1280, height=800)
WIDE = ViewportSize(width=1600, height=1000)

pytestmark = pytest.mark.e2e
NewTab = Callable[..., Tab]


def violations(page: Page) -> list[str]:
    """Run axe over the page and name each rule with the elements that break it."""
    if not page.evaluate("Boolean(window.axe)"):
        page.evaluate(AXE)
    found = page.evaluate(f"axe.run(document, {{runOnly: {RULES}}})")
    return [f"{each['id']}: {[node['target'] for node in each['nodes']]}" for each in found["violations"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_whole_and_accessible_at_every_width(
    dashboard: Dashboard, new_tab: NewTab, scheme: str
) -> None:
    """One tab goes from page to page as a person does, and each is looked at wide, narrow and on a phone."""
    page = new_tab(scheme, NARROW).open(dashboard.url + PAGES[0][0])
    wrong = []
    for path, heading in PAGES:
        walk(page, path)
        assert page.inner_text("h1") == heading
        settle(page)
        assert page.evaluate("document.documentElement.dataset.mantineColorScheme") == scheme
        for name, viewport in (("narrow", NARROW), ("wide", WIDE), ("phone", PHONE)):
            page.set_viewport_size(viewport)
            settle(page)
            if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
                wrong.append(f"{path} scrolls sideways, {name}")
            # What axe looks at changes with the layout, which is the same on both desktops.
            wrong += [f"{path} {name} {each}" for each in violations(page)] if viewport is not WIDE else []
        page.set_viewport_size(NARROW)
    assert wrong == []


def walk(page: Page, path: str) -> None:
    """Go to an address as a link of the page does, without loading the page anew."""
    page.evaluate(
        f"window.history.pushState({{}}, '', {json.dumps(path)});"
        " window.dispatchEvent(new CustomEvent('_dashprivate_pushstate'))"
    )
    address = path if "?" in path else f"{path}?"
    until(page, f"window.dash_component_api.getLayout('shown').props.data === {json.dumps(address)}")


def settle(page: Page) -> None:
    """Wait until every chart of the page is drawn and every grid has its rows."""
    until(page, DRAWN)
    page.wait_for_timeout(400)


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


def test_an_empty_store_says_on_every_page_what_to_do_next(empty_dashboard: str, new_tab: NewTab) -> None:
    tab = new_tab()
    hints = {
        "/dashboard": "landing",
        "/datasets": "landing",
        "/runs": "landing",
        "/alerts": "opens here by itself",
        "/backtest": "adds a point",
        "/contracts?dataset=nope": "dqm contract init",
        "/datasets?dataset=nope": "all datasets",
        "/system": "first run",
    }
    for path, hint in hints.items():
        page = tab.open(empty_dashboard + path)
        page.wait_for_selector(".empty")
        assert hint in page.inner_text("#main"), path
        assert violations(page) == [], path


def test_a_deep_link_paints_its_own_page_first(dashboard: Dashboard, new_tab: NewTab) -> None:
    page = new_tab().page
    headings: list[str] = []
    page.expose_function("dqmSeen", lambda heading: headings.append(str(heading)))
    page.add_init_script(
        "new MutationObserver(() => { const h = document.querySelector('h1');"
        " if (h && h.innerText !== window.last) { window.dqmSeen(window.last = h.innerText); } })"
        ".observe(document, { childList: true, subtree: true });"
    )
    page.goto(f"{dashboard.url}/datasets?dataset=detector&tab=schema")
    page.wait_for_selector(".timeline")
    page.wait_for_timeout(500)
    assert headings == ["detector"]


def test_keys_help_search_and_lead_from_page_to_page(dashboard: Dashboard, new_tab: NewTab) -> None:
    page = new_tab().open(f"{dashboard.url}/dashboard")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.innerText") == "Skip to content"
    page.keyboard.press("Enter")
    page.keyboard.press("?")
    page.wait_for_selector("dialog[open]")
    assert "Datasets" in page.inner_text("dialog[open]")
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("d")
    until(page, "document.querySelector('h1').innerText === 'Datasets'", 60)
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "datasets-search"


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
        shown = page.locator(".detail-head time").first
        shown.wait_for()
        time = "document.querySelector('.detail-head time')"
        until(page, f"{time}.innerText === window.dqmLocalTime({time}.dateTime)")
        times.append((shown.inner_text(), shown.get_attribute("title")))
    assert times[0][0] != times[1][0]
    assert times[0][1] == times[1][1]
    assert str(times[0][1]).endswith("UTC")


def test_charts_are_drawn_for_the_dark_that_the_system_asks_for(
    dashboard: Dashboard, new_tab: NewTab
) -> None:
    page = new_tab("dark").open(f"{dashboard.url}/runs?dataset=detector")
    colour = "document.querySelector('#runs-chart .js-plotly-plot')?._fullLayout?.font.color"
    until(page, f"{colour} === '#C6CCD6'")
    # Also after what the page asks for by itself once it is there.
    page.wait_for_selector("#runs-grid .ag-row")
    until(page, f"{colour} === '#C6CCD6' && document.cookie.includes('dqm_scheme=dark')")


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
