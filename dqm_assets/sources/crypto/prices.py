"""From the provider's answers to rows of prices: typed, normalised, exact, in two currencies."""

import json
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from typing import Any, TypeVar

from dqm_assets.errors import SourceError
from dqm_assets.sources.http import Reply

_T = TypeVar("_T")

_PRICE, _AMOUNT = Decimal("1e-18"), Decimal("1e-6")
#: Wide enough that no product of two prices is rounded before it is cut to the store's digits.
_EXACT = Context(prec=80, rounding=ROUND_HALF_EVEN)
#: Digits before the point that the store's columns have.
_LARGEST_PRICE, _LARGEST_AMOUNT = Decimal(10) ** 20, Decimal(10) ** 32


@dataclass(frozen=True)
class Rate:
    """Rupees per US dollar by the provider, and of when."""

    inr_per_usd: Decimal
    ts: datetime
    #: Whether it is an earlier one because there was none this time.
    carried: bool = False

    def stale(self, at: datetime, limit: timedelta) -> bool:
        """Whether a price of that time deserves a newer rate."""
        return self.carried or at - self.ts > limit


@dataclass(frozen=True)
class Price:
    """A line of ``raw.crypto_prices``."""

    coin_id: str
    provider_ts: datetime
    symbol: str
    name: str
    market_cap_rank: int | None
    price_usd: Decimal
    price_inr: Decimal | None
    inr_rate: Decimal | None
    inr_rate_ts: datetime | None
    inr_rate_stale: bool
    market_cap: Decimal
    total_volume: Decimal
    high_24h: Decimal | None
    low_24h: Decimal | None
    change_24h_percent: float | None
    simulated: bool
    batch: str
    fetched_at: datetime


@dataclass(frozen=True)
class Coin:
    """One coin of the provider's answer, typed as its API description says; money in US dollars."""

    #: Place in the answer, from 1.
    line: int
    id: str | None
    symbol: str | None
    name: str | None
    current_price: Decimal | None
    market_cap: Decimal | None
    market_cap_rank: int | None
    total_volume: Decimal | None
    high_24h: Decimal | None
    low_24h: Decimal | None
    price_change_percentage_24h: float | None
    last_updated: datetime | None


@dataclass(frozen=True)
class Terms:
    """What all prices of a snapshot have in common."""

    #: Without, there are no rupees, and the rows say that the rate is stale.
    rate: Rate | None
    #: Age from which a rate is stale.
    limit: timedelta
    simulated: bool
    batch: str
    received_at: datetime


@dataclass(frozen=True)
class Rejected:
    """A coin that is kept out, and why."""

    line: int
    column: str
    code: str
    reason: str


class _UnfitError(Exception):
    def __init__(self, column: str, code: str, reason: str) -> None:
        super().__init__(reason)
        self.column, self.code = column, code


def read_rate(reply: Reply) -> Rate:
    """Rupees per dollar from the provider's rates, which are all against one bitcoin.

    Raises:
        SourceError: the answer has no usable rate of the rupee or the dollar.
    """
    rates = reply.data.get("rates") if isinstance(reply.data, dict) else None
    values = {}
    for code in ("inr", "usd"):
        entry = rates.get(code) if isinstance(rates, dict) else None
        value = _number(entry.get("value")) if isinstance(entry, dict) else None
        if value is None or value <= 0:
            raise SourceError(f"The provider's exchange rates hold no usable {code.upper()}.", "no_rate")
        values[code] = value
    rate = _EXACT.divide(values["inr"], values["usd"])
    return Rate(rate.quantize(_PRICE, context=_EXACT), reply.generated_at)


def read_coins(reply: Reply) -> tuple[list[Coin], list[Rejected]]:
    """Type each coin of an answer; one that cannot be typed is kept out, the others stay.

    Raises:
        SourceError: the answer is no list of coins at all.
    """
    if not isinstance(reply.data, list) or not reply.data:
        raise SourceError("The provider's markets are no list of coins, or an empty one.", "no_coins")
    coins, rejected = [], []
    for line, item in enumerate(reply.data, 1):
        try:
            coins.append(_coin(line, item))
        except _UnfitError as error:
            rejected.append(Rejected(line, error.column, error.code, str(error)))
    return coins, rejected


