"""``dqm simulate``: make data with known faults."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from dqm_assets.cli import simulate_crypto, simulate_databases, simulate_devices, simulate_stream
from dqm_assets.cli.output import JsonFlag, log_console, print_json, print_table
from dqm_assets.settings import settings
from dqm_assets.simulate.runs import RunSeries, write_runs

app = typer.Typer(help="Make data with known faults, so that detection can be scored.", no_args_is_help=True)
app.command()(simulate_devices.devices)
app.command()(simulate_databases.databases)
app.command()(simulate_crypto.crypto)
app.command()(simulate_stream.stream)
app.command()(simulate_devices.server)


@app.callback()
def simulate() -> None:
    """Make data with known faults, so that detection can be scored."""


@app.command()
def runs(
    *,
    out: Annotated[
        Path | None, typer.Option(help="Folder to drop into; default: the landing folder's detector/.")
    ] = None,
    runs: Annotated[int, typer.Option(min=0, help="How many runs; 0 never ends.")] = 50,
    rows: Annotated[int, typer.Option(min=1, help="Rows of a run, give or take 1 %.")] = 4000,
    anomaly_rate: Annotated[float, typer.Option(min=0, max=1, help="Share of runs with a fault.")] = 0.1,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same files.")] = 7,
    clean_first: Annotated[
        int, typer.Option(min=0, help="Commissioning period: so many good runs first, to learn from.")
    ] = 10,
    truth: Annotated[Path | None, typer.Option(help="CSV to write the injected faults to.")] = None,
    start: Annotated[
        datetime, typer.Option(help="Time of run 0 (UTC).", formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"])
    ] = datetime(2026, 1, 1),
    interval_minutes: Annotated[float, typer.Option(min=0.001, help="Time a run covers.")] = 60.0,
    first_run: Annotated[
        int, typer.Option(min=0, help="Number of the first run: goes on with a series.")
    ] = 0,
    every: Annotated[float, typer.Option(min=0, help="Seconds between two files; 0 is at once.")] = 0.0,
    json: JsonFlag = False,
) -> None:
    """Drop detector runs (timestamp, sensor, value, ch1, ch2, ch3) with faults of five kinds.

    Kinds: shift, spike_burst, noise_inflation, dropout, stuck_value, each on one column over
    one span of rows. Run n of a seed is always the same file, however it is made.
    """
    folder = out if out is not None else settings().landing_folder / "detector"
    series = RunSeries(
        rows=rows,
        anomaly_rate=anomaly_rate,
        seed=seed,
        clean_first=clean_first,
        start=start.replace(tzinfo=UTC),
        interval=timedelta(minutes=interval_minutes),
    )
    written = []
    try:
        for run in write_runs(series, folder, truth, first=first_run, count=runs or None):
            fault = run.anomaly
            line = {
                "file": run.name,
                "rows": run.table.num_rows,
                "kind": fault.kind if fault else None,
                "column": fault.column if fault else None,
                "strength": fault.strength if fault else None,
            }
            if every:
                log_console.print(f"{folder / run.name}: {run.table.num_rows} rows, {line['kind'] or 'good'}")
                time.sleep(every)
            if runs:
                written.append(line)
    except KeyboardInterrupt:
        log_console.print("stopped")
    if json:
        print_json({"folder": folder, "truth": truth, "runs": written})
    else:
        print_table(f"{len(written)} runs in {folder}", [line for line in written if line["kind"]] or written)
