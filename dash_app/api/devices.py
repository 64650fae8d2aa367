"""The device fleet over the API: how it is now, its share over time, its segments, what was cut off."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel, ConfigDict, Field

from dash_app.api.models import ErrorModel
from dash_app.services.devices import (
    Newest,
    fleet_incidents,
    fleet_share,
    newest_snapshot,
    state_hours,
    value_series,
)
from dash_app.services.reads import Reads

FAILS: dict[int | str, dict[str, Any]] = {404: {"model": ErrorModel}, 503: {"model": ErrorModel}}
Hours = Annotated[
    float, Query(gt=0, le=24 * 90, description="Length of the span before the newest snapshot.")
]
History = Annotated[int, Query(ge=1, le=200, description="Snapshots that make the baseline.")]
Dimension = Literal["State", "Type", "Supplier", "OS", "Model"]


class _Model(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class SharePointModel(_Model):
    """The online share at one snapshot."""

    ts: datetime
    online: int
    share: float
    baseline: float | None
    drop: float | None = Field(description="What is missing, as a share of the baseline.")


class FleetModel(BaseModel):
    """The fleet at the newest snapshot."""

    ts: datetime
    received_at: datetime | None
    simulated: bool
    inventory: int
    open_alerts: int
    latest: SharePointModel | None


class ValueSeriesModel(_Model):
    """One value of a segment over time."""

    value: str
    devices: int
    share: float | None = Field(description="The newest online share.")
    ts: list[datetime]
    online: list[int]


class StateHoursModel(_Model):
    """Mean online share by state and hour: ``share[state][hour]``."""

    states: list[str]
    hours: list[datetime]
    share: list[list[float | None]]


class IncidentModel(_Model):
    """A part of the fleet that was cut off; an empty dimension is the whole fleet."""

    dimension: str
    value: str
    started: datetime
    ended: datetime | None
    level: float = Field(description="Online share before.")
    lost: int
    inventory: int
    alert_id: str | None


def device_routes(reads: Reads) -> APIRouter:
    """Make the routes under ``/api/v1/devices`` over ``reads``."""
    router = APIRouter(prefix="/api/v1/devices", tags=["devices"])

    async def newest() -> Newest:
        found = await reads(newest_snapshot)
        if found is None:
            raise HTTPException(404, "There is no snapshot of a fleet yet. Run `dqm devices collect`.")
        return found

    @router.get("", responses=FAILS, summary="The fleet now")
    async def fleet(history: History = 4) -> FleetModel:
        """Give the newest online share with its baseline."""
        at = await newest()
        points = await reads(fleet_share, at.ts, 24.0, history)
        return FleetModel(
            ts=at.ts,
            received_at=at.received_at,
            simulated=at.simulated,
            inventory=at.inventory,
            open_alerts=at.alerts,
            latest=SharePointModel.model_validate(points[-1]) if points else None,
        )

    @router.get("/share", responses=FAILS, summary="Online share over time")
    async def share(hours: Hours = 24, history: History = 4) -> list[SharePointModel]:
        """Give the online share, oldest first; of many snapshots the lowest of each stretch."""
        at = await newest()
        return [SharePointModel.model_validate(p) for p in await reads(fleet_share, at.ts, hours, history)]

    @router.get("/segments/{dimension}", responses=FAILS, summary="Values of a segment over time")
    async def segments(dimension: Dimension, hours: Hours = 24) -> list[ValueSeriesModel]:
        """Give every value of a dimension, the one with most devices first."""
        at = await newest()
        found = await reads(value_series, dimension, at.ts, hours)
        return [ValueSeriesModel.model_validate(each) for each in found]

    @router.get("/states", responses=FAILS, summary="Online share by state and hour")
    async def states(hours: Hours = 24) -> StateHoursModel:
        """Give the mean online share of each state in each hour."""
        at = await newest()
        return StateHoursModel.model_validate(await reads(state_hours, at.ts, hours))

    @router.get("/incidents", responses=FAILS, summary="What was cut off")
    async def incidents(hours: Hours = 24) -> list[IncidentModel]:
        """Give the parts of the fleet that were cut off within the span, the last first."""
        at = await newest()
        return [IncidentModel.model_validate(each) for each in await reads(fleet_incidents, at.ts, hours)]

    return router
