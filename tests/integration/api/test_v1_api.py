"""Version 1 of the API, health, Prometheus, documents and what is not there."""

import asyncio
import inspect

import httpx
import pytest
from dash import get_app
from plotly.offline import get_plotlyjs_version
from prometheus_client.parser import text_string_to_metric_families

from tests.integration.api.conftest import Api


def test_datasets_are_listed_with_what_their_runs_and_alerts_say(api: Api) -> None:
    datasets = {each["dataset"]: each for each in api.get("/api/v1/datasets").json()}
    assert set(datasets) >= {"detector", "covid_daily_reports", "orders"}
    detector = datasets["detector"]
    assert detector["share_good"] == pytest.approx(detector["good"] / (detector["good"] + detector["bad"]))
    assert detector["owner"] == "detector-team"
    assert datasets["orders"]["runs"] == 0
    assert datasets["orders"]["share_good"] is None
    assert api.get("/api/v1/datasets/detector").json() == detector


def test_a_series_has_a_band_where_its_points_were_judged(api: Api) -> None:
    asked = {"dataset": "detector", "column": "value", "metric": "mean"}
    points = api.get("/api/v1/series", **asked, limit=500).json()["points"]
    learning = [point for point in points if point["verdict"] == "learning"]
    anomalous = [point for point in points if point["verdict"] == "anomalous"]
    assert learning
    assert anomalous
    assert all(point["lower"] is None for point in learning)
    assert all(not point["lower"] <= point["value"] <= point["upper"] for point in anomalous)
    newest = api.get("/api/v1/series", **asked, limit=3).json()["points"]
    assert newest == points[-3:]


def test_alerts_are_paged_filtered_and_shown_with_their_history(api: Api) -> None:
    page = api.get("/api/v1/alerts", limit=2).json()
    assert page["total"] > 2
    assert api.get(page["next"]).json()["offset"] == 2
    closed = api.client.get("/api/v1/alerts?status=resolved&status=muted").json()
    assert {alert["status"] for alert in closed["alerts"]} == {"resolved"}
    one = api.get(f"/api/v1/alerts/{closed['alerts'][0]['alert_id']}").json()
    assert [event["event"] for event in one["events"]] == ["opened"]
    assert one["evidence"]["excess"] == 2.5


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/datasets/nope",
        "/api/v1/datasets/nope/runs",
        "/api/v1/series?dataset=nope&metric=mean",
        "/api/v1/alerts/nope",
        "/api/v1/nope",
        "/api/nope",
    ],
)
def test_what_is_not_there_is_404_json(api: Api, path: str) -> None:
    answer = api.get(path, expect=404)
    assert answer.json()["detail"].startswith("There is no")


def test_an_unknown_page_is_404_html(api: Api) -> None:
    answer = api.get("/nowhere", expect=404)
    assert answer.headers["content-type"].startswith("text/html")


def test_health_tells_of_the_store_the_last_arrival_and_failing_pipelines(api: Api) -> None:
    health = api.get("/health").json()
    assert health["status"] == "failing"
    assert health["version"] == api.store.version()
    assert health["last_arrival"] is not None
    assert [pipeline["status"] for pipeline in health["pipelines"]] == ["FAILED", "SUCCESS"]


def test_prometheus_shows_the_store_and_the_requests(api: Api) -> None:
    api.get("/metrics/latest")
    families = {family.name: family for family in text_string_to_metric_families(api.get("/metrics").text)}
    assert families["dqm_store_up"].samples[0].value == 1
    runs = {tuple(sample.labels.values()): sample.value for sample in families["dqm_runs"].samples}
    listed = api.get("/api/v1/datasets/detector").json()
    assert runs["detector", "BAD"] == listed["bad"]
    routes = {sample.labels.get("route") for sample in families["dqm_http_request_seconds"].samples}
    assert "/metrics/latest" in routes
    assert not any(route and "run_" in route for route in routes), "a path would make a series a run"


def test_the_documents_describe_every_route_and_load_only_from_here(api: Api) -> None:
    paths = api.get("/api/openapi.json").json()["paths"]
    assert {"/metrics/latest", "/metrics/history", "/run/{run_id}", "/health", "/api/v1/alerts"} <= set(paths)
    page = api.get("/api/docs").text
    assert "http://" not in page
    assert "https://" not in page


def test_the_browser_is_told_of_no_other_origin(api: Api) -> None:
    page = api.get("/dashboard").text
    assert "https://" not in page


def test_plotly_is_the_vendored_bundle_of_the_version_that_python_plotly_expects(api: Api) -> None:
    body = api.get("/_dash-component-suites/plotly/package_data/plotly.min.js").content
    assert f"plotly.js (cartesian - minified) v{get_plotlyjs_version()}".encode() in body[:400]


def test_every_server_callback_is_async_so_that_none_blocks_the_others(api: Api) -> None:
    callbacks = {
        name: spec["callback"] for name, spec in get_app().callback_map.items() if "callback" in spec
    }
    assert len(callbacks) >= 8
    assert [name for name, call in callbacks.items() if not inspect.iscoroutinefunction(call)] == []


def test_many_readers_at_once_are_answered_and_health_is_not_held_up(api: Api) -> None:
    async def load() -> list[int]:
        async with httpx.AsyncClient(base_url=api.client.base_url, timeout=30) as client:
            paths = ["/metrics/history?limit=200", "/api/v1/datasets", "/health", "/metrics"] * 10
            return [
                answer.status_code for answer in await asyncio.gather(*(client.get(path) for path in paths))
            ]

    assert set(asyncio.run(load())) == {200}
