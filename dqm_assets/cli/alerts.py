"""``dqm alerts``: the inbox on the command line."""

import getpass
import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dqm_assets.cli.output import DATA_FAILED, JsonFlag, console, print_json, print_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dqm_assets.quality.alert import SeriesKey
    from dqm_assets.quality.alerts import Change
    from dqm_assets.quality.labels import LabelKind

app = typer.Typer(help="List, show, acknowledge, mute and resolve alerts.", no_args_is_help=True)


class Said(StrEnum):
    """What an alert was."""

    expected = "expected"
    false_alarm = "false-alarm"
    incident = "incident"

    @property
    def kind(self) -> "LabelKind":
        """As labels call it."""
        kinds: dict[Said, LabelKind] = {
            Said.expected: "expected",
            Said.false_alarm: "false_alarm",
            Said.incident: "incident",
        }
        return kinds[self]


AlertId = Annotated[str, typer.Argument(help="Alert id, or its first characters.")]
Reason = Annotated[str, typer.Option("--reason", "-r", help="Why; kept in the alert's history.")]


@app.command("list")
def list_alerts(
    status: Annotated[str, typer.Option(help="open, acknowledged, muted, resolved, or all.")] = "open",
    dataset: Annotated[str | None, typer.Option(help="Only alerts of this dataset.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    json_output: JsonFlag = False,
) -> None:
    """List alerts, the last raised first, each before those it caused; exit code 1 when there are any."""
    with _store() as store:
        rows = store.rows(
            """
            SELECT alert_id, severity, status, dataset, title, coalesce(raised_at, opened_ts) AS raised_at,
                opened_ts, last_ts, evaluations, owner, group_key, caused_by, coalesce((
                    SELECT list(DISTINCT d.dataset ORDER BY d.dataset) FROM monitoring.alerts AS d
                    WHERE d.caused_by <> '' AND d.status <> 'resolved' AND d.caused_by = alerts.alert_id
                ), []) AS affects
            FROM monitoring.alerts
            WHERE ($status = 'all' OR status = $status) AND ($dataset IS NULL OR dataset = $dataset)
            ORDER BY max(coalesce(raised_at, opened_ts)) OVER (
                    PARTITION BY coalesce(nullif(caused_by, ''), alert_id)
                ) DESC, coalesce(nullif(caused_by, ''), alert_id), caused_by <> '',
                coalesce(raised_at, opened_ts) DESC, opened_ts DESC, alert_id LIMIT $limit
            """,
            {"status": status, "dataset": dataset, "limit": limit},
        )
    if json_output:
        print_json({"alerts": rows})
    else:
        chains = any(row["caused_by"] or row["affects"] for row in rows)
        shown = [
            {
                "alert": row["alert_id"][:8],
                "severity": row["severity"],
                "status": row["status"],
                "dataset": f"{'↳ ' if row['caused_by'] else ''}{row['dataset']}",
                "what": row["title"],
                **(
                    {"because of": row["caused_by"][:8], "affects": ", ".join(row["affects"])}
                    if chains
                    else {}
                ),
                "raised": row["raised_at"],
                "data of": row["opened_ts"],
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
        events = store.rows(
            "SELECT * FROM monitoring.alert_events WHERE alert_id = ? "
            "ORDER BY coalesce(recorded_at, ts), ts, event_id",
            [full],
        )
        group = store.rows(
            "SELECT alert_id, dataset, status, severity, title, caused_by FROM monitoring.alerts "
            "WHERE group_key = ? AND alert_id <> ? ORDER BY caused_by <> '', opened_ts, alert_id",
            [alert["group_key"], full],
        )
    alert["evidence"] = json.loads(alert["evidence"])
    if json_output:
        print_json({"alert": alert, "events": events, "same_cause": group})
        return
    facts = {name: value for name, value in alert.items() if name != "evidence"}
    print_table(alert["title"], [{"what": name, "value": str(value)} for name, value in facts.items()])
    console.print(alert["evidence"]["explanation"])
    if group:
        print_table("same cause", group)
    history = [
        {
            "when": event["recorded_at"] or event["ts"],
            "data of": event["ts"],
            **{name: event[name] for name in ("event", "actor", "reason")},
        }
        for event in events
    ]
    print_table("history", history)


@app.command()
def ack(
    alert_id: AlertId,
    reason: Reason = "",
    said: Annotated[
        Said | None, typer.Option("--as", help="What it was; learned once it is accepted.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Accept what would be learned.")] = False,
    json_output: JsonFlag = False,
) -> None:
    """Say that someone looks after it; with --as also what it was, and see what that would change."""
    from dqm_assets.quality.alerts import acknowledge

    if said is None:
        _act(alert_id, lambda alert, now: acknowledge(alert, getpass.getuser(), reason, now), json_output)
        return
    from dqm_assets.pipeline.alert_actions import find_alert_id
    from dqm_assets.pipeline.relearn import label_alert

    with _store() as store:
        full = find_alert_id(store, alert_id)
        alert = label_alert(store, full, said.kind, getpass.getuser(), reason)
        documents = _relearn(store, [alert.series], yes=yes, reason=reason)
    if json_output:
        print_json({"alert_id": full, "status": alert.status, "relearning": documents})
        return
    console.print(f"{full[:8]} is {alert.status}, labelled {said.value}: {alert.title}", markup=False)
    _show_relearning(documents)


@app.command()
def relearn(
    dataset: Annotated[str | None, typer.Option(help="Only series of this dataset.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Accept what would be learned.")] = False,
    reason: Reason = "",
    json_output: JsonFlag = False,
) -> None:
    """Replay series with labels that wait: which past alerts would go, which true ones would be lost."""
    from dqm_assets.pipeline.relearn import labelled_series

    with _store() as store:
        documents = _relearn(store, labelled_series(store, dataset), yes=yes, reason=reason)
    if json_output:
        print_json({"relearning": documents})
    else:
        _show_relearning(documents)


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


def _relearn(store: Any, series: "Sequence[SeriesKey]", *, yes: bool, reason: str) -> list[dict[str, Any]]:
    """Preview each series, and accept if that is wanted; a series without a baseline says so."""
    from dqm_assets.errors import SettingsError
    from dqm_assets.pipeline.relearn import accept, preview_relearning

    documents = []
    for one in series:
        try:
            found = preview_relearning(store, one)
        except SettingsError as error:
            documents.append({"series": one.name, "summary": str(error), "accepted": False, "alerts": []})
            continue
        if yes:
            accept(store, found, getpass.getuser(), reason)
        alerts = [asdict(outcome) for outcome in found.outcomes]
        documents.append({"series": one.name, "summary": found.summary, "accepted": yes, "alerts": alerts})
    return documents


def _show_relearning(documents: "Sequence[Mapping[str, Any]]") -> None:
    if not documents:
        console.print("No label waits to be learned: `dqm alerts ack ID --as expected` makes one.")
    for document in documents:
        shown = [
            {
                "opened": alert["opened_ts"],
                "what": alert["title"],
                "you said": alert["said"].replace("_", " "),
                "would": f"{alert['outcome']}{' (a true one, lost)' if alert['lost'] else ''}",
            }
            for alert in document["alerts"]
        ]
        print_table(f"{document['series']}: {document['summary']}", shown)
        if document["accepted"]:
            console.print("Accepted: it is judged so from its next point on.")
        elif document["alerts"]:
            console.print("Nothing is changed yet; `dqm alerts relearn --yes` accepts it.")


def _act(alert_id: str, action: "Callable[[Any, datetime], Change]", json_output: bool = False) -> None:
    from dqm_assets.pipeline.alert_actions import act, find_alert_id

    with _store() as store:
        alert = act(store, find_alert_id(store, alert_id), lambda found: action(found, datetime.now(UTC)))
    if json_output:
        print_json({"alert_id": alert.alert_id, "status": alert.status, "title": alert.title})
    else:
        console.print(f"{alert.alert_id[:8]} is {alert.status}: {alert.title}", markup=False)
