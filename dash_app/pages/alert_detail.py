"""An alert in detail: the series around it, what changed, the rows behind it, what was done about it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from dash_app.components.card import card, empty
from dash_app.components.graph import graph
from dash_app.components.number import MISSING, number, plural
from dash_app.components.run_id import run_id_text
from dash_app.components.status import ALERT_MARKS, SEVERITY_MARKS, badge, mark_of
from dash_app.components.table import Heading, table
from dash_app.components.toolbar import csv_link, outside_link, permalink
from dash_app.components.value import value_cell
from dash_app.components.when import when
from dash_app.figures.control_chart import Panel, control_chart
from dash_app.links import (
    alert_link,
    backtest_link,
    contract_link,
    dagster_check_link,
    dagster_run_link,
    dataset_link,
    run_link,
)
from dash_app.pages.alert_actions import actions_bar
from dash_app.pages.alert_labels import label_card
from dash_app.services.alert_groups import dagster_run_of, grouped_with
from dash_app.services.alert_labels import Said, label_of
from dash_app.services.alerts import alert_events, alert_with_id
from dash_app.services.datasets import dataset_summaries
from dash_app.services.evidence import EvidenceRows, evidence_rows
from dash_app.services.metric_series import CONTRACT_DETECTOR, SeriesAddress, series_points
from dash_app.services.records import SAME_TIME, Alert, AlertEvent, SeriesPoint
from dash_app.services.services import Services
from dash_app.services.viewer import Viewer, viewer
from dash_app.services.what_changed import SegmentChange, what_changed

CHART_HEIGHT = 250
POINTS_SHOWN = 120
COLUMNS_SPLIT = 2
#: Detectors that judge by a rule: there is no baseline to replay.
_RULES = {"schema", "arrival", "pipeline"}


@dataclass(frozen=True, slots=True)
class AlertDetail:
    """All that the detail of an alert shows."""

    alert: Alert
    events: tuple[AlertEvent, ...]
    points: tuple[SeriesPoint, ...]
    rows: EvidenceRows | None
    changes: tuple[SegmentChange, ...]
    siblings: tuple[Alert, ...]
    said: Said | None
    dagster_run: str | None
    #: Table of the dataset, without ``raw.``.
    table: str
    #: Whether the dataset has runs, so that batches can be opened.
    files: bool


async def read_alert(services: Services, alert_id: str) -> AlertDetail | None:
    """Read an alert's detail, or ``None`` if there is none of that id."""
    reads = services.reads
    alert = await reads(alert_with_id, alert_id)
    if alert is None:
        return None
    address = SeriesAddress(alert.dataset, alert.metric, alert.column, alert.segment)
    summaries = await reads(dataset_summaries, alert.dataset)
    return AlertDetail(
        alert=alert,
        events=await reads(alert_events, alert_id),
        points=await reads(series_points, address, POINTS_SHOWN, alert.detector),
        rows=await reads(evidence_rows, alert_id),
        changes=await reads(what_changed, alert_id),
        siblings=await reads(grouped_with, alert_id),
        said=await reads(label_of, alert_id),
        dagster_run=await reads(dagster_run_of, alert.dataset, alert.last_batch),
        table=summaries[0].table_name.removeprefix("raw.") if summaries else alert.dataset,
        files=bool(summaries and summaries[0].runs),
    )


async def alert_card(services: Services, found: AlertDetail | None) -> Component:
    """Lay out an alert's detail; ``None`` says that the address names one that is not there."""
    if found is None:
        return card(
            "Alert", empty("No such alert", html.P("It may have been removed by the retention rule."))
        )
    alert = found.alert
    marks = [badge(mark_of(SEVERITY_MARKS, alert.severity)), badge(mark_of(ALERT_MARKS, alert.status))]
    where = dcc.Link(alert.dataset, href=dataset_link(alert.dataset))
    lines = html.Div(
        [
            *marks,
            where,
            html.Span(["raised ", when(alert.raised_at, "ago")], className="muted"),
            html.Span(["data of ", when(alert.opened_ts)], className="muted"),
        ],
        className="detail-head",
    )
    lineage = _lineage_line(alert)
    return html.Div(
        [
            html.Section(
                [
                    html.Header(
                        [
                            html.Div([html.H2(alert.headline, className="alert-title"), lines, lineage]),
                            html.Div(_links(services, found), className="card-right"),
                        ],
                        className="card-head",
                    ),
                    actions_bar(alert),
                    *await _chart(services, found),
                ],
                className="card",
            ),
            None if alert.detector == CONTRACT_DETECTOR else label_card(found.said),
            _changes_card(found.changes),
            _rows_card(found),
            html.Div([_facts_card(found), _history_card(found)], className="columns columns-halves"),
            _siblings_card(found.siblings),
        ],
        className="stack",
    )


