"""Alerts: what is anomalous, with the chart that shows it, the rows behind it, and what to do about it."""

from dataclasses import dataclass
from typing import Any

import dash_mantine_components as dmc
from dash import ClientsideFunction, Dash, Input, Output, State, ctx, dcc, html, no_update
from dash.development.base_component import Component

from dash_app.components.card import card, empty
from dash_app.components.grid import column, grid, grid_style, status_column, time_column
from dash_app.components.number import plural
from dash_app.components.page_head import page_head
from dash_app.components.status import ALERT_MARKS, mark_of
from dash_app.components.toolbar import csv_link
from dash_app.pages.alert_actions import register_actions
from dash_app.pages.alert_detail import alert_card, read_alert
from dash_app.pages.alert_labels import register_labels
from dash_app.services.alerts import AlertFilter, alert_page
from dash_app.services.records import Alert, AlertPage
from dash_app.services.services import Services
from dqm_assets.quality.alert import SEVERITIES

ROWS_SHOWN = 11
#: Two lines, since what is wrong takes a sentence.
ROW_HEIGHT = 66
MOST_SHOWN = 1000
#: Names of the filter and the statuses each holds.
FILTERS = {
    "active": ("open", "acknowledged"),
    "muted": ("muted",),
    "resolved": ("resolved",),
    "all": (),
}
#: Attributes of the button that empties the choice of a severity.
_ANY_SEVERITY: Any = {"aria-label": "Any severity"}


@dataclass(frozen=True, slots=True)
class Inbox:
    """Which alerts the list shows."""

    dataset: str | None
    status: str
    severity: str
    search: str


class AlertsPage:
    """The page at ``/alerts``; ``dataset``, ``status``, ``severity``, ``q`` and ``alert`` are its address."""

    path = "/alerts"
    name = "Alerts"
    icon = "alerts"
    needs = ("tables",)

    def __init__(self, services: Services) -> None:
        """Read through ``services``."""
        self._services = services

    async def layout(self, query: dict[str, str]) -> Component:
        """Show the alerts that the address asks for."""
        status = query.get("status", "")
        shown = Inbox(
            dataset=query.get("dataset"),
            status=status if status in FILTERS else "active",
            severity=query.get("severity", "") if query.get("severity") in SEVERITIES else "",
            search=query.get("q", ""),
        )
        page = await self._page(shown)
        chosen = query.get("alert") or (page.alerts[0].alert_id if page.alerts else None)
        about = (
            f"What is out of its range in {shown.dataset}."
            if shown.dataset
            else "What is out of its range, the newest first."
        )
        return html.Div(
            [
                dcc.Store(id="alerts-dataset", data=shown.dataset),
                dcc.Store(id="alerts-chosen", data=chosen),
                dcc.Store(id="alerts-detail-state"),
                page_head("Alerts", about, _filters(shown)),
                html.Div(
                    [
                        self._inbox(page, shown, chosen),
                        html.Div(await self._detail(chosen), id="alerts-detail"),
                    ],
                    className="columns columns-alerts",
                ),
            ]
        )

    def _inbox(self, page: AlertPage, shown: "Inbox", chosen: str | None) -> Component:
        rows = html.Div(
            grid(
                "alerts-grid",
                _columns(),
                _rows(page.alerts),
                most=ROWS_SHOWN,
                selected=chosen,
                row_height=ROW_HEIGHT,
            ),
            id="alerts-list",
            hidden=not page.alerts,
        )
        return card(
            "Inbox",
            html.Div(_empty(shown.status), id="alerts-empty", hidden=bool(page.alerts)),
            rows,
            note=html.Span(_note(page), id="alerts-note"),
            right=csv_link("/api/v1/alerts?limit=500&format=csv"),
        )

    def register(self, app: Dash) -> None:
        """Refresh on a new version or another filter; show the chosen alert; act on it."""
        app.callback(
            Output("alerts-grid", "rowData"),
            Output("alerts-grid", "style"),
            Output("alerts-note", "children"),
            Output("alerts-empty", "children"),
            Output("alerts-empty", "hidden"),
            Output("alerts-list", "hidden"),
            Input("live-version", "data"),
            Input("alerts-filter", "value"),
            Input("alerts-severity", "value"),
            Input("alerts-search", "value"),
            State("alerts-dataset", "data"),
            prevent_initial_call=True,
        )(self.refresh)
        app.callback(
            Output("alerts-detail", "children"),
            Output("alerts-detail-state", "data"),
            Input("alerts-chosen", "data"),
            Input("live-version", "data"),
            State("alerts-detail-state", "data"),
            prevent_initial_call=True,
        )(self.detail)
        app.clientside_callback(
            ClientsideFunction("dqm", "selectAlert"),
            Output("alerts-chosen", "data"),
            Input("alerts-grid", "selectedRows"),
            State("alerts-chosen", "data"),
            prevent_initial_call=True,
        )
        app.clientside_callback(
            ClientsideFunction("dqm", "writeAlertsAddress"),
            Output("alerts-filter", "id"),
            Input("alerts-filter", "value"),
            Input("alerts-severity", "value"),
            Input("alerts-search", "value"),
            prevent_initial_call=True,
        )
        register_actions(app, self._services)
        register_labels(app, self._services)

    async def refresh(
        self,
        _version: int | None,
        status: str,
        severity: str | None,
        search: str | None,
        dataset: str | None,
    ) -> tuple[list[dict[str, Any]], dict[str, int], str, Component, bool, bool]:
        """Bring the list up to date; scroll and choice stay."""
        page = await self._page(Inbox(dataset, status, severity or "", search or ""))
        return (
            _rows(page.alerts),
            grid_style(len(page.alerts), ROWS_SHOWN, ROW_HEIGHT),
            _note(page),
            _empty(status),
            bool(page.alerts),
            not page.alerts,
        )

    async def detail(self, chosen: str | None, _version: int | None, state: str | None) -> tuple[Any, Any]:
        """Show the chosen alert; a new version redraws it only when the alert itself changed."""
        if not chosen:
            return no_update, no_update
        found = await read_alert(self._services, chosen)
        new_state = chosen
        if found is not None:
            new_state = f"{chosen} {found.alert.updated_at} {found.alert.evaluations} {found.said}"
        if ctx.triggered_id == "live-version" and new_state == state:
            return no_update, no_update
        return await alert_card(self._services, found), new_state

    async def _detail(self, chosen: str | None) -> Component:
        if chosen is None:
            return card(
                "Alert", empty("No alert chosen", html.P("Choose one on the left to see its evidence."))
            )
        return await alert_card(self._services, await read_alert(self._services, chosen))

    async def _page(self, shown: "Inbox") -> AlertPage:
        where = AlertFilter(
            shown.dataset, FILTERS.get(shown.status, ()), shown.severity or None, shown.search
        )
        return await self._services.reads(alert_page, where, MOST_SHOWN)


