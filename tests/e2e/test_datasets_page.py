"""The Datasets pages in use: finding one, its columns, its checks, data that arrives meanwhile."""

from collections.abc import Callable

import httpx
import pytest

from tests.e2e.conftest import Dashboard, Tab, time_range, until, zoom

pytestmark = pytest.mark.e2e
NewTab = Callable[..., Tab]


def test_the_list_finds_datasets_and_leads_to_one(dashboard: Dashboard, new_tab: NewTab) -> None:
    page = new_tab().open(f"{dashboard.url}/datasets")
    rows = "document.querySelectorAll('[aria-label=Datasets] tbody tr').length"
    page.fill("#datasets-search", "sales")
    until(page, f"{rows} === 1")
    assert "orders" in page.inner_text("[aria-label=Datasets]")
    page.fill("#datasets-search", "no such thing")
    page.wait_for_selector("text=No dataset matches")
    page.fill("#datasets-search", "")
    page.get_by_text("No data yet", exact=True).first.click()
    until(page, f"{rows} === 1")
    page.get_by_text("All", exact=True).first.click()
    until(page, f"{rows} >= 3")
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    lines = download.value.path().read_text().splitlines()
    assert lines[0].startswith("dataset,")
    assert len(lines) >= 4
    page.get_by_role("link", name="detector", exact=True).click()
    until(page, "document.querySelector('h1').innerText === 'detector'")


def test_a_column_shows_how_it_spreads_and_its_history_and_a_new_batch_keeps_the_choice(
    dashboard: Dashboard, new_tab: NewTab
) -> None:
    page = new_tab().open(f"{dashboard.url}/datasets?dataset=detector")
    page.wait_for_selector("#dataset-distribution .main-svg", state="attached")
    page.get_by_role("button", name="channel_2", exact=True).click()
    until(
        page,
        "document.querySelector('#dataset-column-detail').innerText.includes('Distribution of channel_2')",
    )
    assert "column=channel_2" in page.url
    page.click("#dataset-metric")
    page.get_by_role("option", name="stddev", exact=True).click()
    until(page, "document.querySelector('#dataset-column-detail').innerText.includes('Stddev of channel_2')")
    page.evaluate("window.sameDocument = true")
    zoomed = zoom(page, "dataset-history")
    points = "data.find(t => t.customdata).customdata.length"
    drawn = f"document.querySelector('#dataset-history .js-plotly-plot').{points}"
    runs = page.evaluate(drawn)
    before = page.inner_text("#dataset-tiles")
    dashboard.seeder.add([None])
    until(page, f"document.querySelector('#dataset-tiles').innerText !== {before!r}", 60)
    until(page, "document.querySelector('#dataset-body').innerText.includes('Distribution of channel_2')")
    until(page, f"{drawn} > {runs}")
    assert time_range(page, "dataset-history") == zoomed
    assert page.evaluate("window.sameDocument")
    assert "Stddev of channel_2" in page.inner_text("#dataset-column-detail")
    page.reload()
    page.wait_for_selector("#dataset-history .main-svg", state="attached")
    assert "Stddev of channel_2" in page.inner_text("#dataset-column-detail")


def test_checks_schema_and_lineage_are_tabs_of_their_own(dashboard: Dashboard, new_tab: NewTab) -> None:
    page = new_tab().open(f"{dashboard.url}/datasets?dataset=detector")
    page.get_by_role("link", name="Checks").click()
    page.wait_for_selector("[aria-label='Judged series'] tbody tr")
    assert "value__required" in page.inner_text("[aria-label=Clauses]")
    page.get_by_role("link", name="Schema").click()
    page.wait_for_selector(".changes")
    assert "ch1 was renamed to channel_1" in page.inner_text(".timeline")
    page.get_by_role("link", name="Lineage").click()
    page.wait_for_selector("text=Dagster does not answer")
    assert "tab=lineage" in page.url


def test_scores_are_shown_as_the_api_tells_them(dashboard: Dashboard, new_tab: NewTab) -> None:
    scores = {each["dataset"]: each for each in httpx.get(f"{dashboard.url}/api/v1/scores").json()}
    page = new_tab().open(f"{dashboard.url}/dashboard")
    page.wait_for_selector(".score-card")
    card = page.locator(".score-card").filter(has_text="detector")
    assert card.locator(".score-number").inner_text() == str(int(scores["detector"]["score"]))
    assert page.locator(".score-card").count() == 3
    assert "Since yesterday" in page.inner_text("#overview-body")
