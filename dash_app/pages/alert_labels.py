"""What an alert was, in people's words, and what learning from that would change, shown before it is done."""

from typing import Any

import dash_mantine_components as dmc
from dash import ALL, Dash, Input, Output, State, ctx, html, no_update
from dash.development.base_component import Component

from dash_app.auth import require
from dash_app.components.card import card
from dash_app.components.status import OUTCOME_MARKS, badge, mark_of
from dash_app.components.table import Heading, table
from dash_app.components.when import when
from dash_app.services.alert_labels import LearningPreview, Said, accept_labels, label_as, learning_preview
from dash_app.services.services import Services
from dqm_assets.errors import DqmError
from dqm_assets.quality.labels import LabelKind

KINDS: dict[LabelKind, str] = {
    "incident": "A real incident",
    "expected": "Expected",
    "false_alarm": "A false alarm",
}
HEADINGS = (Heading("Alert"), Heading("Opened"), Heading("Said"), Heading("Then"))


def label_card(said: Said | None) -> Component:
    """Ask what the alert was; with an answer, offer to see what learning from it would change."""
    buttons = [
        dmc.Button(
            text,
            id={"type": "alert-label", "kind": kind},
            variant="light" if said is not None and said.kind == kind else "default",
            size="compact-md",
            className="button",
        )
        for kind, text in KINDS.items()
    ]
    told: list[Component | str] = ["Say it, and the detector can learn from it."]
    if said is not None:
        told = [f"{said.actor} said: {said.kind.replace('_', ' ')}, ", when(said.at, "ago")]
        told.append("; learned." if said.accepted_at else "; not learned yet.")
    preview = dmc.Button(
        "Show what learning would change",
        id="learning-show",
        variant="default",
        size="compact-md",
        className="button",
        disabled=said is None,
    )
    return card(
        "What was it?",
        html.Div([*buttons, preview], className="form-line"),
        html.Div(id="learning-result", role="status"),
        note=html.Span(told),
    )


def register_labels(app: Dash, services: Services) -> None:
    """Register labelling, the preview and its acceptance."""
    store = services.reads.store

    async def say(clicks: list[int | None], reason: str | None, chosen: str | None) -> Any:
        if not any(clicks) or not chosen or not isinstance(ctx.triggered_id, dict):
            return no_update
        kind = ctx.triggered_id["kind"]
        try:
            await label_as(store, chosen, kind, require("operator").name, (reason or "").strip())
        except DqmError as error:
            return html.P(str(error), className="said")
        return html.P(f"Noted: {KINDS[kind].lower()}.", className="said")

    async def show(clicks: int | None, chosen: str | None) -> Any:
        if not clicks or not chosen:
            return no_update
        found = await services.reads(learning_preview, chosen)
        return _preview(found) if found else no_update

    async def learn(clicks: int | None, chosen: str | None) -> Any:
        if not clicks or not chosen:
            return no_update
        try:
            summary = await accept_labels(store, chosen, require("operator").name)
        except DqmError as error:
            return html.P(str(error), className="said")
        return html.P(f"Learned: {summary}. It holds from the next batch on.", className="said")

    result = Output("learning-result", "children", allow_duplicate=True)
    app.callback(
        result,
        Input({"type": "alert-label", "kind": ALL}, "n_clicks"),
        State("alert-reason", "value", allow_optional=True),
        State("alerts-chosen", "data"),
        prevent_initial_call=True,
    )(say)
    app.callback(
        result,
        Input("learning-show", "n_clicks"),
        State("alerts-chosen", "data"),
        prevent_initial_call=True,
    )(show)
    app.callback(
        result,
        Input("learning-accept", "n_clicks"),
        State("alerts-chosen", "data"),
        prevent_initial_call=True,
    )(learn)


def _preview(found: LearningPreview) -> Component:
    if found.problem:
        return html.P(found.problem, className="said")
    rows = [
        [
            each.title,
            when(each.opened),
            each.said.replace("_", " ") or "nothing",
            badge(mark_of(OUTCOME_MARKS, "lost" if each.lost else each.outcome)),
        ]
        for each in found.alerts
    ]
    accept = dmc.Button("Learn this", id="learning-accept", size="compact-md", className="button")
    return html.Div(
        [
            html.P(f"Replayed with what was said: {found.summary}.", className="said"),
            table("What learning would change", HEADINGS, rows) if rows else None,
            html.Div(accept, className="form-line learning-accept"),
        ]
    )
