"""The crypto provider's two endpoints over a simulated market, with faults on request."""

import asyncio
import json
import random
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, HTTPException, Query, Response
from fastapi.responses import StreamingResponse

from dqm_assets.simulate.market import Market, Quote
from dqm_assets.sources.simulated import CLOCK_HEADER, SIMULATED_HEADER

#: Asks for one of `Fault`, for tests and drills.
FAULT_HEADER = "x-dqm-fault"
_SLOW_SECONDS = 30.0
_OLD = timedelta(hours=6)

Order = Literal["market_cap_asc", "market_cap_desc", "volume_asc", "volume_desc", "id_asc", "id_desc"]
Period = Literal["1h", "24h", "7d"]
_HOURS: dict[str, int] = {"1h": 1, "24h": 24, "7d": 168}


class Fault(StrEnum):
    """What can go wrong with an answer."""

    SERVER_ERROR = "server_error"
    RATE_LIMITED = "rate_limited"
    SLOW = "slow"
    TRUNCATED = "truncated"
    NOT_JSON = "not_json"
    #: One coin's price is negative, another's is text, a third has none.
    BAD_COINS = "bad_coins"
    #: The rates come without the rupee.
    NO_RUPEE = "no_rupee"
    #: The answer is hours old.
    OLD = "old"


_CURRENCIES: dict[str, dict[str, str]] = {
    "btc": {"name": "Bitcoin", "unit": "BTC", "type": "crypto"},
    "eth": {"name": "Ether", "unit": "ETH", "type": "crypto"},
    "usd": {"name": "US Dollar", "unit": "$", "type": "fiat"},
    "inr": {"name": "Indian Rupee", "unit": "₹", "type": "fiat"},
    "eur": {"name": "Euro", "unit": "€", "type": "fiat"},
}

#: Faults that another attempt mends.
PASSING = (Fault.SERVER_ERROR, Fault.RATE_LIMITED, Fault.TRUNCATED, Fault.NOT_JSON)


@dataclass
class CryptoFaults:
    """Which answers are spoiled, beside those whose request asks for it.

    Args:
        rate: Share of answers that get one of ``kinds``.
        seed: Same seed, same faults in the order of the requests.
    """

    rate: float = 0.0
    kinds: tuple[Fault, ...] = PASSING
    seed: int = 7
    _random: random.Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def draw(self) -> Fault | None:
        """The next answer's fault, if it has one."""
        return self._random.choice(self.kinds) if self._random.random() < self.rate else None


