"""What the dashboard says while its store does not answer."""

import threading
import time
from collections.abc import Iterator

import httpx
import pytest
import uvicorn

from dash_app.app import create_app
from dqm_assets.settings import Settings
from dqm_assets.store import open_store


@pytest.fixture
def lost(settings: Settings) -> Iterator[httpx.Client]:
    """A client of a server whose store is gone."""
    store = open_store(settings)
    server = uvicorn.Server(uvicorn.Config(create_app(store, settings), port=0, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.02)
    store.close()
    port = server.servers[0].sockets[0].getsockname()[1]
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
        yield client
    server.should_exit = True
    thread.join(20)


def test_health_is_503_and_says_why(lost: httpx.Client) -> None:
    answer = lost.get("/health")
    assert answer.status_code == 503
    assert answer.json()["status"] == "unreachable"
    assert answer.json()["detail"]


def test_data_routes_are_503_json_and_the_frame_still_loads(lost: httpx.Client) -> None:
    answer = lost.get("/metrics/latest")
    assert answer.status_code == 503
    assert answer.json()["detail"]
    assert lost.get("/dashboard").status_code == 200


def test_prometheus_says_that_the_store_is_down_rather_than_fail(lost: httpx.Client) -> None:
    answer = lost.get("/metrics")
    assert answer.status_code == 200
    assert "dqm_store_up 0.0" in answer.text
    assert "dqm_runs{" not in answer.text
