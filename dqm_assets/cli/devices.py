"""``dqm devices``: the inventory, the collector and the online monitor on the command line."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from dqm_assets.cli.output import DATA_FAILED, JsonFlag, log_console, print_json, print_table
from dqm_assets.errors import SourceError

if TYPE_CHECKING:
    from dqm_assets.pipeline.devices_collect import CollectSummary
    from dqm_assets.settings import Settings
    from dqm_assets.sources.devices.clock import Clock
    from dqm_assets.sources.devices.incidents import Rule
    from dqm_assets.store import Store

app = typer.Typer(help="Collect and watch the device fleet.", no_args_is_help=True)

_TIMES = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d"]
Moment = Annotated[datetime | None, typer.Option(help="Time of the snapshot (UTC).", formats=_TIMES)]


@app.command()
def inventory(
    file: Annotated[
        Path | None, typer.Argument(help="CSV or Parquet file; without, the API's own inventory.")
    ] = None,
    json: JsonFlag = False,
) -> None:
    """Load the inventory: which devices there are. It replaces the one before."""
    from dqm_assets.pipeline.devices_inventory import fetch_inventory, load_inventory, read_inventory
    from dqm_assets.settings import settings
    from dqm_assets.sources.devices.connection import device_url
    from dqm_assets.store import open_store

    where = settings()
    devices, simulated = (
        (read_inventory(file), False) if file is not None else fetch_inventory(device_url(where))
    )
    with open_store(where) as store:
        summary = load_inventory(store, devices, simulated=simulated)
    if json:
        print_json(vars(summary))
    else:
        print_table(f"{summary.devices:,} devices, {summary.repeated:,} repeated codes", [])


@app.command()
def collect(
    *,
    current_time: Moment = None,
    simulate_minutes: Annotated[
        float | None,
        typer.Option(min=0.01, help="Accelerated clock: each snapshot is so many minutes after the last."),
    ] = None,
    steps: Annotated[int, typer.Option(min=1, max=1440, help="Snapshots at a time, accelerated.")] = 1,
    start: Annotated[
        datetime | None, typer.Option(help="Where an accelerated clock starts (UTC).", formats=_TIMES)
    ] = None,
    every: Annotated[float, typer.Option(min=0, help="Collect again after so many seconds; 0: once.")] = 0.0,
    judge: Annotated[bool, typer.Option("--monitor/--no-monitor", help="Judge what was collected.")] = False,
    json: JsonFlag = False,
) -> None:
    """Collect the snapshots that are due, also those of minutes that were missed."""
    from dqm_assets.settings import settings
    from dqm_assets.sources.devices.connection import clock_of, device_url
    from dqm_assets.store import open_store

    where = settings()
    device_url(where)
    begin = start.replace(tzinfo=UTC) if start else None

    def clock() -> "Clock":
        usual = clock_of(where)
        if current_time is not None:
            return replace(usual, now=current_time.replace(tzinfo=UTC))
        if simulate_minutes is None:
            return usual
        step = timedelta(minutes=simulate_minutes)
        return replace(
            usual, every=step, most=steps, start=begin or usual.start, accelerated=True, not_after=None
        )

    with open_store(where) as store:
        while True:
            try:
                _collect_once(store, where, clock(), current_time, judge=judge, json=json)
            except SourceError as error:
                if not every:
                    raise
                log_console.print(f"[yellow]▲[/yellow] {escape(str(error))}", highlight=False, soft_wrap=True)
            if not every:
                return
            time.sleep(every)


def _collect_once(
    store: "Store", where: "Settings", clock: "Clock", moment: datetime | None, *, judge: bool, json: bool
) -> None:
    from dqm_assets.pipeline.devices_monitor import monitor
    from dqm_assets.pipeline.devices_stage import collect_due
    from dqm_assets.sources.devices.connection import rule_of

    done = collect_due(store, where, clock, moment=moment)
    judged = monitor(store, rule_of(where)) if judge else None
    document = _summary(done) | (
        {"opened": judged.observed.opened, "resolved": judged.observed.resolved} if judged else {}
    )
    if json:
        print_json(document)
    else:
        print_table(f"{len(done.times)} snapshots collected", [document] if done.times else [])


def _summary(done: "CollectSummary") -> dict[str, Any]:
    return {
        "snapshots": len(done.times),
        "first": done.times[0] if done.times else None,
        "last": done.times[-1] if done.times else None,
        "rows": done.rows,
        "requests": done.requests,
        "rejected": done.rejected,
        "simulated": done.simulated,
    }


@app.command(name="monitor")
def monitor_command(
    *,
    history: Annotated[int | None, typer.Option(min=1, help="Snapshots that make the baseline.")] = None,
    drop: Annotated[
        float | None, typer.Option("--drop", "--threshold", min=0.001, max=0.999, help="Drop that alarms.")
    ] = None,
    current_time: Moment = None,
    top: Annotated[int, typer.Option(min=0, max=1000, help="Parts with the largest drops to list.")] = 10,
    json: JsonFlag = False,
) -> None:
    """Judge what was collected: the latest online share against the mean of the snapshots before.

    Exit code 1 when the fleet or a part of it has dropped.
    """
    from dqm_assets.pipeline.devices_monitor import monitor
    from dqm_assets.pipeline.devices_status import fleet_status
    from dqm_assets.settings import settings
    from dqm_assets.sources.devices.connection import rule_of
    from dqm_assets.store import open_store

    where = settings()
    rule = rule_of(where)
    asked = replace(rule, history=history or rule.history, drop=drop or rule.drop)
    moment = current_time.replace(tzinfo=UTC) if current_time else None
    with open_store(where) as store:
        # A question with other limits is answered, but makes no alert.
        judged = monitor(store, rule) if asked == rule else None
        status = fleet_status(store, asked, moment)
    document = {
        "ts": status.ts,
        "simulated": status.simulated,
        "inventory": status.inventory,
        "history": asked.history,
        "threshold": asked.drop,
        "fleet": vars(status.fleet),
        "alert": status.alert,
        "explanation": status.explanation,
        "broken": [part.name for part in status.broken],
        "parts": [vars(part) for part in status.parts[:top]],
        "judged": len(judged.moments) if judged else 0,
        "opened": judged.observed.opened if judged else 0,
        "resolved": judged.observed.resolved if judged else 0,
    }
    if json:
        print_json(document)
    else:
        _show(document, asked)
    if status.alert:
        raise typer.Exit(DATA_FAILED)


def _show(document: dict[str, Any], rule: "Rule") -> None:
    which = "simulated fleet" if document["simulated"] else "fleet"
    title = f"Online share of the {which} at {document['ts']:%Y-%m-%d %H:%M} UTC"
    print_table(title, [document["fleet"]])
    if document["parts"]:
        print_table(f"Largest drops against the mean of the previous {rule.history}", document["parts"])
    if document["alert"]:
        log_console.print(
            f"[red]✕[/red] {escape(document['explanation'] or 'A drop without an explanation.')}",
            highlight=False,
        )
