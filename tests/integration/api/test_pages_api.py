"""The routes behind the pages: scores, profiles, checks, evidence, actions, backtests; tags and downloads."""

import csv
import io

import pytest

from tests.integration.api.conftest import Api


def test_scores_have_their_parts_and_their_days(api: Api) -> None:
    scores = {each["dataset"]: each for each in api.get("/api/v1/scores").json()}
    detector = scores["detector"]
    assert 0 < detector["score"] < 100
    assert dict(detector["parts"])["schema"] <= 1
    assert detector["trend"][-1] == detector["score"]
    assert api.get("/api/v1/datasets/detector/score").json() == detector
    assert "not scored yet" in api.get("/api/v1/datasets/orders/score", expect=404).json()["detail"]


def test_what_is_not_there_is_a_problem_document(api: Api) -> None:
    answer = api.get("/api/v1/datasets/nope/profile", expect=404)
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["status"], problem["title"]) == (404, "Not Found")
    assert problem["instance"] == "/api/v1/datasets/nope/profile"
    refused = api.client.put("/api/v1/scores")
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET")


def test_a_tag_holds_until_the_store_changes(api: Api) -> None:
    first = api.get("/api/v1/datasets")
    again = api.client.get("/api/v1/datasets", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = api.client.get("/api/v1/scores", headers={"If-None-Match": first.headers["etag"]})
    assert other.status_code == 200
    api.seeder.add([None])
    later = api.client.get("/api/v1/datasets", headers={"If-None-Match": first.headers["etag"]})
    assert later.status_code == 200
    assert later.headers["etag"] != first.headers["etag"]


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/datasets",
        "/api/v1/scores",
        "/api/v1/alerts",
        "/api/v1/datasets/detector/profile",
        "/api/v1/datasets/detector/checks",
        "/api/v1/datasets/detector/series",
        "/api/v1/contracts/detector",
    ],
)
def test_a_list_downloads_as_csv(api: Api, path: str) -> None:
    answer = api.get(path, format="csv")
    assert answer.headers["content-type"].startswith("text/csv")
    assert "attachment" in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert rows
    assert not any(cell.startswith("=") for row in rows for cell in row.values())


def test_an_alert_has_its_rows_and_the_segments_that_explain_it(api: Api) -> None:
    alerts = api.get("/api/v1/alerts", q="stddev of value").json()["alerts"]
    assert alerts
    rows = api.get(f"/api/v1/alerts/{alerts[0]['alert_id']}/rows").json()
    assert rows["column"] == "value"
    assert len(rows["rows"]) == 50
    changes = api.get(f"/api/v1/alerts/{alerts[0]['alert_id']}/segments").json()
    assert [change["column"] for change in changes] == ["sensor"]
    assert sum(part["share"] for part in changes[0]["parts"]) <= 1.01


def test_actions_need_a_reason_follow_the_lifecycle_and_are_audited(api: Api) -> None:
    alert = api.get("/api/v1/alerts", status="open").json()["alerts"][0]["alert_id"]
    path = f"/api/v1/alerts/{alert}"
    assert api.client.post(f"{path}/mute", json={"hours": 2}).status_code == 409
    muted = api.client.post(f"{path}/mute", json={"hours": 2, "reason": "planned"}).json()
    assert muted["status"] == "muted"
    labelled = api.client.post(f"{path}/label", json={"kind": "expected", "reason": "new sensor"}).json()
    assert labelled["status"] == "muted"
    resolved = api.client.post(f"{path}/resolve", json={"reason": "done"}).json()
    assert [event["event"] for event in resolved["events"]][-2:] == ["muted", "resolved"]
    late = api.client.post(f"{path}/acknowledge", json={})
    assert late.status_code == 409
    assert "is resolved" in late.json()["detail"]
    said = api.store.rows("SELECT action, reason FROM monitoring.audit WHERE target = ?", [alert])
    assert {row["action"] for row in said} >= {"alert.muted", "alert.labelled", "alert.resolved"}


def test_a_backtest_answers_and_its_setting_is_stored(api: Api) -> None:
    series = {"dataset": "detector", "column": "value", "metric": "mean"}
    settings = [
        {"method": "robust", "unit": "points", "amount": 100},
        {"method": "zscore", "unit": "z", "amount": 3},
    ]
    answer = api.client.post("/api/v1/backtests", json={"series": series, "settings": settings}).json()
    assert answer["today"] == {"method": "robust", "unit": "points", "amount": 30000.0}
    assert [replay["alerts"] > 0 for replay in answer["replays"]] == [True, True]
    applied = api.client.put("/api/v1/backtests/setting", json={"series": series, "setting": settings[0]})
    assert applied.status_code == 200
    answer = api.client.post("/api/v1/backtests", json={"series": series, "settings": settings[:1]}).json()
    assert answer["today"]["amount"] == pytest.approx(100)
    refused = api.client.put("/api/v1/backtests/setting", json={"series": series, "setting": settings[1]})
    assert refused.status_code == 409
    assert "another method" in refused.json()["detail"]


def test_contracts_system_and_changes_answer(api: Api) -> None:
    sheet = api.get("/api/v1/contracts/detector").json()
    assert {each["state"] for each in sheet["statements"]} == {"enforced", "carried"}
    drift = {fit["column"]: fit["state"] for fit in api.get("/api/v1/contracts/detector/drift").json()}
    assert drift["ch1"] == "missing"
    assert drift["channel_1"] == "not stated"
    report = api.client.post("/api/v1/contracts/detector/mutations").json()
    assert 0 < report["score"] <= 1
    system = api.get("/api/v1/system").json()
    assert system["ingest"]["runs"] > 60
    assert system["dagster"]["reachable"] is False
    assert {change["kind"] for change in api.get("/api/v1/changes").json()} >= {"opened", "runs"}
