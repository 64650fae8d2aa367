"""``dqm alerts``: the inbox on the command line."""

import getpass
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dqm_assets.cli.output import DATA_FAILED, JsonFlag, console, print_json, print_table

if TYPE_CHECKING:
    from dqm_assets.quality.alerts import Change

app = typer.Typer(help="List, show, acknowledge, mute and resolve alerts.", no_args_is_help=True)

AlertId = Annotated[str, typer.Argument(help="Alert id, or its first characters.")]
Reason = Annotated[str, typer.Option("--reason", "-r", help="Why; kept in the alert's history.")]


@app.command("list")
def list_alerts(
    status: Annotated[str, typer.Option(help="open, acknowledged, muted, resolved, or all.")] = "open",
    dataset: Annotated[str | None, typer.Option(help="Only alerts of this dataset.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    json_output: JsonFlag = False,
) -> None:
    """List alerts, newest first; exit code 1 when there are any."""
    with _store() as store:
        rows = store.rows(
            """
            SELECT alert_id, severity, status, dataset, title, opened_ts, last_ts, evaluations, owner
            FROM monitoring.alerts
            WHERE ($status = 'all' OR status = $status) AND ($dataset IS NULL OR dataset = $dataset)
            ORDER BY opened_ts DESC LIMIT $limit
            """,
            {"status": status, "dataset": dataset, "limit": limit},
        )
    if json_output:
        print_json({"alerts": rows})
    else:
        shown = [
            {
                "alert": row["alert_id"][:8],
                "severity": row["severity"],
                "status": row["status"],
                "dataset": row["dataset"],
                "what": row["title"],
                "opened": row["opened_ts"],
                "seen": row["evaluations"],
            }
            for row in rows
        ]
        print_table(f"Alerts ({status}): {len(rows)}", shown)
    if rows:
        raise typer.Exit(DATA_FAILED)


@app.command()
def show(alert_id: AlertId, json_output: JsonFlag = False) -> None:
    """Show one alert with its evidence and history."""
    from dqm_assets.pipeline.alert_actions import find_alert_id

    with _store() as store:
        full = find_alert_id(store, alert_id)
        alert = store.rows("SELECT * FROM monitoring.alerts WHERE alert_id = ?", [full])[0]
        events = store.rows("SELECT * FROM monitoring.alert_events WHERE alert_id = ? ORDER BY ts", [full])
    alert["evidence"] = json.loads(alert["evidence"])
    if json_output:
        print_json({"alert": alert, "events": events})
        return
    facts = {name: value for name, value in alert.items() if name != "evidence"}
    print_table(alert["title"], [{"what": name, "value": str(value)} for name, value in facts.items()])
    console.print(alert["evidence"]["explanation"])
    print_table("history", [{k: event[k] for k in ("ts", "event", "actor", "reason")} for event in events])


@app.command()
def ack(alert_id: AlertId, reason: Reason = "") -> None:
    """Say that someone looks after it."""
    from dqm_assets.quality.alerts import acknowledge

    _act(alert_id, lambda alert, now: acknowledge(alert, getpass.getuser(), reason, now))


@app.command()
def mute(
    alert_id: AlertId,
    reason: Reason = "",
    until: Annotated[datetime | None, typer.Option(help="UTC; until it resolves when left out.")] = None,
) -> None:
    """Keep following the incident without telling anyone."""
    from dqm_assets.quality.alerts import mute as mute_alert

    end = until.replace(tzinfo=UTC) if until else None
    _act(alert_id, lambda alert, now: mute_alert(alert, getpass.getuser(), reason, now, end))


@app.command()
def resolve(alert_id: AlertId, reason: Reason = "") -> None:
    """Close it by hand."""
    from dqm_assets.quality.alerts import resolve as resolve_alert

    _act(alert_id, lambda alert, now: resolve_alert(alert, getpass.getuser(), reason, now))


def _store() -> Any:
    from dqm_assets.settings import settings
    from dqm_assets.store import open_store

    return open_store(settings())


def _act(alert_id: str, action: "Callable[[Any, datetime], Change]") -> None:
    from dqm_assets.pipeline.alert_actions import act, find_alert_id

    with _store() as store:
        alert = act(store, find_alert_id(store, alert_id), lambda found: action(found, datetime.now(UTC)))
    console.print(f"{alert.alert_id[:8]} is {alert.status}: {alert.title}")
