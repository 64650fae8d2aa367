"""``dqm simulate devices`` and ``server``: a fleet as a file, and the APIs of simulated sources."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from dqm_assets.cli.output import JsonFlag, log_console, print_json, print_table

_TIMES = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]
Devices = Annotated[int, typer.Option("--devices", "-n", min=1, help="How many devices.")]
Seed = Annotated[int, typer.Option(min=0, help="Same seed, same fleet.")]


def devices(
    *,
    devices: Devices = 4000,
    out: Annotated[
        Path | None, typer.Option(help="File to write, .csv or .parquet; default: devices.csv in DQM_HOME.")
    ] = None,
    seed: Seed = 7,
    as_of: Annotated[
        datetime | None, typer.Option(help="Time of the inventory (UTC); default: now.", formats=_TIMES)
    ] = None,
    json: JsonFlag = False,
) -> None:
    """Write the inventory of a simulated fleet: ATMs, coin counters, desk terminals and PCs in 27 states."""
    import pyarrow.parquet as pq

    from dqm_assets.errors import SettingsError
    from dqm_assets.settings import settings
    from dqm_assets.simulate.device_api import inventory_csv
    from dqm_assets.simulate.fleet import make_fleet
    from dqm_assets.simulate.fleet_activity import last_connections

    path = out if out is not None else settings().home / "devices.csv"
    if path.suffix not in {".csv", ".parquet"}:
        raise SettingsError(f"{path} is neither .csv nor .parquet. Name the file so.")
    moment = as_of.replace(tzinfo=UTC) if as_of else datetime.now(UTC).replace(microsecond=0)
    fleet = make_fleet(devices, seed=seed, as_of=moment)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".csv":
        path.write_bytes(inventory_csv(fleet))
    else:
        pq.write_table(fleet.inventory(last_connections(fleet, moment)), path)
    if json:
        print_json({"file": path, "devices": fleet.devices, "as_of": moment, "simulated": True})
    else:
        print_table(f"{fleet.devices:,} simulated devices in {path}", [])


def server(
    *,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8060,
    devices: Devices = 4000,
    seed: Seed = 7,
    outage: Annotated[
        list[str] | None,
        typer.Option(help="Supplier=Boreal*0.9@2026-01-02T10:00/90m; share and time may be left out."),
    ] = None,
    outages_per_day: Annotated[
        float, typer.Option(min=0, help="Outages of a supplier, state or branch, drawn for each day.")
    ] = 0.0,
    fault_rate: Annotated[float, typer.Option(min=0, max=1, help="Share of requests that fail.")] = 0.0,
    fault: Annotated[
        list[str] | None,
        typer.Option(help="error, timeout, slow, truncated, wrong_json, duplicate, late; default: all."),
    ] = None,
    hang_seconds: Annotated[float, typer.Option(min=0, help="How long a timeout lasts.")] = 60.0,
    slow_seconds: Annotated[float, typer.Option(min=0, help="How long a slow answer takes.")] = 2.0,
) -> None:
    """Serve simulated sources: POST /segment-stats, GET /devices.csv, /api/v3/coins/markets, until Ctrl-C."""
    import uvicorn

    from dqm_assets.simulate.device_api import DeviceSimulation
    from dqm_assets.simulate.fleet_faults import FAULTS, FaultPlan, parse_fault
    from dqm_assets.simulate.fleet_outages import OutagePlan, parse_outage
    from dqm_assets.simulate.server import create_simulator

    faults = tuple(parse_fault(name) for name in fault) if fault else FAULTS
    simulation = DeviceSimulation(
        devices=devices,
        seed=seed,
        outages=OutagePlan(tuple(parse_outage(text) for text in outage or ()), outages_per_day, seed),
        faults=FaultPlan(fault_rate, faults, hang_seconds, slow_seconds, seed=seed),
    )
    log_console.print(f"simulator  http://{host}:{port}  ({devices:,} devices)", highlight=False)
    uvicorn.run(create_simulator(simulation), host=host, port=port, log_level="warning", access_log=False)
