"""Crypto prices over the API: the newest, one coin over time, and how fetching goes."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel, ConfigDict, Field

from dash_app.api.models import ErrorModel
from dash_app.services.crypto import crypto_attempts, crypto_history, crypto_market, crypto_prices
from dash_app.services.reads import Reads

FAILS: dict[int | str, dict[str, Any]] = {404: {"model": ErrorModel}, 503: {"model": ErrorModel}}


class _Model(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class CoinPriceModel(_Model):
    """The newest price of a coin; money is exact and written as text."""

    coin_id: str
    symbol: str
    name: str
    rank: int | None
    price_usd: Decimal
    price_inr: Decimal | None
    inr_rate: Decimal | None = Field(description="Rupees per US dollar, by the provider.")
    inr_rate_ts: datetime | None
    inr_rate_stale: bool
    market_cap: Decimal | None
    total_volume: Decimal | None
    change_24h_percent: float | None
    provider_ts: datetime | None
    fetched_at: datetime | None
    simulated: bool


class JudgedModel(_Model):
    """A value with the range it was judged against."""

    value: float | None
    expected: float | None
    lower: float | None
    upper: float | None
    verdict: str


class MomentModel(_Model):
    """A coin at one of the provider's times."""

    ts: datetime
    price: JudgedModel
    volume: JudgedModel
    inr: float | None
    inr_rate_stale: bool


class AttemptModel(_Model):
    """One attempt to fetch the prices."""

    attempt_id: str
    started_at: datetime | None
    finished_at: datetime | None
    status: str
    stage: str = Field(description="extract, transform, store or judge: where it failed, or how far it came.")
    reason: str
    stored: int
    quarantined: int
    simulated: bool
    dagster_run_id: str


class CryptoStatusModel(BaseModel):
    """How fetching goes."""

    status: str | None
    stage: str | None
    reason: str | None
    last_success: datetime | None
    last_attempt: datetime | None
    newest: datetime | None
    simulated: bool
    attempts: list[AttemptModel]


def crypto_router(reads: Reads) -> APIRouter:
    """Make the routes under ``/api/v1/crypto`` over ``reads``."""
    router = APIRouter(prefix="/api/v1/crypto", tags=["crypto"])

    @router.get("/prices", responses={503: {"model": ErrorModel}}, summary="Newest price of each coin")
    async def prices() -> list[CoinPriceModel]:
        """Give the newest price of each coin, the largest first."""
        return [CoinPriceModel.model_validate(price) for price in await reads(crypto_prices)]

    @router.get("/prices/{coin}", responses=FAILS, summary="One coin over time")
    async def history(coin: str, hours: Annotated[int, Query(ge=1, le=24 * 90)] = 24) -> list[MomentModel]:
        """Give a coin's prices and volumes of the newest hours, with the ranges they were judged against."""
        moments = await reads(crypto_history, coin, hours)
        if not moments:
            raise HTTPException(404, f"There is no coin {coin!r}. GET /api/v1/crypto/prices lists them.")
        return [MomentModel.model_validate(moment) for moment in moments]

    @router.get("/status", responses={503: {"model": ErrorModel}}, summary="How fetching prices goes")
    async def status(attempts: Annotated[int, Query(ge=1, le=500)] = 20) -> CryptoStatusModel:
        """Give how the last attempt ended, the last success, and the newest attempts."""
        market = await reads(crypto_market)
        last = market.status
        return CryptoStatusModel(
            status=last.status if last else None,
            stage=last.stage if last else None,
            reason=last.reason if last else None,
            last_success=last.last_success if last else None,
            last_attempt=last.last_attempt if last else None,
            newest=market.newest,
            simulated=market.simulated,
            attempts=[AttemptModel.model_validate(each) for each in await reads(crypto_attempts, attempts)],
        )

    return router
