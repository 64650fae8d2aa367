"""``dqm notify``: try out channels, send what is due, and see what became of it."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dqm_assets.cli.output import DATA_FAILED, USAGE, JsonFlag, console, log_console, print_json, print_table

if TYPE_CHECKING:
    from dqm_assets.notify.rules import Rules

app = typer.Typer(help="Test, send, list and lint notifications.", no_args_is_help=True)

Channels = Annotated[list[str] | None, typer.Option("--channel", "-c", help="Only this channel; repeatable.")]


@app.command()
def test(channel: Channels = None, json_output: JsonFlag = False) -> None:
    """Send an example to every channel at once; exit code 1 when one did not take it, 2 without any."""
    from dqm_assets.notify.channel import send, shown
    from dqm_assets.notify.drain import addresses_of
    from dqm_assets.notify.example import example_item
    from dqm_assets.notify.message import delivery_id_of, message_of
    from dqm_assets.notify.rules_file import told_by
    from dqm_assets.settings import settings

    rules = _rules()
    item = example_item()
    results = []
    for name in told_by(rules, channel or []):
        target = rules.channels[name]
        delivery = delivery_id_of([item.notification_id, name])
        with log_console.status(f"sending to {name}"):
            message = message_of("test", [item], addresses_of(rules, settings()), delivery)
            outcome = send(target.url, target.kind, message)
        results.append(
            {
                "channel": name,
                "to": shown(target.url),
                "template": target.kind,
                "taken": outcome.sent,
                "error": outcome.error,
            }
        )
    if json_output:
        print_json({"channels": results})
    else:
        print_table(f"Test messages: {len(results)}", results)
        if not results:
            console.print(_NO_CHANNELS, highlight=False, markup=False)
    if not results:
        raise typer.Exit(USAGE)
    if any(not result["taken"] for result in results):
        raise typer.Exit(DATA_FAILED)


@app.command()
def drain(
    seconds: Annotated[float, typer.Option(min=1.0, help="Stop taking more after so long.")] = 60.0,
    revive: Annotated[bool, typer.Option(help="Also give what is dead another chance.")] = False,
    json_output: JsonFlag = False,
) -> None:
    """Send whatever is due; exit code 1 when a channel did not take it."""
    from dqm_assets.notify.drain import drain as drain_outbox
    from dqm_assets.notify.listing import revive as revive_dead

    rules = _rules()
    with _store() as store:
        revived = revive_dead(store) if revive else 0
        with log_console.status("sending"):
            done = drain_outbox(store, rules, seconds=seconds)
    result = {**vars(done), "revived": revived}
    if json_output:
        print_json(result)
    else:
        print_table("Drained", [result])
    if done.failed:
        raise typer.Exit(DATA_FAILED)


@app.command("list")
def list_all(
    status: Annotated[str, typer.Option(help="waiting, sent, dropped, dead, or all.")] = "all",
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    json_output: JsonFlag = False,
) -> None:
    """List notifications, newest first; exit code 1 when some are dead."""
    from dqm_assets.errors import SettingsError
    from dqm_assets.notify.listing import STATUSES, list_notifications, queue

    if status not in {*STATUSES, "all"}:
        raise SettingsError(f"--status {status}: one of {', '.join(STATUSES)}, all.")
    with _store() as store:
        rows = list_notifications(store, status, limit)
        counts = queue(store)
    if json_output:
        print_json({"queue": vars(counts), "notifications": rows})
    else:
        print_table("Queue", [vars(counts)])
        shown = [
            {
                "alert": row["alert_id"][:8],
                "status": row["status"],
                "channel": row["channel"],
                "event": row["event"],
                "what": row["title"],
                "created": row["created_at"],
                "due": row["due_at"],
                "sent": row["sent_at"],
                "tries": row["attempts"],
                "why": row["last_error"],
            }
            for row in rows
        ]
        print_table(f"Notifications ({status}): {len(rows)}", shown)
    if counts.dead:
        raise typer.Exit(DATA_FAILED)


@app.command()
def lint(
    file: Annotated[Path | None, typer.Argument(help="The file; the one of this home when left out.")] = None,
    json_output: JsonFlag = False,
) -> None:
    """Check notifications.yaml; exit code 1 with every mistake as file:line:column."""
    from dqm_assets.notify.channel import shown
    from dqm_assets.notify.rules_file import check_rules, load_rules, rules_path
    from dqm_assets.settings import settings

    path = file or rules_path(settings())
    problems = check_rules(path).problems if path is not None else ()
    if json_output:
        print_json({"file": path, "problems": [asdict(problem) for problem in problems]})
    for problem in () if json_output else problems:
        console.print(str(problem), style="red", highlight=False, markup=False, soft_wrap=True)
    if problems:
        raise typer.Exit(DATA_FAILED)
    if json_output:
        return
    rules = load_rules(settings()) if file is None else check_rules(file).rules
    if rules is not None and rules.routes:
        print_table(
            "Routes",
            [
                {
                    "route": route.name,
                    "from severity": route.when.severity,
                    "dataset": " ".join(route.when.dataset),
                    "owner": " ".join(route.when.owner),
                    "to": ", ".join(f"{name} ({shown(rules.channels[name].url)})" for name in route.to),
                }
                for route in rules.routes
            ],
        )
    else:
        console.print(_NO_CHANNELS, highlight=False, markup=False)


_NO_CHANNELS = "Nobody is told: set DQM_NOTIFY_URLS, or write notifications.yaml (docs/notifications.md)."


def _rules() -> "Rules":
    from dqm_assets.notify.rules_file import load_rules
    from dqm_assets.settings import settings

    return load_rules(settings())


def _store() -> Any:
    from dqm_assets.settings import settings
    from dqm_assets.store import open_store

    return open_store(settings())
