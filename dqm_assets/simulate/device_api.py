"""The device API of the simulator: ``POST /segment-stats`` over a simulated fleet, and its inventory."""

import asyncio
import io
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Annotated

import pyarrow.csv as pacsv
from fastapi import APIRouter, Header, HTTPException, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from dqm_assets.errors import SettingsError
from dqm_assets.simulate.fleet import Fleet, make_fleet
from dqm_assets.simulate.fleet_activity import Window, last_connections
from dqm_assets.simulate.fleet_faults import Fault, FaultDice, FaultPlan, parse_fault
from dqm_assets.simulate.fleet_outages import Outage, OutagePlan, parse_outage
from dqm_assets.simulate.fleet_segments import SegmentCounter, snapshot_document
from dqm_assets.sources.simulated import SIMULATED_HEADER

#: Every answer of the simulator says what it is.
SIMULATED = {SIMULATED_HEADER: "true"}
_WRONG = {"message": "no data", "segments": [{"segment": "Type", "count": "many"}]}
_DAY_MINUTES = 1440


@dataclass(frozen=True)
class DeviceSimulation:
    """The simulated fleet and what goes wrong with it."""

    devices: int = 4000
    seed: int = 7
    as_of: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    outages: OutagePlan = field(default_factory=OutagePlan)
    faults: FaultPlan = field(default_factory=FaultPlan)


class SegmentRequest(BaseModel):
    """What is asked for: the state of the fleet at a time."""

    model_config = ConfigDict(extra="forbid")

    current_time: AwareDatetime = Field(description="Time of the snapshot, with its zone.")
    window_minutes: int = Field(
        default=5, ge=1, le=_DAY_MINUTES, description="Devices count that connected in the minutes before it."
    )
    frequency_minutes: int = Field(
        default=1, ge=1, le=_DAY_MINUTES, description="Minutes between two attempts of a device."
    )
    update_probability: float = Field(
        default=0.99, ge=0, le=1, description="Chance that an attempt of a working device succeeds."
    )

    @model_validator(mode="after")
    def _fits(self) -> "SegmentRequest":
        if self.frequency_minutes > self.window_minutes:
            raise ValueError("frequency_minutes must not exceed window_minutes: no device would try in time")
        return self

    def window(self, *, minutes_ago: int = 0) -> Window:
        """The window to count in, to the second."""
        end = self.current_time.astimezone(UTC).replace(microsecond=0) - timedelta(minutes=minutes_ago)
        return Window(end, self.window_minutes, self.frequency_minutes, self.update_probability)


def devices_router(simulation: DeviceSimulation | None = None) -> APIRouter:
    """Make the routes over a simulated fleet, which is made when it is first asked for."""
    given = simulation or DeviceSimulation()
    dice = FaultDice(given.faults)
    router = APIRouter(tags=["devices (simulated)"])

    @lru_cache(maxsize=1)
    def counter() -> SegmentCounter:
        return SegmentCounter(make_fleet(given.devices, seed=given.seed, as_of=given.as_of))

    def answer(request: SegmentRequest, fault: Fault, outages: tuple[Outage, ...]) -> bytes:
        counting = counter()
        window = request.window(minutes_ago=given.faults.late_minutes if fault is Fault.LATE else 0)
        lasting = (*given.outages.at(counting.fleet, window.end), *outages)
        counts = counting.count(window, lasting)
        document = snapshot_document(
            counts * 2 if fault is Fault.DUPLICATE else counts, window, counting.fleet.devices
        )
        body = json.dumps(document, separators=(",", ":")).encode()
        return body[: len(body) * 2 // 3] if fault is Fault.TRUNCATED else body

    @router.post("/segment-stats", summary="Connected devices by segment")
    async def segment_stats(
        request: SegmentRequest,
        x_dqm_fault: Annotated[str | None, Header(description="A fault for this request.")] = None,
        x_dqm_outage: Annotated[
            str | None, Header(description="An outage for this request, such as Supplier=Boreal*0.9.")
        ] = None,
    ) -> Response:
        """Count the devices that connected within the window before ``current_time``, by segment.

        The same request is always answered the same, whenever it is asked: minutes can be asked for later.
        """
        try:
            fault = parse_fault(x_dqm_fault) if x_dqm_fault else dice.next()
            outages = (parse_outage(x_dqm_outage),) if x_dqm_outage else ()
            body = await asyncio.to_thread(answer, request, fault, outages)
        except SettingsError as error:
            raise HTTPException(422, str(error)) from None
        if fault is Fault.ERROR:
            raise HTTPException(500, "Simulated fault.")
        if fault is Fault.WRONG_JSON:
            body = json.dumps(_WRONG).encode()
        if fault in (Fault.TIMEOUT, Fault.SLOW):
            hang = given.faults.hang_seconds if fault is Fault.TIMEOUT else given.faults.slow_seconds
            await asyncio.sleep(hang)
        return Response(body, media_type="application/json", headers=SIMULATED)

    @router.get("/devices.csv", summary="The inventory")
    def inventory() -> Response:
        """Give the inventory as CSV, one row per device."""
        return Response(inventory_csv(counter().fleet), media_type="text/csv", headers=SIMULATED)

    return router


def inventory_csv(fleet: Fleet, *, at: datetime | None = None) -> bytes:
    """The inventory as CSV, with last connections as of a time (the fleet's own when left out)."""
    target = io.BytesIO()
    table = fleet.inventory(last_connections(fleet, at or fleet.as_of))
    pacsv.write_csv(table, target, pacsv.WriteOptions(include_header=False, quoting_style="needed"))
    return ",".join(table.column_names).encode() + b"\n" + target.getvalue()
