"""The Alerts and Overview pages in use."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, TimeoutError

from tests.e2e.conftest import Dashboard, Tab, until

pytestmark = pytest.mark.e2e
NewTab = Callable[..., Tab]


def test_the_inbox_shows_open_alerts_and_the_filter_shows_the_others(
    dashboard: Dashboard, new_tab: NewTab
) -> None:
    page = new_tab().open(f"{dashboard.url}/alerts")
    page.wait_for_selector("#alerts-grid .ag-row")
    assert "· resolved" not in page.inner_text("#alerts-grid")
    page.get_by_text("Resolved", exact=True).first.click()
    rows = "[...document.querySelectorAll('#alerts-grid .ag-row')]"
    until(page, f"{rows}.length && {rows}.every(row => row.innerText.includes('· resolved'))")
    page.locator("#alerts-grid .ag-row .ag-cell").last.focus()
    page.keyboard.press("Enter")
    until(page, "new URL(location.href).searchParams.has('alert')")
    page.wait_for_selector("#alert-chart .main-svg", state="attached")
    page.locator("#alert-chart").hover()
    with page.expect_download() as picture:
        page.locator("#alert-chart").get_by_label("Download plot as a PNG").click()
    assert picture.value.suggested_filename.endswith("-by-batch.png")
    assert "status=resolved" in page.url


def test_an_alert_shows_chart_evidence_what_changed_and_history_and_leads_on(
    dashboard: Dashboard, new_tab: NewTab
) -> None:
    page = new_tab().open(f"{dashboard.url}/alerts?status=all")
    page.wait_for_selector("#alerts-grid .ag-row")
    page.locator("#alerts-grid .ag-row").filter(has_text="Mean of value").first.click()
    until(page, "document.querySelector('.alert-title').innerText.startsWith('Mean of value')")
    assert "alert=" in page.url
    page.wait_for_selector("#alert-chart .main-svg", state="attached")
    assert "Opened by dqm" in page.inner_text(".timeline")
    text = page.inner_text("#alerts-detail")
    assert "What changed, by segment" in text
    assert "explains" in text or "no single segment" in text
    assert "rows whose" in text
    assert page.locator("[aria-label='Evidence rows'] tbody tr").count() == 50
    dagster = page.get_by_role("link", name="Dagster asset").get_attribute("href") or ""
    assert "/assets/raw_detector_readings" in dagster
    page.locator(".facts a").first.click()
    page.wait_for_selector(".reasons")
    assert "/runs?dataset=detector&run=" in page.url


def act(page: Page, button: str, reason: str) -> None:
    """Do something for a reason, until the history tells it: a late answer empties what was typed early."""
    for attempt in range(5):
        page.fill("#alert-reason", reason)
        page.get_by_role("button", name=button, exact=True).click()
        try:
            page.locator(".timeline").filter(has_text=reason).wait_for(timeout=20_000)
        except TimeoutError:
            assert attempt < 4, page.inner_text("#alerts-detail")
        else:
            return


def test_an_alert_is_acknowledged_labelled_muted_and_resolved_with_reasons_that_stay(
    dashboard: Dashboard, new_tab: NewTab
) -> None:
    dashboard.seeder.add(["noise"])
    page = new_tab().open(f"{dashboard.url}/alerts")
    page.wait_for_selector(".actions")
    page.get_by_role("button", name="Resolve", exact=True).click()
    until(page, "document.querySelector('#alert-said').innerText.includes('needs a reason')")
    act(page, "Acknowledge", "looking at the sensor")
    page.get_by_role("button", name="A false alarm").click()
    until(page, "document.querySelector('#alerts-detail').innerText.includes('said: false alarm')")
    act(page, "Mute", "planned work")
    act(page, "Resolve", "sensor replaced")
    assert page.locator(".actions").count() == 0
    actions = {row["action"] for row in dashboard.store.rows("SELECT action FROM monitoring.audit")}
    assert actions >= {"alert.acknowledged", "alert.labelled", "alert.muted", "alert.resolved"}


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
