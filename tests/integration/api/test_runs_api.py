"""The original runs API over a real server and store."""

import math
from datetime import datetime

import pytest

from tests.e2e.seeder import RUNS, Seeder
from tests.integration.api.conftest import Api


def test_the_root_leads_to_the_dashboard(api: Api) -> None:
    answer = api.get("/", expect=307)
    assert answer.headers["location"] == "/dashboard"


def test_latest_gives_the_newest_run_of_each_dataset_with_metrics_by_column(api: Api) -> None:
    runs = {run["dataset"]: run for run in api.get("/metrics/latest").json()}
    assert set(runs) == {"detector", "covid_daily_reports"}
    newest = api.get("/metrics/history", dataset="detector", limit=1).json()["runs"][0]
    assert runs["detector"] == newest
    value = runs["detector"]["metrics"]["value"]
    assert value["row_count"] == 400
    assert math.isclose(value["variance"], value["stddev"] ** 2)


def test_latest_of_one_dataset_and_of_none(api: Api) -> None:
    assert [run["dataset"] for run in api.get("/metrics/latest", dataset="detector").json()] == ["detector"]
    assert api.get("/metrics/latest", dataset="orders").json() == []
    assert (
        "There is no dataset 'nope'"
        in api.get("/metrics/latest", expect=404, dataset="nope").json()["detail"]
    )


def test_history_walked_by_its_next_links_gives_every_run_once_newest_first(api: Api) -> None:
    seen, address = [], "/metrics/history?dataset=detector&limit=7"
    while address:
        page = api.get(address).json()
        seen += page["runs"]
        address = page["next"]
    assert page["total"] == len(seen) == len({run["run_id"] for run in seen}) >= RUNS
    times = [datetime.fromisoformat(run["ts"]) for run in seen]
    assert times == sorted(times, reverse=True)


def test_history_is_filtered_by_status_and_time_and_an_end_is_exclusive(api: Api) -> None:
    bad = api.get("/metrics/history", dataset="detector", status="BAD").json()
    assert bad["total"] == 5
    assert all(run["reasons"] for run in bad["runs"])
    since, until = bad["runs"][2]["ts"], bad["runs"][0]["ts"]
    between = api.get("/metrics/history", dataset="detector", status="BAD", since=since, until=until).json()
    assert [run["ts"] for run in between["runs"]] == [run["ts"] for run in bad["runs"][1:3]]


def test_a_page_past_the_end_is_empty_and_still_says_the_total(api: Api) -> None:
    page = api.get("/metrics/history", dataset="detector", offset=100_000).json()
    assert (page["runs"], page["next"]) == ([], None)
    assert page["total"] >= RUNS


def test_a_run_has_its_reasons_its_metrics_and_its_quarantine(api: Api) -> None:
    listed = api.get("/metrics/history", dataset="detector", status="BAD").json()["runs"]
    wanted = next(run for run in listed if run["rows_quarantined"])
    run = api.get(f"/run/{wanted['run_id']}").json()
    assert run["reasons"] == wanted["reasons"]
    assert run["metrics"] == wanted["metrics"]
    assert run["dialect"]["delimiter"] == ","
    assert run["quarantine"]["total"] == 2
    assert run["quarantine"]["by_code"] == {"wrong_type": 1, "too_few_fields": 1}
    assert run["quarantine"]["first"][0]["line"] == 118


def test_an_unknown_run_is_404_with_a_way_on(api: Api) -> None:
    answer = api.get("/run/nope", expect=404)
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["detail"] == "There is no run 'nope'. GET /metrics/history lists the runs."


def test_a_run_id_in_two_datasets_asks_which_one(api: Api) -> None:
    (run_id,) = Seeder(api.store, "twin").add([None])
    assert "add ?dataset=" in api.get(f"/run/{run_id}", expect=409).json()["detail"]
    assert api.get(f"/run/{run_id}", dataset="twin").json()["dataset"] == "twin"


def test_a_run_written_now_is_in_the_next_answer(api: Api) -> None:
    (run_id,) = api.seeder.add([None])
    assert api.get("/metrics/latest", dataset="detector").json()[0]["run_id"] == run_id


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"limit": 0}, "limit: "),
        ({"limit": 501}, "limit: "),
        ({"offset": -1}, "offset: "),
        ({"since": "yesterday"}, "since: "),
        ({"status": "FINE"}, "status: "),
    ],
)
def test_a_wrong_parameter_is_named_in_words(api: Api, params: dict, said: str) -> None:
    detail = api.get("/metrics/history", expect=422, **params).json()["detail"]
    assert said in detail
    assert "got" in detail


@pytest.mark.parametrize(
    "text", ["' OR 1=1 --", "detector'; DROP TABLE metrics.runs; --", "$dataset", "%", "\x00", "ä" * 200]
)
def test_text_that_looks_like_sql_is_only_text(api: Api, text: str) -> None:
    before = api.get("/metrics/history").json()["total"]
    assert api.get("/metrics/history", dataset=text).json()["total"] == 0
    assert api.get("/metrics/latest", expect=404, dataset=text).status_code == 404
    assert api.get("/metrics/history").json()["total"] == before
