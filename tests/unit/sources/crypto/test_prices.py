"""From answers to rows: exact, normalised, and a bad coin never takes the others with it."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import httpx
import pytest

from dqm_assets.errors import SourceError
from dqm_assets.quality.contracts import Contract, load_contracts
from dqm_assets.sources.crypto.prices import Rate, read_rate
from dqm_assets.sources.crypto.snapshot import Answers, Snapshot, rate_of, transform
from dqm_assets.sources.http import Reply

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
LIMIT = timedelta(minutes=30)
RATE = Rate(Decimal("95.1"), NOW)


@pytest.fixture(scope="module")
def contract() -> Contract:
    """The shipped contract of the provider's answer."""
    path = Path(__file__).parents[4] / "contracts" / "crypto.odcs.yaml"
    return next(one for one in load_contracts(path) if one.dataset == "coins_markets")


def reply(document: Any, **headers: str) -> Reply:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    data = json.loads(body, parse_float=Decimal)
    return Reply(200, body, httpx.Headers(headers), data, NOW, 1)


def coin(**changes: Any) -> dict[str, Any]:
    return {
        "id": "bitcoin",
        "symbol": "btc",
        "name": "Bitcoin",
        "current_price": 77671.5,
        "market_cap": 1555886872303,
        "market_cap_rank": 1,
        "total_volume": 33235034316,
        "high_24h": 78419,
        "low_24h": 76696,
        "price_change_percentage_24h": -0.95302,
        "last_updated": "2026-05-04T11:59:21.599Z",
        **changes,
    }


def made(contract: Contract, document: Any, rate: Rate | None = RATE) -> Snapshot:
    return transform(Answers(reply(document), None), rate, contract, "crypto_prices", LIMIT)


def test_rupees_are_dollars_times_the_rate_to_the_last_digit(contract: Contract) -> None:
    body = json.dumps([coin()]).replace("77671.5", "0.000000123456789012").encode()
    rate = Rate(Decimal("95.697678913239133733"), NOW)

    price = made(contract, body, rate).prices[0]

    assert price.price_usd == Decimal("0.000000123456789012")
    exact = Fraction("0.000000123456789012") * Fraction("95.697678913239133733")
    assert price.price_inr == Decimal(round(exact * 10**18)).scaleb(-18)
    assert (price.inr_rate, price.inr_rate_ts, price.inr_rate_stale) == (rate.inr_per_usd, NOW, False)


def test_names_are_normalised(contract: Contract) -> None:
    price = made(contract, [coin(id=" Bitcoin ", symbol="ｂｔｃ", name="  Bit \u00a0coin\t")]).prices[0]

    assert (price.coin_id, price.symbol, price.name) == ("bitcoin", "BTC", "Bit coin")


@pytest.mark.parametrize(
    ("changes", "column", "code"),
    [
        ({"current_price": -1.0}, "current_price", "current_price__exclusiveMinimum"),
        ({"current_price": 0}, "current_price", "current_price__exclusiveMinimum"),
        ({"current_price": None}, "current_price", "current_price__required"),
        ({"current_price": "12.5"}, "current_price", "wrong_type"),
        ({"current_price": True}, "current_price", "wrong_type"),
        ({"current_price": 10**30}, "current_price", "out_of_range"),
        ({"total_volume": -5}, "total_volume", "total_volume__minimum"),
        ({"id": None}, "id", "id__required"),
        ({"id": "  "}, "id", "id__minLength"),
        ({"symbol": 7}, "symbol", "wrong_type"),
        ({"last_updated": "yesterday"}, "last_updated", "wrong_type"),
        ({"last_updated": "0001-01-01T00:00:00+05:00"}, "last_updated", "wrong_type"),
        ({"last_updated": None}, "last_updated", "last_updated__required"),
        ({"last_updated": "1999-01-01T00:00:00Z"}, "last_updated", "last_updated__minimum"),
        ({"id": "ethereum"}, "id", "id__unique"),
    ],
)
def test_a_bad_coin_is_kept_out_and_the_others_stay(
    contract: Contract, changes: dict[str, Any], column: str, code: str
) -> None:
    snapshot = made(contract, [coin(id="ethereum"), coin(**changes), coin(id="solana")])

    assert [price.coin_id for price in snapshot.prices] == ["ethereum", "solana"]
    (row,) = snapshot.quarantine
    assert (row.line, row.column_name, row.code, row.dataset) == (2, column, code, "crypto_prices")
    assert row.reason
    assert json.loads(row.raw_text)["name"] == "Bitcoin"