def priced(coins: Sequence[Coin], terms: Terms) -> tuple[list[Price], list[Rejected]]:
    """Rows of the store for coins; one that lacks what a row needs is kept out, whatever its contract says.

    Args:
        coins: Coins that kept the contract.
        terms: What all of them have in common.
    """
    prices, rejected = [], []
    for coin in coins:
        try:
            prices.append(_price(coin, terms))
        except _UnfitError as error:
            rejected.append(Rejected(coin.line, error.column, error.code, str(error)))
    return prices, rejected


def raw_text(item: Any) -> str:
    """One coin as JSON, with the digits it was sent with."""
    return json.dumps(item, default=str, ensure_ascii=False)


def _price(coin: Coin, terms: Terms) -> Price:
    rate = terms.rate
    price, ts = _needed(coin.current_price, "current_price"), _needed(coin.last_updated, "last_updated")
    rupees = _EXACT.multiply(price, rate.inr_per_usd).quantize(_PRICE, context=_EXACT) if rate else None
    return Price(
        coin_id=_needed(coin.id, "id"),
        provider_ts=ts,
        symbol=_needed(coin.symbol, "symbol"),
        name=_needed(coin.name, "name"),
        market_cap_rank=coin.market_cap_rank,
        price_usd=price,
        price_inr=rupees,
        inr_rate=rate.inr_per_usd if rate else None,
        inr_rate_ts=rate.ts if rate else None,
        inr_rate_stale=rate is None or rate.stale(ts, terms.limit),
        market_cap=_needed(coin.market_cap, "market_cap"),
        total_volume=_needed(coin.total_volume, "total_volume"),
        high_24h=coin.high_24h,
        low_24h=coin.low_24h,
        change_24h_percent=coin.price_change_percentage_24h,
        simulated=terms.simulated,
        batch=terms.batch,
        fetched_at=terms.received_at,
    )


def _needed(value: _T | None, name: str) -> _T:
    if value is None:
        raise _UnfitError(name, "missing", f"{name} is missing")
    return value


def _coin(line: int, item: Any) -> Coin:
    if not isinstance(item, dict):
        raise _UnfitError("", "wrong_type", f"the coin is no object but {type(item).__name__}")
    symbol = _text(item, "symbol")
    rank = _money(item, "market_cap_rank", Decimal(1), _LARGEST_PRICE)
    change = _money(item, "price_change_percentage_24h", _PRICE, _LARGEST_PRICE)
    identifier = _text(item, "id")
    return Coin(
        line=line,
        id=identifier.lower() if identifier else identifier,
        symbol=symbol.upper() if symbol else symbol,
        name=_text(item, "name"),
        current_price=_money(item, "current_price", _PRICE, _LARGEST_PRICE),
        market_cap=_money(item, "market_cap", _AMOUNT, _LARGEST_AMOUNT),
        market_cap_rank=int(rank) if rank is not None else None,
        total_volume=_money(item, "total_volume", _AMOUNT, _LARGEST_AMOUNT),
        high_24h=_money(item, "high_24h", _PRICE, _LARGEST_PRICE),
        low_24h=_money(item, "low_24h", _PRICE, _LARGEST_PRICE),
        price_change_percentage_24h=float(change) if change is not None else None,
        last_updated=_time(item, "last_updated"),
    )


def _text(item: dict[str, Any], name: str) -> str | None:
    """Text in one form: compatibility characters folded (NFKC), white space single."""
    value = item.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise _UnfitError(name, "wrong_type", f"{name} is no text but {value!r}")
    return " ".join(unicodedata.normalize("NFKC", value).split())


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    return Decimal(value)


def _money(item: dict[str, Any], name: str, digits: Decimal, largest: Decimal) -> Decimal | None:
    if item.get(name) is None:
        return None
    value = _number(item[name])
    if value is None:
        raise _UnfitError(name, "wrong_type", f"{name} is no number but {item[name]!r}")
    if abs(value) >= largest:
        raise _UnfitError(name, "out_of_range", f"{name} is {value}, too large to be kept")
    try:
        return value.quantize(digits, context=_EXACT)
    except InvalidOperation:
        raise _UnfitError(name, "out_of_range", f"{name} is {value}, which cannot be kept") from None


def _time(item: dict[str, Any], name: str) -> datetime | None:
    value = item.get(name)
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (TypeError, ValueError, OverflowError):
        raise _UnfitError(name, "wrong_type", f"{name} is no time but {value!r}") from None
