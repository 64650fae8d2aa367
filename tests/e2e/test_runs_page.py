"""The Runs page in use: choosing runs, switching columns and datasets, and data that arrives meanwhile."""

import json
from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import Page

from tests.e2e.conftest import Dashboard, Tab, until, zoom
from tests.e2e.seeder import Seeder

pytestmark = pytest.mark.e2e
NewTab = Callable[..., Tab]
CHART = "document.querySelector('#runs-chart .js-plotly-plot')"


def runs(dashboard: Dashboard, **filters: str | int) -> list[dict]:
    answer = httpx.get(f"{dashboard.url}/metrics/history", params={"dataset": "detector", **filters})
    return answer.raise_for_status().json()["runs"]


def open_runs(dashboard: Dashboard, tab: Tab, query: str = "") -> Page:
    page = tab.open(f"{dashboard.url}/runs?dataset=detector{query}")
    until(page, f"{CHART}?._fullLayout?.xaxis")
    page.wait_for_selector("#runs-grid .ag-row")
    return page


def shown_run(page: Page) -> str:
    return str(page.locator(".detail-head .run-id").get_attribute("title"))


def test_the_chart_marks_what_is_out_of_range_and_shows_the_band(
    dashboard: Dashboard, new_tab: NewTab
) -> None:
    anomalous = 0
    for metric in ("mean", "stddev"):
        asked = {"dataset": "detector", "column": "value", "metric": metric}
        points = httpx.get(f"{dashboard.url}/api/v1/series", params=asked).json()["points"]
        anomalous += sum(point["verdict"] == "anomalous" for point in points)
    page = open_runs(dashboard, new_tab(), "&column=value&last=200")
    symbols = page.evaluate(
        f"{CHART}.data.filter(t => t.customdata && t.marker.symbol).map(t => t.marker.symbol)"
    )
    assert sum(symbol == "x" for trace in symbols for symbol in trace) == anomalous > 0
    assert page.evaluate(f"{CHART}.data.some(t => t.fill === 'tonexty')")


def test_a_deep_link_opens_the_run_with_its_reasons_and_quarantine(
    dashboard: Dashboard, new_tab: NewTab
) -> None:
    # The oldest: of runs that other tests added the rows were not kept.
    bad = [run for run in runs(dashboard, status="BAD") if run["rows_quarantined"]][-1]
    page = open_runs(dashboard, new_tab(), f"&run={bad['run_id']}")
    assert shown_run(page) == bad["run_id"]
    assert bad["reasons"][0]["message"] in page.inner_text(".reasons")
    assert page.locator("#run-distribution .js-plotly-plot").count() == 1
    page.get_by_role("tab", name="Quarantine").click()
    assert "'n/a' is not a number" in page.inner_text("#runs-detail")


def test_a_click_on_a_table_row_shows_that_run_and_the_address_follows(
    dashboard: Dashboard, new_tab: NewTab
) -> None:
    page = open_runs(dashboard, new_tab())
    row = page.locator("#runs-grid .ag-row").nth(3)
    wanted = row.get_attribute("row-id")
    row.click()
    until(page, f"document.querySelector('.detail-head .run-id').title === {json.dumps(wanted)}")
    assert f"run={wanted}" in page.url
    page.reload()
    page.wait_for_selector(".detail-head")
    assert shown_run(page) == wanted


def test_a_click_on_a_point_shows_that_run_and_selects_its_row(dashboard: Dashboard, new_tab: NewTab) -> None:
    page = open_runs(dashboard, new_tab())
    wanted = runs(dashboard)[5]["run_id"]
    place = page.evaluate(
        f"""(() => {{ const chart = {CHART};
        const trace = chart.data.find(t => t.customdata && t.marker.symbol);
        const i = trace.customdata.indexOf({json.dumps(wanted)}); const box = chart.getBoundingClientRect();
        const x = chart._fullLayout.xaxis, y = chart._fullLayout.yaxis;
        return [box.x + x._offset + x.d2p(trace.x[i]), box.y + y._offset + y.d2p(trace.y[i])]; }})()"""
    )
    page.mouse.move(*place)
    page.wait_for_selector("#runs-chart .hoverlayer .hovertext")
    page.mouse.click(*place)
    until(page, f"document.querySelector('.detail-head .run-id').title === {json.dumps(wanted)}")
    page.wait_for_selector(f"#runs-grid .ag-row-selected[row-id='{wanted}']")


def test_another_column_changes_charts_table_and_distribution(dashboard: Dashboard, new_tab: NewTab) -> None:
    page = open_runs(dashboard, new_tab())
    page.click("#runs-column")
    page.get_by_role("option", name="channel_2").click()
    until(page, "document.querySelector('#runs-detail').innerText.includes('Distribution of channel_2')")
    until(page, "document.querySelector('#runs-note').innerText.startsWith('channel_2')")
    assert "column=channel_2" in page.url


