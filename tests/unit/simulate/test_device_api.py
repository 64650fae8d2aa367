"""The simulated device API: requests are validated, and each fault is what it says."""

import json

import httpx
import pytest
from fastapi.testclient import TestClient

from dqm_assets.simulate.device_api import DeviceSimulation
from dqm_assets.simulate.fleet_faults import FaultPlan
from dqm_assets.simulate.server import create_simulator

NOW = "2026-01-05T15:00:00Z"


@pytest.fixture(scope="module")
def client() -> TestClient:
    return TestClient(
        create_simulator(DeviceSimulation(500, faults=FaultPlan(hang_seconds=0, slow_seconds=0)))
    )


def ask(client: TestClient, fault: str = "none", **changes: object) -> httpx.Response:
    return client.post("/segment-stats", json={"current_time": NOW} | changes, headers={"x-dqm-fault": fault})


def test_every_segment_is_answered_with_counts_and_up_to_three_dimensions(client: TestClient) -> None:
    document = ask(client).json()
    segments = {row["segment"] for row in document["segments"]}
    assert segments >= {"State", "Type", "Supplier", "OS", "Model", "Type and OS and OS_version"}
    row = next(row for row in document["segments"] if row["segment"] == "Type and OS and OS_version")
    assert [row[f"dim{place}_name"] for place in (1, 2, 3)] == ["Type", "OS", "OS_version"]
    assert document["simulated"] is True
    types = sum(row["count"] for row in document["segments"] if row["segment"] == "Type")
    states = sum(row["count"] for row in document["segments"] if row["segment"] == "State")
    assert 400 < types == states <= 500


def test_the_same_request_is_answered_the_same(client: TestClient) -> None:
    assert ask(client).content == ask(client).content


@pytest.mark.parametrize(
    "changes",
    [
        {"current_time": "2026-01-05T15:00:00"},
        {"window_minutes": 0},
        {"window_minutes": 1441},
        {"frequency_minutes": 10, "window_minutes": 5},
        {"update_probability": 1.1},
        {"unknown": 1},
    ],
)
def test_a_wrong_request_is_refused(client: TestClient, changes: dict) -> None:
    assert ask(client, **changes).status_code == 422


def test_an_unknown_fault_or_outage_is_refused_by_name(client: TestClient) -> None:
    assert "error, timeout" in ask(client, "fire").json()["detail"]
    answer = client.post("/segment-stats", json={"current_time": NOW}, headers={"x-dqm-outage": "Moon=1"})
    assert answer.status_code == 422


def test_each_fault_is_what_it_says(client: TestClient) -> None:
    right = ask(client)
    assert ask(client, "error").status_code == 500
    with pytest.raises(json.JSONDecodeError):
        ask(client, "truncated").json()
    assert ask(client, "wrong_json").json()["segments"][0]["count"] == "many"
    assert len(ask(client, "duplicate").json()["segments"]) == 2 * len(right.json()["segments"])
    assert ask(client, "late").json()["current_time"] == "2026-01-05T14:50:00Z"
    assert ask(client, "slow").content == ask(client, "timeout").content == right.content


def test_an_outage_by_header_empties_its_segment_for_one_request(client: TestClient) -> None:
    def boreal(headers: dict[str, str]) -> int:
        rows = client.post("/segment-stats", json={"current_time": NOW}, headers=headers).json()["segments"]
        return next(r["count"] for r in rows if r["segment"] == "Supplier" and r["dim1_value"] == "Boreal")

    assert boreal({"x-dqm-outage": "Supplier=Boreal"}) == 0
    assert boreal({}) > 0


def test_random_faults_come_at_their_rate() -> None:
    plan = FaultPlan(rate=0.5, hang_seconds=0, slow_seconds=0)
    flaky = TestClient(create_simulator(DeviceSimulation(50, faults=plan)))
    right = flaky.post("/segment-stats", json={"current_time": NOW}, headers={"x-dqm-fault": "none"}).content
    answers = [flaky.post("/segment-stats", json={"current_time": NOW}) for _ in range(200)]
    # Two of the seven faults, slow and timeout, give the right answer in the end.
    wrong = sum(answer.content != right for answer in answers)
    assert 40 <= wrong <= 105


def test_the_inventory_is_a_csv_of_all_devices(client: TestClient) -> None:
    lines = client.get("/devices.csv").text.splitlines()
    assert lines[0].startswith("device_code,acquisition_sequence,branch_id,state,has_error,machine_type")
    assert len(lines) == 501
