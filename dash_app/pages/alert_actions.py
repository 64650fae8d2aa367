"""What can be done about an alert: acknowledge, mute, resolve; each with its reason, told in the history."""

import logging
from typing import Any

import dash_mantine_components as dmc
from dash import ALL, Dash, Input, Output, State, ctx, html, no_update
from dash.development.base_component import Component

from dash_app.auth import require
from dash_app.services.actions import AlertAction, Wish, act_on_alert
from dash_app.services.records import Alert
from dash_app.services.services import Services
from dqm_assets.errors import DqmError

log = logging.getLogger(__name__)

ACTIONS: dict[AlertAction, str] = {"acknowledge": "Acknowledge", "mute": "Mute", "resolve": "Resolve"}
HOURS = {"1": "for 1 hour", "8": "for 8 hours", "24": "for a day", "168": "for a week", "0": "until it ends"}


def actions_bar(alert: Alert) -> Component | None:
    """Offer what the alert's state allows; one that is resolved offers nothing."""
    if alert.status == "resolved":
        return None
    offered = [name for name in ACTIONS if not (name == "acknowledge" and alert.status == "acknowledged")]
    buttons = [
        dmc.Button(
            ACTIONS[name],
            id={"type": "alert-act", "action": name},
            variant="filled" if name == offered[0] else "default",
            size="sm",
            className="button",
        )
        for name in offered
    ]
    return html.Div(
        [
            dmc.TextInput(
                id="alert-reason",
                placeholder="Reason, kept in the history",
                className="reason-input",
                **{"aria-label": "Reason"},
            ),
            *buttons,
            dmc.Select(
                id="alert-hours",
                data=[{"value": value, "label": label} for value, label in HOURS.items()],
                value="24",
                allowDeselect=False,
                w=126,
                comboboxProps={"shadow": "md"},
                **{"aria-label": "How long to mute"},
            ),
            html.P(id="alert-said", className="said", role="status"),
        ],
        className="actions",
    )


def register_actions(app: Dash, services: Services) -> None:
    """Register what the buttons do; the new state comes with the next version of the store."""

    async def do(
        clicks: list[int | None], reason: str | None, hours: str | None, chosen: str | None
    ) -> tuple[Any, Any]:
        if not any(clicks) or not chosen or not isinstance(ctx.triggered_id, dict):
            return no_update, no_update
        try:
            wish = Wish(
                action=ctx.triggered_id["action"],
                actor=require("operator").name,
                reason=reason or "",
                hours=float(hours or 0) or None,
            )
            alert = await act_on_alert(services.reads.store, chosen, wish)
        except DqmError as error:
            return str(error), no_update
        log.info("%s: alert %s is %s", wish.actor, alert.alert_id, alert.status)
        return f"It is {alert.status} now.", ""

    app.callback(
        Output("alert-said", "children"),
        Output("alert-reason", "value"),
        Input({"type": "alert-act", "action": ALL}, "n_clicks"),
        State("alert-reason", "value"),
        State("alert-hours", "value"),
        State("alerts-chosen", "data"),
        prevent_initial_call=True,
    )(do)
