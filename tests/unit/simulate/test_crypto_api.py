"""The simulator speaks as the provider's API description says, and fails as it is told to."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from openapi_schema_validator import OAS30Validator

from dqm_assets.simulate.crypto_api import CryptoFaults, Fault, crypto_router
from dqm_assets.simulate.serving import serving

AT = "2026-05-04T03:02:01+00:00"


@pytest.fixture(scope="module")
def description(shared_data: Callable[[str], Path]) -> dict[str, Any]:
    """The provider's API description."""
    return json.loads(shared_data("coingecko/demo-api.json").read_text())


@pytest.fixture(scope="module")
def api() -> Iterator[httpx.Client]:
    """A client of a running simulator."""
    app = FastAPI()
    app.include_router(crypto_router())
    with serving(app) as url, httpx.Client(base_url=f"{url}/api/v3", timeout=30) as client:
        yield client


def schema_of(description: dict[str, Any], path: str) -> OAS30Validator:
    answer = description["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    name = answer["$ref"].rpartition("/")[2]
    return OAS30Validator(description["components"]["schemas"][name])


@pytest.mark.parametrize(
    "query",
    [
        "vs_currency=usd",
        "vs_currency=inr&order=volume_asc&per_page=3&page=2&precision=full",
        "vs_currency=usd&ids=bitcoin,tether&sparkline=true&price_change_percentage=1h,7d&precision=2",
    ],
)
def test_markets_are_answered_as_described(
    api: httpx.Client, description: dict[str, Any], query: str
) -> None:
    answer = api.get(f"/coins/markets?{query}")

    assert answer.status_code == 200
    assert list(schema_of(description, "/coins/markets").iter_errors(answer.json())) == []
    assert len(answer.json()) > 1


def test_rates_are_answered_as_described(api: httpx.Client, description: dict[str, Any]) -> None:
    answer = api.get("/exchange_rates")

    assert list(schema_of(description, "/exchange_rates").iter_errors(answer.json())) == []
    assert set(answer.json()["rates"]) >= {"btc", "usd", "inr"}


def test_the_check_against_the_description_can_fail(api: httpx.Client, description: dict[str, Any]) -> None:
    coins = api.get("/coins/markets?vs_currency=usd&per_page=1").json()
    coins[0]["current_price"] = "12"
    del coins[0]["symbol"]

    assert len(list(schema_of(description, "/coins/markets").iter_errors(coins))) == 2


def test_its_parameters_are_those_of_the_description(description: dict[str, Any]) -> None:
    app = FastAPI()
    app.include_router(crypto_router())
    for path in ("/coins/markets", "/exchange_rates"):
        known = {one["name"]: one for one in description["paths"][path]["get"].get("parameters", [])}
        own = app.openapi()["paths"][f"/api/v3{path}"]["get"].get("parameters", [])
        for parameter in (one for one in own if one["in"] == "query"):
            assert parameter["name"] in known
            assert parameter["required"] == known[parameter["name"]]["required"]


def test_coins_are_ordered_and_paged(api: httpx.Client) -> None:
    whole = api.get("/coins/markets?vs_currency=usd").json()
    pages = [
        coin
        for page in (1, 2, 3)
        for coin in api.get(
            "/coins/markets", params={"vs_currency": "usd", "per_page": 5, "page": page}
        ).json()
    ]

    assert [coin["market_cap_rank"] for coin in whole] == list(range(1, len(whole) + 1))
    assert [coin["id"] for coin in pages] == [coin["id"] for coin in whole]


@pytest.mark.parametrize(
    "query", ["", "vs_currency=usd&per_page=251", "vs_currency=xyz", "vs_currency=usd&order=up"]
)
def test_a_wrong_question_is_refused(api: httpx.Client, query: str) -> None:
    assert api.get(f"/coins/markets?{query}").status_code == 422


def test_the_same_moment_is_always_the_same_answer_and_says_that_it_is_simulated(api: httpx.Client) -> None:
    one, other = (api.get("/coins/markets?vs_currency=usd", headers={"x-dqm-clock": AT}) for _ in range(2))

    assert one.content == other.content
    assert one.headers["x-dqm-simulated"] == "true"
    assert parsedate_to_datetime(one.headers["last-modified"]) == datetime.fromisoformat(AT)
    updated = [datetime.fromisoformat(coin["last_updated"]) for coin in one.json()]
    assert max(updated) <= datetime.fromisoformat(AT)


def spoiled(api: httpx.Client, fault: Fault, path: str = "/coins/markets?vs_currency=usd") -> httpx.Response:
    return api.get(path, headers={"x-dqm-fault": fault})


def test_faults_are_what_they_are_called(api: httpx.Client) -> None:
    assert spoiled(api, Fault.SERVER_ERROR).status_code == 500
    limited = spoiled(api, Fault.RATE_LIMITED)
    assert (limited.status_code, limited.headers["retry-after"]) == (429, "1")
    with pytest.raises(json.JSONDecodeError):
        spoiled(api, Fault.NOT_JSON).json()
    with pytest.raises(httpx.RemoteProtocolError):
        spoiled(api, Fault.TRUNCATED)
    assert [coin["current_price"] for coin in spoiled(api, Fault.BAD_COINS).json()[:3]] == [-1.0, "n/a", None]
    assert "inr" not in spoiled(api, Fault.NO_RUPEE, "/exchange_rates").json()["rates"]
    old = parsedate_to_datetime(spoiled(api, Fault.OLD).headers["last-modified"])
    assert (datetime.now(UTC) - old).total_seconds() > 5 * 3600


def test_faults_are_drawn_at_their_rate_and_repeat_with_their_seed() -> None:
    one, other = (CryptoFaults(0.3, seed=5) for _ in range(2))
    drawn = [one.draw() for _ in range(1000)]

    assert 250 < sum(fault is not None for fault in drawn) < 350
    assert drawn == [other.draw() for _ in range(1000)]
    assert CryptoFaults(0.0).draw() is None