def _lineage_line(alert: Alert) -> Component | None:
    """What it follows from, or what follows from it."""
    if alert.caused_by:
        cause = dcc.Link(alert.cause or alert.caused_by[:8], href=alert_link(alert.caused_by))
        return html.P(["Caused by ", cause], className="muted")
    if alert.affects:
        links: list[Component | str] = []
        for name in alert.affects:
            links += [", " if links else "", dcc.Link(name, href=dataset_link(name))]
        return html.P(
            [f"{plural(len(alert.affects), 'downstream dataset')} affected: ", *links], className="muted"
        )
    return None


def _links(services: Services, found: AlertDetail) -> list[Component]:
    alert, url = found.alert, services.settings.dagster_url
    links: list[Component] = []
    if alert.detector == CONTRACT_DETECTOR:
        links.append(dcc.Link("Contract", href=contract_link(alert.dataset), className="tool"))
    elif alert.detector not in _RULES:
        replay = backtest_link(alert.dataset, alert.metric, alert.column, alert.segment)
        links.append(dcc.Link("Backtest", href=replay, className="tool"))
    if found.files:
        check = alert.metric if alert.detector == CONTRACT_DETECTOR else ""
        asset = dagster_check_link(url, (f"raw_{found.table}",), check)
        links.append(html.Span(outside_link("Dagster asset", asset), className="tool"))
    if found.dagster_run:
        run = outside_link("Dagster run", dagster_run_link(url, found.dagster_run))
        links.append(html.Span(run, className="tool"))
    return [*links, permalink()]


async def _chart(services: Services, found: AlertDetail) -> list[Component]:
    if not found.points:
        return [html.P("The series behind this alert is no longer stored.", className="muted")]
    alert = found.alert
    figure = await services.reads.build(
        _figure, alert.alert_id, alert.metric, alert.last_batch, found.points, viewer()
    )
    name = _series_name(found.alert)
    heading = html.H3(
        [name, html.Span(f"the newest {plural(len(found.points), 'batch', 'batches')}", className="muted")],
        className="sub",
    )
    return [heading, graph("alert-chart", figure, f"{name} by batch", CHART_HEIGHT)]


def _figure(alert_id: str, metric: str, batch: str, points: tuple[SeriesPoint, ...], who: Viewer) -> Any:
    return control_chart({metric: points}, (Panel(metric, metric),), who, selected=batch, revision=alert_id)


def _series_name(alert: Alert) -> str:
    if alert.detector == CONTRACT_DETECTOR:
        return f"Rows that fail {alert.metric}"
    return SeriesAddress(alert.dataset, alert.metric, alert.column, alert.segment).name


def _changes_card(changes: tuple[SegmentChange, ...]) -> Component | None:
    if not changes:
        return None
    parts = [_change(change) for change in changes[:COLUMNS_SPLIT]]
    return card("What changed, by segment", *parts, note="this batch against the ten good ones before it")


def _change(change: SegmentChange) -> Component:
    counted, what = change.measure == "count", change.what.capitalize()
    headings = (
        Heading(change.column or "Segment"),
        Heading("Share of the change", numeric=True),
        Heading("Rows before", numeric=True),
        Heading("Rows now", numeric=True),
        *(() if counted else (Heading(f"{what} before", numeric=True), Heading("now", numeric=True))),
    )
    rows = [
        [
            part.segment or "(empty)",
            html.Span([_share_bar(part.share), f"{100 * part.share:.0f} %"], className="share-cell"),
            number(round(part.before.count)),
            number(part.after.count),
            *(() if counted else (number(part.before.mean), number(part.after.mean))),
        ]
        for part in change.parts
    ]
    return html.Div(
        [
            html.H3(change.text, className="sub"),
            table(f"Change by {change.column or 'segment'}", headings, rows),
        ]
    )


def _share_bar(part: float) -> Component:
    width = f"{min(abs(part), 1.0) * 100:.0f}%"
    return html.Span(
        html.Span(style={"width": width}, className="share-fill"),
        className="share-bar share-against" if part < 0 else "share-bar",
        **{"aria-hidden": "true"},
    )


def _rows_card(found: AlertDetail) -> Component | None:
    shown = found.rows
    if shown is None:
        return None
    headings = [Heading("line" if name == "_line" else name) for name in shown.columns]
    rows = [[value_cell(value) for value in row] for row in shown.rows]
    at = f"snapshot {shown.snapshot} of the store" if shown.snapshot is not None else "the store of today"
    return card(
        "Evidence rows",
        html.Div(table("Evidence rows", headings, rows), className="rows-frame"),
        note=f"{shown.what}, read from {at}. {shown.note}".strip(),
        right=csv_link(f"/api/v1/alerts/{found.alert.alert_id}/rows?format=csv"),
    )