def crypto_router(
    market: Market | None = None,
    faults: CryptoFaults | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> APIRouter:
    """Make ``/api/v3/coins/markets`` and ``/api/v3/exchange_rates`` as the provider describes them.

    Args:
        market: The market; without, the one of the default seed.
        faults: Faults at random.
        now: The time of requests that name none.
    """
    router = APIRouter(prefix="/api/v3", tags=["crypto"])
    shown, spoiled = market or Market(), faults or CryptoFaults()

    @router.get("/coins/markets", summary="Coins list with market data")
    async def coins_markets(
        *,
        vs_currency: Annotated[str, Query(description="Currency of the money in the answer.")],
        ids: str | None = None,
        order: Order = "market_cap_desc",
        per_page: Annotated[int, Query(ge=1, le=250)] = 100,
        page: Annotated[int, Query(ge=1)] = 1,
        sparkline: bool = False,
        price_change_percentage: str | None = None,
        precision: str | None = None,
        clock: Annotated[datetime | None, Header(alias=CLOCK_HEADER)] = None,
        fault: Annotated[Fault | None, Header(alias=FAULT_HEADER)] = None,
    ) -> Response:
        fault = fault or spoiled.draw()
        at = _moment(clock, now, fault)
        listing = _Listing(shown, at, vs_currency, sparkline, _periods(price_change_percentage), precision)
        coins = await asyncio.to_thread(listing.coins, ids, order)
        part = coins[(page - 1) * per_page : page * per_page]
        return await _answer(part, at, fault)

    @router.get("/exchange_rates", summary="BTC-to-currency exchange rates")
    async def exchange_rates(
        *,
        clock: Annotated[datetime | None, Header(alias=CLOCK_HEADER)] = None,
        fault: Annotated[Fault | None, Header(alias=FAULT_HEADER)] = None,
    ) -> Response:
        fault = fault or spoiled.draw()
        at = _moment(clock, now, fault)
        rates = {
            code: {**_CURRENCIES[code], "value": round(value, 3)} for code, value in shown.rates(at).items()
        }
        return await _answer({"rates": rates}, at, fault)

    return router


@dataclass(frozen=True)
class _Listing:
    """One request for the coins: of which moment, in which currency, with what beside the prices."""

    market: Market
    at: datetime
    currency: str
    sparkline: bool
    periods: tuple[str, ...]
    precision: str | None

    def coins(self, ids: str | None, order: Order) -> list[dict[str, Any]]:
        wanted = set(ids.split(",")) if ids else None
        rates = self.market.rates(self.at)
        if self.currency not in rates:
            raise HTTPException(422, f"invalid vs_currency {self.currency!r}; use one of {', '.join(rates)}")
        factor = rates[self.currency] / rates["usd"]
        quotes = [self.market.quote(place, self.at) for place in range(len(self.market.coins))]
        ranked = sorted(quotes, key=lambda quote: -quote.market_cap)
        listed = [
            self._coin(quote, rank, factor)
            for rank, quote in enumerate(ranked, 1)
            if wanted is None or quote.coin.coin_id in wanted
        ]
        by, _, way = order.rpartition("_")
        name = {"market_cap": "market_cap", "volume": "total_volume", "id": "id"}[by]
        return sorted(listed, key=lambda coin: coin[name], reverse=way == "desc")

    def _coin(self, quote: Quote, rank: int, factor: float) -> dict[str, Any]:
        coin = quote.coin
        price, cap = self._money(quote.price * factor), round(quote.market_cap * factor)
        day = quote.change(24)
        before = 1 + day / 100
        high, low = max(quote.highest, quote.high_24h), min(quote.lowest, quote.low_24h)
        listed = {
            "id": coin.coin_id,
            "symbol": coin.symbol,
            "name": coin.name,
            "image": f"https://simulator.invalid/coins/{coin.coin_id}.png",
            "current_price": price,
            "market_cap": cap,
            "market_cap_rank": rank,
            "fully_diluted_valuation": cap,
            "total_volume": round(quote.volume_24h * factor),
            "high_24h": self._money(quote.high_24h * factor),
            "low_24h": self._money(quote.low_24h * factor),
            "price_change_24h": (quote.price - quote.price / before) * factor,
            "price_change_percentage_24h": round(day, 5),
            "market_cap_change_24h": (quote.market_cap - quote.market_cap / before) * factor,
            "market_cap_change_percentage_24h": round(day, 5),
            "circulating_supply": coin.supply,
            "total_supply": coin.supply,
            "max_supply": None,
            "ath": self._money(high * factor),
            "ath_change_percentage": round(100 * (quote.price / high - 1), 5),
            "ath_date": _iso(quote.highest_at),
            "atl": self._money(low * factor),
            "atl_change_percentage": round(100 * (quote.price / low - 1), 5),
            "atl_date": _iso(quote.lowest_at),
            "roi": None,
            "last_updated": _iso(quote.at),
        }
        if self.sparkline:
            listed["sparkline_in_7d"] = {"price": [hour * factor for hour in quote.week]}
        for period in self.periods:
            listed[f"price_change_percentage_{period}_in_currency"] = quote.change(_HOURS[period])
        return listed

    def _money(self, amount: float) -> float:
        if self.precision == "full":
            return amount
        if self.precision is not None:
            return round(amount, int(self.precision))
        return round(amount, 2) if amount >= 1 else float(f"{amount:.6g}")


def _periods(asked: str | None) -> tuple[str, ...]:
    periods = tuple(filter(None, (asked or "").split(",")))
    unknown = [period for period in periods if period not in _HOURS]
    if unknown:
        raise HTTPException(
            422, f"the simulator knows no change over {unknown[0]!r}; use {', '.join(_HOURS)}"
        )
    return periods


def _moment(clock: datetime | None, now: Callable[[], datetime], fault: Fault | None) -> datetime:
    at = now() if clock is None else clock
    at = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    return at - _OLD if fault is Fault.OLD else at


def _iso(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


async def _answer(document: Any, at: datetime, fault: Fault | None) -> Response:
    headers = {SIMULATED_HEADER: "true", "last-modified": format_datetime(at, usegmt=True)}
    match fault:
        case Fault.SERVER_ERROR:
            return Response('{"error": "simulated fault"}', 500, headers, "application/json")
        case Fault.RATE_LIMITED:
            body = {"status": {"error_code": 429, "error_message": "simulated rate limit"}}
            return Response(json.dumps(body), 429, {**headers, "retry-after": "1"}, "application/json")
        case Fault.SLOW:
            await asyncio.sleep(_SLOW_SECONDS)
        case Fault.TRUNCATED:
            return _truncated(json.dumps(document).encode(), headers)
        case Fault.NOT_JSON:
            return Response("<html>simulated maintenance</html>", 200, headers, "text/html")
        case Fault.BAD_COINS:
            document = _with_bad_coins(document)
        case Fault.NO_RUPEE if isinstance(document, dict):
            document["rates"].pop("inr")
    return Response(json.dumps(document), 200, headers, "application/json")


def _with_bad_coins(document: Any) -> Any:
    """Spoil the first three coins of a list of them, each in a way of its own."""
    if isinstance(document, list):
        for coin, price in zip(document, (-1.0, "n/a", None), strict=False):
            coin["current_price"] = price
    return document


def _truncated(body: bytes, headers: dict[str, str]) -> StreamingResponse:
    """Promise a whole body and break off in the middle of it."""

    async def half() -> AsyncGenerator[bytes]:
        yield body[: len(body) // 2]
        raise ConnectionResetError("simulated fault: the answer breaks off")

    promised = {**headers, "content-length": str(len(body))}
    return StreamingResponse(half(), 200, promised, "application/json")
