"""The contract of the provider's answer, kept coin by coin: a bad coin is kept out, the others stay."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

import pyarrow as pa

from dqm_assets.quality.contracts import Contract
from dqm_assets.sources.crypto.prices import Coin, Rejected

_SCHEMA = pa.schema(
    {
        "id": pa.string(),
        "symbol": pa.string(),
        "name": pa.string(),
        "current_price": pa.decimal128(38, 18),
        "market_cap": pa.decimal128(38, 6),
        "market_cap_rank": pa.int64(),
        "total_volume": pa.decimal128(38, 6),
        "high_24h": pa.decimal128(38, 18),
        "low_24h": pa.decimal128(38, 18),
        "price_change_percentage_24h": pa.float64(),
        "last_updated": pa.timestamp("us", "UTC"),
    }
)


def keep_contract(
    contract: Contract, coins: Sequence[Coin], now: datetime
) -> tuple[list[Coin], list[Rejected]]:
    """Part the coins into those that keep the contract and those that break a clause of severity error.

    The answer is judged as a whole; only when something fails is each coin judged by itself, and of coins
    that are there twice the first is kept.

    Args:
        contract: Of ``coins_markets``.
        coins: Typed coins.
        now: Time of judgement.
    """
    if not coins or _broken(contract, coins, now) is None:
        return list(coins), []
    kept: list[Coin] = []
    rejected: list[Rejected] = []
    for coin in coins:
        problem = _broken(contract, [coin], now)
        if problem is None and any(other.id == coin.id for other in kept):
            problem = ("id", "id__unique", "the coin is in the answer twice")
        if problem is None:
            kept.append(coin)
        else:
            column, code, reason = problem
            rejected.append(Rejected(coin.line, column, code, reason))
    return kept, rejected


def _broken(contract: Contract, coins: Sequence[Coin], now: datetime) -> tuple[str, str, str] | None:
    """Column, name and message of the first clause that fails."""
    rows = pa.Table.from_pylist([asdict(coin) for coin in coins], schema=_SCHEMA)
    for result in contract.check(rows, now=now):
        if not result.passed and result.clause.severity == "error":
            return result.clause.column, result.clause.id, result.clause.description
    return None
