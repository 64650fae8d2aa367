"""The Alerts and Overview pages in use."""

from collections.abc import Callable

import pytest

from tests.e2e.conftest import Dashboard, Tab, until

pytestmark = pytest.mark.e2e
NewTab = Callable[..., Tab]


def test_the_inbox_shows_open_alerts_and_the_filter_shows_the_others(
    dashboard: Dashboard, new_tab: NewTab
) -> None:
    page = new_tab().open(f"{dashboard.url}/alerts")
    page.wait_for_selector("#alerts-grid .ag-row")
    active = page.locator("#alerts-grid .ag-row").count()
    page.get_by_text("Resolved", exact=True).first.click()
    until(page, "document.querySelector('#alerts-grid').innerText.includes('Resolved')")
    assert page.locator("#alerts-grid .ag-row").count() > active
    assert "status=resolved" in page.url


def test_an_alert_shows_its_chart_facts_and_history_and_leads_to_its_run(
    dashboard: Dashboard, new_tab: NewTab
) -> None:
    page = new_tab().open(f"{dashboard.url}/alerts?status=all")
    page.wait_for_selector("#alerts-grid .ag-row")
    page.locator("#alerts-grid .ag-row").nth(1).click()
    until(page, "new URL(location.href).searchParams.has('alert')")
    page.wait_for_selector("#alert-chart .main-svg", state="attached")
    assert "Opened by dqm" in page.inner_text(".timeline")
    page.locator(".facts a").nth(1).click()
    page.wait_for_selector(".reasons")
    assert "/runs?dataset=detector&run=" in page.url


def test_an_alert_that_opens_is_counted_in_the_navigation_of_every_open_page(
    dashboard: Dashboard, new_tab: NewTab
) -> None:
    page = new_tab().open(f"{dashboard.url}/dashboard")
    until(page, "document.querySelector('#alerts-count').innerText !== ''")
    before = int(page.inner_text("#alerts-count"))
    dashboard.seeder.add(["shift"])
    until(
        page,
        f"Number(document.querySelector('#alerts-count').innerText) === {before + 1}",
    )


def test_the_search_finds_a_dataset_by_a_part_of_its_name_and_says_when_there_is_none(
    dashboard: Dashboard, new_tab: NewTab
) -> None:
    page = new_tab().open(f"{dashboard.url}/dashboard")
    page.fill("#overview-search", "covid")
    until(page, "document.querySelectorAll('#overview-body [aria-label=Datasets] tbody tr').length === 1")
    page.fill("#overview-search", "no such thing")
    page.wait_for_selector("text=No dataset matches")