def _facts_card(found: AlertDetail) -> Component:
    alert = found.alert
    evidence = alert.evidence if isinstance(alert.evidence, dict) else {}
    band = f"{number(alert.lower)} to {number(alert.upper)}" if alert.lower is not None else MISSING
    batch: Component = run_id_text(alert.last_batch)
    if found.files:
        batch = dcc.Link(batch, href=run_link(alert.dataset, alert.last_batch))
    facts: list[tuple[str, Component | str]] = [
        ("Seen", html.Strong(number(alert.value))),
        (
            "Expected",
            f"{number(alert.expected)}, range {band}" if alert.expected is not None else "no failing row",
        ),
        ("Score", f"{number(alert.score, 3)} scales from expected" if alert.score else MISSING),
        ("Detector", _detectors(alert)),
        ("Last batch", batch),
        ("Lasted", plural(alert.evaluations, "anomalous batch", "anomalous batches")),
        ("Raised", when(alert.raised_at)),
        ("First data", when(alert.opened_ts)),
        ("Last data", when(alert.last_ts)),
    ]
    if alert.resolved_ts is not None:
        facts.append(("Resolved", when(alert.resolved_ts)))
    if alert.owner:
        facts.append(("Owner", alert.owner))
    if evidence.get("excess"):
        facts.append(("Worst point", f"{number(evidence['excess'], 3)} half bands from the middle"))
    if evidence.get("normal_points"):
        facts.append(("Calm since", plural(int(evidence["normal_points"]), "normal batch", "normal batches")))
    if evidence.get("muted_until"):
        facts.append(("Muted until", str(evidence["muted_until"])[:16].replace("T", " ") + " UTC"))
    if alert.snapshot is not None:
        facts.append(("Store snapshot", str(alert.snapshot)))
    explanation = str(evidence.get("explanation") or "")
    return card(
        "Facts",
        html.P(explanation, className="explanation") if explanation else None,
        html.Dl(
            [part for name, value in facts for part in (html.Dt(name), html.Dd(value))], className="facts"
        ),
    )


def _detectors(alert: Alert) -> Component | str:
    """Which detectors find it, each with what it expected and since when."""
    evidence = alert.evidence if isinstance(alert.evidence, dict) else {}
    said = evidence.get("detectors") or []
    if len(said) < COLUMNS_SPLIT:
        return alert.detector.replace("_", " ") or MISSING
    return html.Ul(
        [
            html.Li(
                [
                    html.Strong(str(each["detector"]).replace("_", " ")),
                    f" expected {number(each['expected'])}, ",
                    f"{number(each['lower'])} to {number(each['upper'])}, since data of ",
                    when(datetime.fromisoformat(each["since"])),
                ]
            )
            for each in said
        ],
        className="plain",
    )


def _history_card(found: AlertDetail) -> Component:
    if not found.events:
        return card("History", html.P("Nothing has happened since it opened.", className="muted"))
    items = [
        html.Li(
            [
                html.Strong(event.event.replace("_", " ").capitalize()),
                f" by {event.actor}" if event.actor else "",
                " · ",
                when(event.recorded_at),
                *_data_time(event),
                html.Div(event.reason, className="muted") if event.reason else None,
            ]
        )
        for event in found.events
    ]
    return card("History", html.Ol(items, className="timeline"))


def _data_time(event: AlertEvent) -> list[Component | str]:
    """The data's own time, where it is not the time at which it was told."""
    if event.ts is None or event.recorded_at is None or abs(event.recorded_at - event.ts) < SAME_TIME:
        return []
    return [" · data of ", when(event.ts)]


def _siblings_card(siblings: tuple[Alert, ...]) -> Component | None:
    if not siblings:
        return None
    items = [
        html.Li(
            [
                badge(mark_of(SEVERITY_MARKS, alert.severity)),
                html.Div(
                    [
                        html.Span(f"{_part(alert)} ", className="muted"),
                        dcc.Link(alert.title, href=alert_link(alert.alert_id)),
                    ],
                    className="list-main",
                ),
                html.Div(when(alert.raised_at, "ago"), className="list-side"),
            ]
        )
        for alert in siblings
    ]
    return card(
        "Same cause",
        html.Ul(items, className="list"),
        note=f"{plural(len(siblings), 'other alert')} of the same batch, or up or downstream: told once",
    )


def _part(alert: Alert) -> str:
    """What an alert is among those of its cause."""
    return "↳ follows:" if alert.caused_by else "cause:" if alert.affects else "same batch:"
