"""Crypto prices: how fetching them goes, the newest of each coin, and one coin over time."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from dash_app.services.records import PipelineStatus
from dash_app.services.rows import as_json, as_number, as_text, as_utc
from dqm_assets.sources.crypto.collect import DATASET
from dqm_assets.sources.crypto.series import SPAN
from dqm_assets.store import Store

#: Prices that a row's small line draws: a day of fetches every five minutes, thinned.
SPARK_POINTS = 96
SPARK_SPAN = timedelta(hours=24)

STATUS = """
SELECT pipeline, status, stage, reason, last_success, last_attempt
FROM monitoring.pipeline_status WHERE pipeline = ?
"""

ATTEMPTS = """
SELECT attempt_id, started_at, finished_at, status, stage, reason, details, simulated, dagster_run_id
FROM monitoring.pipeline_attempts WHERE pipeline = ?
ORDER BY started_at DESC LIMIT ?
"""

#: A coin that was kept out for a while shows its last price; one that left the list is gone in an hour.
NEWEST = """
SELECT coin_id, symbol, name, market_cap_rank, price_usd, price_inr, inr_rate, inr_rate_ts, inr_rate_stale,
    market_cap, total_volume, change_24h_percent, provider_ts, fetched_at, simulated
FROM raw.crypto_prices
WHERE provider_ts >= (SELECT max(provider_ts) FROM raw.crypto_prices) - INTERVAL 1 HOUR
QUALIFY row_number() OVER (PARTITION BY coin_id ORDER BY provider_ts DESC) = 1
ORDER BY market_cap DESC NULLS LAST, coin_id
"""

SPARKS = """
SELECT coin_id, price_usd::DOUBLE AS price FROM (
    SELECT coin_id, provider_ts, price_usd,
        row_number() OVER (PARTITION BY coin_id ORDER BY provider_ts DESC) AS place,
        count(*) OVER (PARTITION BY coin_id) AS points
    FROM raw.crypto_prices
    WHERE provider_ts >= (SELECT max(provider_ts) FROM raw.crypto_prices) - CAST($span AS INTERVAL)
)
WHERE (place - 1) % greatest(points // $points, 1) = 0
ORDER BY coin_id, provider_ts
"""

QUARANTINED = """
SELECT count(*) AS coins, max(quarantined_at) AS last, arg_max(reason, quarantined_at) AS reason
FROM raw.quarantine WHERE dataset = ?
"""

#: The range of a price follows from the range of its change: the price before, moved by it.
HISTORY = """
WITH prices AS (
    SELECT provider_ts, batch, price_usd::DOUBLE AS price, price_inr::DOUBLE AS inr,
        total_volume::DOUBLE AS volume, inr_rate_stale,
        lag(price_usd::DOUBLE) OVER moments AS before, lag(provider_ts) OVER moments AS before_ts
    FROM raw.crypto_prices
    WHERE coin_id = $coin AND provider_ts >= $newest - CAST($span AS INTERVAL)
    WINDOW moments AS (ORDER BY provider_ts)
), judged AS (
    SELECT metric, batch, expected, lower, upper, verdict FROM monitoring.verdicts
    WHERE dataset = $dataset AND segment = $coin AND ts >= $newest - CAST($span AS INTERVAL)
        AND (column_name, metric) IN (('price_usd', 'price_change'), ('total_volume', 'volume'))
)
SELECT p.*, c.expected AS c_expected, c.lower AS c_lower, c.upper AS c_upper, c.verdict AS c_verdict,
    v.expected AS v_expected, v.lower AS v_lower, v.upper AS v_upper, v.verdict AS v_verdict
FROM prices AS p
LEFT JOIN judged AS c ON c.batch = p.batch AND c.metric = 'price_change'
LEFT JOIN judged AS v ON v.batch = p.batch AND v.metric = 'volume'
ORDER BY p.provider_ts
"""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to fetch the prices."""

    attempt_id: str
    started_at: datetime | None
    finished_at: datetime | None
    status: str
    stage: str
    reason: str
    stored: int
    quarantined: int
    simulated: bool
    dagster_run_id: str


@dataclass(frozen=True, slots=True)
class CoinPrice:
    """The newest price of a coin; money is exact, changes are in per cent."""

    coin_id: str
    symbol: str
    name: str
    rank: int | None
    price_usd: Decimal
    price_inr: Decimal | None
    inr_rate: Decimal | None
    inr_rate_ts: datetime | None
    inr_rate_stale: bool
    market_cap: Decimal | None
    total_volume: Decimal | None
    change_24h_percent: float | None
    provider_ts: datetime | None
    fetched_at: datetime | None
    simulated: bool
    #: Prices of the last day, oldest first.
    recent: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Market:
    """What the page shows of all coins."""

    status: PipelineStatus | None
    attempts: tuple[Attempt, ...]
    prices: tuple[CoinPrice, ...]
    #: Coins that were ever kept out, and why the last of them was.
    quarantined: int
    quarantined_last: datetime | None
    quarantined_reason: str

    @property
    def simulated(self) -> bool:
        """Whether any price that is shown is made up."""
        return any(price.simulated for price in self.prices)

    @property
    def newest(self) -> datetime | None:
        """The provider's newest time."""
        return max((price.provider_ts for price in self.prices if price.provider_ts), default=None)


@dataclass(frozen=True, slots=True)
class Judged:
    """One value with the range it was judged against, where one was ready."""

    value: float | None
    expected: float | None
    lower: float | None
    upper: float | None
    #: 'learning', 'normal' or 'anomalous'; empty where nothing was judged.
    verdict: str


@dataclass(frozen=True, slots=True)
class Moment:
    """One coin at one of the provider's times; money in US dollars."""

    ts: datetime
    price: Judged
    volume: Judged
    inr: float | None
    inr_rate_stale: bool


def crypto_market(store: Store, attempts: int = 8) -> Market:
    """Read the status of the pipeline, its newest attempts, and the newest price of each coin."""
    status = store.rows(STATUS, [DATASET])
    lost = store.rows(QUARANTINED, [DATASET])[0]
    return Market(
        status=_status(status[0]) if status else None,
        attempts=crypto_attempts(store, attempts),
        prices=crypto_prices(store),
        quarantined=int(lost["coins"]),
        quarantined_last=as_utc(lost["last"]),
        quarantined_reason=as_text(lost["reason"]),
    )


def crypto_prices(store: Store) -> tuple[CoinPrice, ...]:
    """Read the newest price of each coin that the last fetches brought, the largest first."""
    recent: dict[str, list[float]] = {}
    span = {"span": f"{int(SPARK_SPAN.total_seconds())} seconds", "points": SPARK_POINTS}
    for row in store.rows(SPARKS, span):
        recent.setdefault(row["coin_id"], []).append(row["price"])
    return tuple(_coin(row, recent) for row in store.rows(NEWEST))


def crypto_attempts(store: Store, limit: int) -> tuple[Attempt, ...]:
    """Read the newest attempts, newest first."""
    return tuple(_attempt(row) for row in store.rows(ATTEMPTS, [DATASET, limit]))


def crypto_history(store: Store, coin: str, hours: int) -> tuple[Moment, ...]:
    """Read one coin's prices and volumes of the newest hours, oldest first."""
    newest = store.rows("SELECT max(provider_ts) AS ts FROM raw.crypto_prices WHERE coin_id = ?", [coin])
    if not newest or newest[0]["ts"] is None:
        return ()
    asked = {"coin": coin, "newest": newest[0]["ts"], "span": f"{hours} hours", "dataset": DATASET}
    return tuple(_moment(row) for row in store.rows(HISTORY, asked))


def _moment(row: dict[str, Any]) -> Moment:
    return Moment(
        ts=as_utc(row["provider_ts"]) or row["provider_ts"],
        price=_price(row),
        volume=Judged(
            as_number(row["volume"]),
            as_number(row["v_expected"]),
            as_number(row["v_lower"]),
            as_number(row["v_upper"]),
            as_text(row["v_verdict"]),
        ),
        inr=as_number(row["inr"]),
        inr_rate_stale=bool(row["inr_rate_stale"]),
    )


def _price(row: dict[str, Any]) -> Judged:
    bounds: Sequence[float | None] = (None, None, None)
    if row["before"] is not None and row["c_lower"] is not None:
        scale = math.sqrt(
            max((row["provider_ts"] - row["before_ts"]).total_seconds(), 1) / SPAN.total_seconds()
        )
        changes = (row["c_expected"], row["c_lower"], row["c_upper"])
        bounds = tuple(as_number(row["before"] * math.exp(change * scale)) for change in changes)
    return Judged(as_number(row["price"]), *bounds, as_text(row["c_verdict"]))


def _coin(row: dict[str, Any], recent: dict[str, list[float]]) -> CoinPrice:
    return CoinPrice(
        coin_id=row["coin_id"],
        symbol=as_text(row["symbol"]),
        name=as_text(row["name"]),
        rank=row["market_cap_rank"],
        price_usd=row["price_usd"],
        price_inr=row["price_inr"],
        inr_rate=row["inr_rate"],
        inr_rate_ts=as_utc(row["inr_rate_ts"]),
        inr_rate_stale=bool(row["inr_rate_stale"]),
        market_cap=row["market_cap"],
        total_volume=row["total_volume"],
        change_24h_percent=as_number(row["change_24h_percent"]),
        provider_ts=as_utc(row["provider_ts"]),
        fetched_at=as_utc(row["fetched_at"]),
        simulated=bool(row["simulated"]),
        recent=tuple(recent.get(row["coin_id"], ())),
    )


def _attempt(row: dict[str, Any]) -> Attempt:
    details = as_json(row["details"]) or {}
    return Attempt(
        attempt_id=row["attempt_id"],
        started_at=as_utc(row["started_at"]),
        finished_at=as_utc(row["finished_at"]),
        status=as_text(row["status"]),
        stage=as_text(row["stage"]),
        reason=as_text(row["reason"]),
        stored=int(details.get("stored", 0)),
        quarantined=int(details.get("quarantined", 0)),
        simulated=bool(row["simulated"]),
        dagster_run_id=as_text(row["dagster_run_id"]),
    )


def _status(row: dict[str, Any]) -> PipelineStatus:
    return PipelineStatus(
        pipeline=row["pipeline"],
        status=as_text(row["status"]),
        stage=as_text(row["stage"]),
        reason=as_text(row["reason"]),
        last_success=as_utc(row["last_success"]),
        last_attempt=as_utc(row["last_attempt"]),
    )
