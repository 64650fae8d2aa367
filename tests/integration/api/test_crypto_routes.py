"""The crypto routes over HTTP: exact money, ranges, attempts."""

from decimal import Decimal

import pytest
from fastapi import FastAPI

from dqm_assets.errors import SourceError
from dqm_assets.settings import Settings
from dqm_assets.simulate.crypto_api import crypto_router
from dqm_assets.simulate.serving import serving
from tests.integration.api.conftest import Api
from tests.integration.crypto.conftest import collect_from


@pytest.fixture(scope="module")
def filled(api: Api) -> Api:
    """The server's store with four hours of prices, more than learning takes, and a failed attempt."""
    app = FastAPI()
    app.include_router(crypto_router())
    settings = Settings(home=api.store.settings.home)
    with serving(app) as url:
        collect_from(api.store, settings, f"{url}/api/v3", range(0, 240, 5))
    with pytest.raises(SourceError):
        collect_from(api.store, settings, "http://127.0.0.1:9", [240])
    return api


def test_prices_are_written_exactly(filled: Api) -> None:
    prices = filled.get("/api/v1/crypto/prices").json()
    stored = filled.store.rows(
        "SELECT price_inr FROM raw.crypto_prices WHERE coin_id = 'bitcoin' ORDER BY provider_ts DESC LIMIT 1"
    )

    assert len(prices) == 10
    assert prices[0]["coin_id"] == "bitcoin"
    assert Decimal(prices[0]["price_inr"]) == stored[0]["price_inr"]
    assert all(price["simulated"] for price in prices)


def test_a_coin_has_its_history_with_the_ranges_it_was_judged_against(filled: Api) -> None:
    moments = filled.get("/api/v1/crypto/prices/ethereum", hours=6).json()

    assert len(moments) == 48
    assert [moment["ts"] for moment in moments] == sorted(moment["ts"] for moment in moments)
    assert moments[0]["price"]["verdict"] == ""  # there is no change yet
    judged = [moment["price"] for moment in moments if moment["price"]["lower"] is not None]
    assert len(judged) > 5
    assert all(price["lower"] < price["expected"] < price["upper"] for price in judged)
    assert all(price["lower"] <= price["value"] <= price["upper"] for price in judged)
    assert len(filled.get("/api/v1/crypto/prices/ethereum", hours=1).json()) < 48


def test_the_status_says_how_the_last_attempt_ended(filled: Api) -> None:
    status = filled.get("/api/v1/crypto/status").json()

    assert (status["status"], status["stage"], status["simulated"]) == ("FAILED", "extract", True)
    assert "cannot be reached" in status["reason"]
    assert status["last_success"] < status["last_attempt"]
    assert [attempt["status"] for attempt in status["attempts"]] == ["FAILED", "SUCCESS"]
    assert status["attempts"][1]["stored"] == 480


def test_a_coin_that_is_not_there_is_not_found(filled: Api) -> None:
    assert "no coin 'gold'" in filled.get("/api/v1/crypto/prices/gold", expect=404).json()["detail"]
    filled.get("/api/v1/crypto/prices/gold", expect=422, hours=0)
