"""An alert in detail: what was seen and what was expected, the series around it, its history."""

import json
from dataclasses import dataclass
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from dash_app.components.card import card, empty
from dash_app.components.graph import graph
from dash_app.components.number import MISSING, number, plural
from dash_app.components.run_id import run_id_text
from dash_app.components.status import ALERT_MARKS, SEVERITY_MARKS, badge, mark_of
from dash_app.components.when import when
from dash_app.figures.control_chart import Panel, control_chart
from dash_app.links import run_link
from dash_app.services.alerts import alert_events, alert_with_id
from dash_app.services.records import Alert, AlertEvent, SeriesPoint
from dash_app.services.series import series_of
from dash_app.services.services import Services
from dash_app.services.viewer import Viewer, viewer

CHART_HEIGHT = 250
RUNS_SHOWN = 60


@dataclass(frozen=True, slots=True)
class AlertDetail:
    """All that the detail of an alert shows."""

    alert: Alert
    events: tuple[AlertEvent, ...]
    points: tuple[SeriesPoint, ...]


async def read_alert(services: Services, alert_id: str) -> AlertDetail | None:
    """Read an alert's detail, or ``None`` if there is none of that id."""
    alert = await services.reads(alert_with_id, alert_id)
    if alert is None:
        return None
    series = await services.reads(series_of, alert.dataset, alert.column, (alert.metric,), RUNS_SHOWN)
    return AlertDetail(alert, await services.reads(alert_events, alert_id), series[alert.metric])


async def alert_card(services: Services, found: AlertDetail | None) -> Component:
    """Lay out an alert's detail; ``None`` says that the address names one that is not there."""
    if found is None:
        return card(
            "Alert", empty("No such alert", html.P("It may have been removed by the retention rule."))
        )
    alert = found.alert
    marks = [badge(mark_of(SEVERITY_MARKS, alert.severity)), badge(mark_of(ALERT_MARKS, alert.status))]
    return html.Section(
        [
            html.H2(alert.headline, className="card-title"),
            html.Div([*marks, when(alert.opened_ts, "ago")], className="detail-head"),
            *await _chart(services, found),
            html.H3("Facts", className="sub"),
            _facts(alert),
            *_evidence(alert),
            html.H3("History", className="sub"),
            _history(found.events),
        ],
        className="card",
    )


async def _chart(services: Services, found: AlertDetail) -> list[Component]:
    if not found.points:
        return []
    alert = found.alert
    figure = await services.reads.build(
        _figure, alert.alert_id, alert.metric, alert.last_batch, found.points, viewer()
    )
    heading = html.H3(
        [_series_name(alert), html.Span(f"the newest {plural(len(found.points), 'run')}", className="muted")],
        className="sub",
    )
    return [heading, graph("alert-chart", figure, f"{_series_name(alert)} by run", CHART_HEIGHT)]


def _figure(alert_id: str, metric: str, batch: str, points: tuple[SeriesPoint, ...], who: Viewer) -> Any:
    return control_chart({metric: points}, (Panel(metric, metric),), who, selected=batch, revision=alert_id)


def _series_name(alert: Alert) -> str:
    where = f"{alert.column} " if alert.column else ""
    return f"{where}{alert.metric.replace('_', ' ')}" + (f" in {alert.segment}" if alert.segment else "")


def _facts(alert: Alert) -> Component:
    band = f"{number(alert.lower)} to {number(alert.upper)}" if alert.lower is not None else MISSING
    facts: list[tuple[str, Component | str | list[Component | str]]] = [
        ("Seen", html.Strong(number(alert.value))),
        ("Expected", f"{number(alert.expected)}, range {band}"),
        ("Score", number(alert.score, 3)),
        ("Dataset", dcc.Link(alert.dataset, href=run_link(alert.dataset, alert.last_batch))),
        ("Detector", alert.detector or MISSING),
        ("Last run", dcc.Link(run_id_text(alert.last_batch), href=run_link(alert.dataset, alert.last_batch))),
        ("Lasted", plural(alert.evaluations, "evaluation")),
        ("Opened", when(alert.opened_ts)),
        ("Last seen", when(alert.last_ts)),
    ]
    if alert.resolved_ts is not None:
        facts.append(("Resolved", when(alert.resolved_ts)))
    if alert.owner:
        facts.append(("Owner", alert.owner))
    if alert.snapshot is not None:
        facts.append(("Store snapshot", str(alert.snapshot)))
    return html.Dl(
        [part for name, value in facts for part in (html.Dt(name), html.Dd(value))], className="facts"
    )


def _evidence(alert: Alert) -> list[Component]:
    if not alert.evidence:
        return []
    text = (
        alert.evidence
        if isinstance(alert.evidence, str)
        else json.dumps(alert.evidence, indent=2, ensure_ascii=False)
    )
    return [html.H3("Evidence", className="sub"), html.Pre(text, className="raw evidence", tabIndex="0")]


def _history(events: tuple[AlertEvent, ...]) -> Component:
    if not events:
        return html.P("Nothing has happened since it opened.", className="muted")
    return html.Ol(
        [
            html.Li(
                [
                    html.Strong(event.event.capitalize()),
                    f" by {event.actor}" if event.actor else "",
                    " · ",
                    when(event.ts),
                    html.Div(event.reason, className="muted") if event.reason else None,
                ]
            )
            for event in events
        ],
        className="timeline",
    )