def test_the_switcher_goes_to_another_dataset_and_back(dashboard: Dashboard, new_tab: NewTab) -> None:
    page = open_runs(dashboard, new_tab())
    page.click("#dataset-switch")
    page.get_by_role("option", name="orders").click()
    until(page, "document.querySelector('h1').innerText === 'orders'")
    assert "dqm ingest" in page.inner_text(".empty")
    page.go_back()
    until(page, "document.querySelector('h1').innerText === 'detector'")


def test_a_run_that_arrives_appears_by_itself_and_zoom_scroll_and_choice_stay(
    dashboard: Dashboard, new_tab: NewTab
) -> None:
    page = open_runs(dashboard, new_tab())
    page.locator("#runs-grid .ag-row").nth(2).click()
    chosen = page.locator("#runs-grid .ag-row").nth(2).get_attribute("row-id")
    until(page, f"document.querySelector('.detail-head .run-id').title === {json.dumps(chosen)}")
    page.get_by_role("tab", name="Origin").click()
    zoomed = zoom(page, "runs-chart")
    page.evaluate("document.querySelector('#runs-grid .ag-body-viewport').scrollTop = 200")
    page.evaluate("window.scrollTo(0, 260)")
    page.evaluate("window.sameDocument = true")
    before = page.inner_text("#runs-tiles")

    new = dashboard.seeder.add([None])[0]

    until(
        page,
        f"{CHART}.data.some(t => t.customdata && t.customdata.includes({json.dumps(new)}))",
    )
    until(page, f"document.querySelector('#runs-tiles').innerText !== {json.dumps(before)}")
    assert page.evaluate("window.sameDocument")
    assert page.evaluate(f"{CHART}._fullLayout.xaxis.range") == zoomed
    assert page.evaluate("document.querySelector('#runs-grid .ag-body-viewport').scrollTop") == 200
    assert page.evaluate("window.scrollY") == 260
    assert shown_run(page) == chosen
    assert page.get_by_role("tab", name="Origin").get_attribute("aria-selected") == "true"
    page.evaluate("document.querySelector('#runs-grid .ag-body-viewport').scrollTop = 0")
    page.wait_for_selector(f"#runs-grid .ag-row[row-id='{new}']")


def test_the_tools_of_a_chart_are_drawn_and_none_sends_it_away(dashboard: Dashboard, new_tab: NewTab) -> None:
    page = open_runs(dashboard, new_tab())
    page.locator("#runs-chart").hover()
    names = page.locator("#runs-chart .modebar-btn").evaluate_all(
        "all => all.map(each => each.dataset.title)"
    )
    assert names == ["Download plot as a PNG", "Zoom", "Pan", "Reset axes"]
    behind = page.locator("#runs-chart .modebar-btn svg").evaluate_all(
        "all => all.map(each => getComputedStyle(each).backgroundColor)"
    )
    assert set(behind) == {"rgba(0, 0, 0, 0)"}


def test_a_zoom_ends_with_a_double_click_and_with_another_column(
    dashboard: Dashboard, new_tab: NewTab
) -> None:
    page = open_runs(dashboard, new_tab())
    whole = page.evaluate(f"{CHART}._fullLayout.xaxis.range")
    zoom(page, "runs-chart")
    page.locator("#runs-chart .nsewdrag").first.dblclick()
    until(page, f"String({CHART}._fullLayout.xaxis.range) === {json.dumps(','.join(whole))}")
    zoom(page, "runs-chart")
    page.click("#runs-column")
    page.get_by_role("option", name="channel_2").click()
    until(page, "document.querySelector('#runs-note').innerText.startsWith('channel_2')")
    until(page, f"{CHART}._fullLayout.uirevision.includes('channel_2')")
    shown = page.evaluate(f"{CHART}._fullLayout.xaxis.range.map(at => Date.parse(at))")
    runs_shown = page.evaluate(f"{CHART}.data.find(t => t.customdata).x.map(at => Date.parse(at))")
    assert shown[0] < min(runs_shown)
    assert shown[1] > max(runs_shown)


def test_the_first_run_of_a_dataset_fills_its_open_page(dashboard: Dashboard, new_tab: NewTab) -> None:
    page = new_tab().open(f"{dashboard.url}/runs?dataset=orders")
    assert page.locator(".empty").count() == 1
    Seeder(dashboard.store, "orders").add([None, None])
    page.wait_for_selector("#runs-grid .ag-row")
    until(page, f"{CHART}?.data?.length > 0")