def test_something_that_is_no_coin_is_kept_out_too(contract: Contract) -> None:
    snapshot = made(contract, [coin(), "bitcoin", None, []])

    assert len(snapshot.prices) == 1
    assert [row.line for row in snapshot.quarantine] == [2, 3, 4]


def test_a_coin_that_lacks_what_a_row_needs_is_kept_out_whatever_its_contract_says(tmp_path: Path) -> None:
    path = tmp_path / "loose.odcs.yaml"
    path.write_text(
        "apiVersion: v3.2.0\nkind: DataContract\nid: loose\nversion: 1.0.0\nstatus: active\n"
        "schema: [{name: coins_markets, properties: [{name: id, logicalType: string}]}]\n"
    )

    snapshot = made(load_contracts(path)[0], [coin(), coin(id="x", market_cap=None)])

    assert [price.coin_id for price in snapshot.prices] == ["bitcoin"]
    assert [(row.column_name, row.code) for row in snapshot.quarantine] == [("market_cap", "missing")]


@pytest.mark.parametrize("document", [{}, {"error": "x"}, []])
def test_an_answer_without_any_coin_is_an_error(contract: Contract, document: Any) -> None:
    with pytest.raises(SourceError, match="no list of coins"):
        made(contract, document)


@pytest.mark.parametrize(
    ("age", "carried", "stale"),
    [
        (timedelta(minutes=29), False, False),
        (timedelta(minutes=32), False, True),
        (timedelta(minutes=5), True, True),
    ],
)
def test_a_row_says_when_its_rate_is_stale(
    contract: Contract, age: timedelta, carried: bool, stale: bool
) -> None:
    rate = Rate(Decimal(95), NOW - age, carried)

    assert made(contract, [coin()], rate).prices[0].inr_rate_stale is stale


def test_without_any_rate_there_are_no_rupees_and_the_row_says_so(contract: Contract) -> None:
    price = made(contract, [coin()], None).prices[0]

    assert (price.price_inr, price.inr_rate, price.inr_rate_ts, price.inr_rate_stale) == (
        None,
        None,
        None,
        True,
    )


def rates(**values: Any) -> Reply:
    entries = {
        code: {"name": code, "unit": code, "value": value, "type": "fiat"} for code, value in values.items()
    }
    return reply({"rates": entries}, **{"last-modified": "Mon, 04 May 2026 11:50:00 GMT"})


def test_the_rate_is_of_the_time_that_the_answer_says() -> None:
    rate = read_rate(rates(usd=50000.0, inr=4750000.0))

    assert rate == Rate(Decimal("95"), datetime(2026, 5, 4, 11, 50, tzinfo=UTC))


@pytest.mark.parametrize(
    "broken",
    [rates(usd=50000.0), rates(usd=0, inr=1), rates(usd=1, inr="1"), reply([]), reply({"rates": None})],
)
def test_a_rate_that_cannot_be_used_is_replaced_by_the_last_one_and_that_is_said(broken: Reply) -> None:
    answers = Answers(reply([coin()]), broken)

    rate, problem = rate_of(answers, RATE)
    assert rate == Rate(RATE.inr_per_usd, RATE.ts, carried=True)
    assert "used again" in problem
    none, problem = rate_of(answers, None)
    assert none is None
    assert "no rupees" in problem


def test_the_same_answers_give_the_same_snapshot_named_after_the_newest_price(contract: Contract) -> None:
    document = [coin(), coin(id="ethereum", last_updated="2026-05-04T11:59:59Z")]

    assert made(contract, document) == made(contract, document)
    assert made(contract, document).batch == "20260504T115959Z"