def _filters(shown: Inbox) -> list[Component]:
    return [
        dmc.TextInput(
            id="alerts-search",
            placeholder="Find an alert",
            value=shown.search,
            debounce=200,
            w=190,
            **{"aria-label": "Find an alert", "data-dqm": "search"},
        ),
        dmc.Select(
            id="alerts-severity",
            data=[{"value": name, "label": name.capitalize()} for name in SEVERITIES],
            value=shown.severity or None,
            placeholder="Any severity",
            clearable=True,
            clearButtonProps=_ANY_SEVERITY,
            w=150,
            comboboxProps={"shadow": "md"},
            **{"aria-label": "Severity"},
        ),
        dmc.SegmentedControl(
            id="alerts-filter",
            data=[{"value": name, "label": name.capitalize()} for name in FILTERS],
            value=shown.status,
            size="sm",
            **{"aria-label": "Status"},
        ),
    ]


def _columns() -> list[dict[str, Any]]:
    return [
        status_column("severity", "Severity", minWidth=88, maxWidth=100),
        column(
            "what", "What", minWidth=190, tooltipField="what", wrapText=True, cellClass="two-lines", flex=1
        ),
        time_column("raised", "Raised", minWidth=124, maxWidth=132),
    ]


def _rows(alerts: tuple[Alert, ...]) -> list[dict[str, Any]]:
    return [
        {
            "id": alert.alert_id,
            "severity": alert.severity,
            "what": _what(alert),
            "raised": alert.raised_at.isoformat() if alert.raised_at else None,
        }
        for alert in alerts
    ]


def _what(alert: Alert) -> str:
    status = "" if alert.status == "open" else f" · {mark_of(ALERT_MARKS, alert.status).word.lower()}"
    downstream = f" · {len(alert.affects)} downstream affected" if alert.affects else ""
    behind = f"↳ {alert.dataset}: " if alert.caused_by else ""
    return f"{behind}{alert.headline}{downstream}{status}{f' · {alert.data_of}' if alert.data_of else ''}"


def _note(page: AlertPage) -> str:
    if page.total > len(page.alerts):
        return f"The newest {len(page.alerts):,} of {plural(page.total, 'alert')}."
    return plural(page.total, "alert")


def _empty(chosen_filter: str) -> Component:
    if chosen_filter == "active":
        return empty(
            "No open alerts",
            html.P(
                "Every value that is judged is in its range. An alert opens here by itself when one is not."
            ),
            sign="✓",
        )
    return empty("No such alerts", html.P("Choose another status above."))
