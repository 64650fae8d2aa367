"""Contracts and Backtest in use."""

from collections.abc import Callable

import pytest

from tests.e2e.conftest import Dashboard, Tab, until

pytestmark = pytest.mark.e2e
NewTab = Callable[..., Tab]


def test_a_contract_tells_its_statements_and_a_mutation_test_reports_over_the_socket(
    dashboard: Dashboard, new_tab: NewTab
) -> None:
    page = new_tab().open(f"{dashboard.url}/contracts")
    page.get_by_role("link", name="detector", exact=True).click()
    page.wait_for_selector("[aria-label=Statements] tbody tr")
    assert page.locator("[aria-label=Statements] tbody tr").count() > 20
    assert "Missing" in page.inner_text("[aria-label=Drift]")
    page.get_by_role("button", name="Run mutation test").click()
    page.wait_for_selector(".mutation-score", timeout=90_000)
    assert "of the clauses can fail" in page.inner_text("#mutation-result")
    page.fill(
        "#compare-text", "apiVersion: v3.2.0\nkind: DataContract\nid: x\nversion: 1.0.0\nstatus: active\n"
    )
    page.get_by_role("button", name="Compare", exact=True).click()
    until(page, "document.querySelector('#compare-result').innerText.includes('Breaks readers')", 60)


def test_a_backtest_replays_settings_side_by_side_and_stores_the_one_that_is_applied(
    dashboard: Dashboard, new_tab: NewTab
) -> None:
    page = new_tab().open(f"{dashboard.url}/backtest?dataset=detector&column=value&metric=mean")
    page.wait_for_selector("#backtest-chart .main-svg", state="attached")
    table = "document.querySelector('[aria-label=\"Settings side by side\"]').innerText"
    until(page, f"{table}.includes('In use')", 60)
    amount = page.get_by_label("Sensitivity of B", exact=True)
    amount.fill("50")
    amount.press("Enter")
    until(page, f"{table}.includes('1 per 50 points')", 60)
    assert "50" in page.url
    page.locator("[aria-label='Settings side by side'] tbody tr").nth(1).get_by_role("button").click()
    until(page, "document.querySelector('#backtest-said').innerText.includes('is judged with')", 60)
    stored = dashboard.store.rows("SELECT widen FROM monitoring.learned WHERE metric = 'mean'")
    assert stored[0]["widen"] == pytest.approx(50 / 30_000)
