"""The client against the provider's own API description: whatever it uses exists there, with that type."""

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from dqm_assets.settings import Settings
from dqm_assets.sources.crypto.client import KEY_HEADER, MARKETS, PUBLIC_URL, RATES, CryptoClient
from dqm_assets.sources.crypto.prices import read_coins, read_rate
from dqm_assets.sources.http import Fetcher
from tests.unit.sources.conftest import Scripted, reply

#: Fields of a coin that the client reads, and the type that each must have there.
USED = {
    "id": "string",
    "symbol": "string",
    "name": "string",
    "current_price": "number",
    "market_cap": "number",
    "market_cap_rank": "integer",
    "total_volume": "number",
    "high_24h": "number",
    "low_24h": "number",
    "price_change_percentage_24h": "number",
    "last_updated": "string",
}


@pytest.fixture(scope="module")
def description(shared_data: Callable[[str], Path]) -> dict[str, Any]:
    return json.loads(shared_data("coingecko/demo-api.json").read_text(), parse_float=Decimal)


class Recorded(dict):
    """A coin that remembers which of its fields were read."""

    def __init__(self, coin: dict[str, Any]) -> None:
        super().__init__(coin)
        self.read: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        self.read.add(name)
        return super().get(name, default)

    def __getitem__(self, name: str) -> Any:
        self.read.add(name)
        return super().__getitem__(name)


def example(description: dict[str, Any], path: str) -> Any:
    return description["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["example"]


def answer(scripted: Scripted, document: Any) -> Any:
    scripted.answers = [reply(200, json.dumps(document, default=float).encode())]
    with Fetcher(scripted.url, parse_float=Decimal) as api:
        return api.get_json("/")


def test_the_paths_and_the_public_address_are_the_described_ones(description: dict[str, Any]) -> None:
    assert {MARKETS, RATES} <= set(description["paths"])
    assert PUBLIC_URL in [server["url"] for server in description["servers"]]


def test_every_parameter_that_is_sent_is_described_and_its_value_allowed(
    description: dict[str, Any], scripted: Scripted
) -> None:
    scripted.answers = [reply(200, b"[]")]
    with CryptoClient(Fetcher(scripted.url), top=250) as client:
        client.markets()
        client.rates()
    known = {one["name"]: one["schema"] for one in description["paths"][MARKETS]["get"]["parameters"]}
    markets, rates = (parse_qs(urlsplit(path).query) for path in scripted.asked)

    assert rates == {}
    assert set(markets) == {"vs_currency", "order", "per_page", "page", "precision"}
    for name, (value,) in markets.items():
        schema = known[name]
        assert value in schema.get("enum", [value]), name
        assert schema["type"] != "integer" or value.isdecimal(), name
    required = {
        one["name"] for one in description["paths"][MARKETS]["get"]["parameters"] if one.get("required")
    }
    assert required <= set(markets)


def test_the_key_goes_into_the_described_header_and_nowhere_else(
    description: dict[str, Any], scripted: Scripted, tmp_path: Path
) -> None:
    scheme = description["components"]["securitySchemes"]["headerAuth"]
    assert (scheme["in"], scheme["name"].lower()) == ("header", KEY_HEADER)
    settings = Settings(home=tmp_path, crypto_url=scripted.url, crypto_api_key="secret-key")  # type: ignore[arg-type]
    scripted.answers = [reply(200, b"[]")]

    with CryptoClient.of(settings) as client:
        client.markets()

    assert scripted.headers[0][KEY_HEADER] == "secret-key"
    assert "secret-key" not in scripted.asked[0]
    assert "secret-key" not in repr(settings)
    assert all("secret-key" not in path.read_text() for path in tmp_path.rglob("*") if path.is_file())


def test_every_field_that_is_read_is_described_with_the_type_that_it_is_read_as(
    description: dict[str, Any], scripted: Scripted
) -> None:
    coin = Recorded(example(description, MARKETS)[0])
    found = answer(scripted, [{}])
    _, rejected = read_coins(replace(found, data=[coin]))
    properties = description["components"]["schemas"]["CoinsMarkets"]["items"]["properties"]

    assert rejected == []
    assert coin.read == set(USED)
    assert {name: properties[name]["type"] for name in coin.read} == USED
    assert properties["last_updated"]["format"] == "date-time"


def test_the_described_example_is_read_whole(description: dict[str, Any], scripted: Scripted) -> None:
    coins, rejected = read_coins(answer(scripted, example(description, MARKETS)))
    rate = read_rate(answer(scripted, example(description, RATES)))

    assert rejected == []
    assert (coins[0].id, coins[0].symbol, coins[0].current_price) == ("bitcoin", "BTC", Decimal(77671))
    assert rate.inr_per_usd == pytest.approx(Decimal("7255573.761") / Decimal("75817.765"))


def test_the_rates_that_are_read_are_described(description: dict[str, Any]) -> None:
    entry = description["components"]["schemas"]["ExchangeRates"]["properties"]["rates"][
        "additionalProperties"
    ]

    assert entry["properties"]["value"]["type"] == "number"
    assert "value" in entry["required"]
    assert {"inr", "usd"} <= set(example(description, RATES)["rates"])


def test_a_coin_may_lack_whatever_the_description_lets_be_null(
    description: dict[str, Any], scripted: Scripted
) -> None:
    properties = description["components"]["schemas"]["CoinsMarkets"]["items"]["properties"]
    coin = dict(example(description, MARKETS)[0])
    for name in USED:
        if properties[name].get("nullable"):
            coin[name] = None

    coins, rejected = read_coins(answer(scripted, [coin]))

    assert rejected == []
    assert coins[0].current_price is None
