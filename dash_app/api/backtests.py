"""Backtests over the API: what settings would have fired on a stored series, and storing one."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, HTTPException
from pydantic import BaseModel, Field

from dash_app.api.failures import failures
from dash_app.auth import User, needs
from dash_app.services.backtest import Choice, Replayed
from dash_app.services.metric_series import SeriesAddress, series_addresses
from dash_app.services.series_setting import apply_choice, today_choice
from dash_app.services.services import Services

Text = Annotated[str, Field(max_length=200)]
Method = Literal["ensemble", "robust", "seasonal", "share_drop", "zscore"]
MOST_SETTINGS = 8


class SeriesRef(BaseModel):
    """Which series: a metric of a column (empty: the table) and segment (empty: all rows)."""

    dataset: Text
    metric: Text
    column: Text = ""
    segment: Text = ""

    @property
    def address(self) -> SeriesAddress:
        """As the services name it."""
        return SeriesAddress(self.dataset, self.metric, self.column, self.segment)


class SettingModel(BaseModel):
    """How a series is watched: one false alert per so many points or weeks, or beyond so many scales (z)."""

    method: Method
    unit: Literal["points", "weeks", "z"]
    amount: float = Field(ge=0.01, le=1e9)

    @property
    def choice(self) -> Choice:
        """As the services name it."""
        return Choice(self.method, self.unit, self.amount)


class BacktestRequest(BaseModel):
    """What to replay."""

    series: SeriesRef
    settings: list[SettingModel] = Field(min_length=1, max_length=MOST_SETTINGS)


class ApplyRequest(BaseModel):
    """Which setting to store for which series."""

    series: SeriesRef
    setting: SettingModel


class FiredModel(BaseModel):
    """An alert that a setting would have opened."""

    opened: datetime
    last: datetime
    severity: str
    points: int
    title: str


class ReplayModel(BaseModel):
    """What one setting would have done; shares are null where nothing is labelled."""

    setting: SettingModel
    alerts: int
    alerts_per_week: float | None
    anomalous_points: int
    true_alerts: int
    unwanted_alerts: int
    precision: float | None
    recall: float | None
    fired: list[FiredModel]

    @classmethod
    def of(cls, setting: SettingModel, done: Replayed) -> "ReplayModel":
        """Show a replay."""
        scored = done.score
        return cls(
            setting=setting,
            alerts=scored.alerts,
            alerts_per_week=_defined(scored.alerts_per_week),
            anomalous_points=int(done.replay.judgements.anomalous.sum()),
            true_alerts=scored.true_alerts,
            unwanted_alerts=scored.expected_alerts,
            precision=_defined(scored.precision),
            recall=_defined(scored.recall),
            fired=[
                FiredModel(
                    opened=alert.opened_ts,
                    last=alert.last_ts,
                    severity=alert.severity,
                    points=alert.evaluations,
                    title=alert.title,
                )
                for alert in done.replay.alerts
            ],
        )


class BacktestModel(BaseModel):
    """Settings side by side over one series."""

    points: int
    today: SettingModel | None = Field(description="How the series is judged now.")
    replays: list[ReplayModel]


class AppliedModel(BaseModel):
    """What follows from a stored setting, in words."""

    applied: str


def backtests_router(services: Services) -> APIRouter:
    """Make the routes under ``/api/v1/backtests``."""
    router = APIRouter(prefix="/api/v1/backtests", tags=["backtests"])
    reads = services.reads

    async def known(series: SeriesRef) -> SeriesAddress:
        if series.address not in {address for address, _ in await reads(series_addresses, series.dataset)}:
            raise HTTPException(404, f"There is no series {series.address.name!r} of {series.dataset!r}.")
        return series.address

    @router.post("", responses=failures(404, 429))
    async def replay(
        asked: BacktestRequest, user: Annotated[User, Depends(needs("viewer"))]
    ) -> BacktestModel:
        """Replay a series point by point with each setting; nothing is stored.

        A viewer may do so 30 times a minute.
        """
        address = await known(asked.series)
        choices = tuple(setting.choice for setting in asked.settings)
        found = await services.replays(user, address, choices)
        now = await reads(today_choice, address)
        return BacktestModel(
            points=len(found.ts),
            today=SettingModel.model_validate(now, from_attributes=True) if now else None,
            replays=[
                ReplayModel.of(setting, done)
                for setting, done in zip(asked.settings, found.replays, strict=False)
            ],
        )

    @router.put("/setting", responses=failures(403, 404, 409))
    async def apply(asked: ApplyRequest, user: Annotated[User, Depends(needs("operator"))]) -> AppliedModel:
        """Store a setting: the series is judged with it from its next point on."""
        address = await known(asked.series)
        return AppliedModel(applied=await apply_choice(reads.store, address, asked.setting.choice, user.name))

    return router


def _defined(value: float) -> float | None:
    return None if value != value or value in (float("inf"), float("-inf")) else value  # noqa: PLR0124 - NaN
