"""Audit: who did what, for admins."""

from typing import Any

from dash import Dash, Input, Output, html, no_update
from dash.development.base_component import Component

from dash_app.auth import Role, current_user
from dash_app.components.card import card, empty
from dash_app.components.grid import column, grid, time_column
from dash_app.components.page_head import page_head
from dash_app.services.audit import AuditLine, audit_lines
from dash_app.services.services import Services

SHOWN = 1_000
ROWS_AT_ONCE = 16
COLUMNS = [
    time_column("ts", "When", minWidth=150),
    column("actor", "Who", filter=True, minWidth=110),
    column("action", "What", filter=True, minWidth=140),
    column("target", "To", filter=True, minWidth=140, tooltipField="target"),
    column("reason", "Why", minWidth=140, tooltipField="reason"),
    column("details", "Details", minWidth=140, tooltipField="details"),
]


class AuditPage:
    """The page at ``/audit``."""

    path = "/audit"
    name = "Audit"
    icon = "audit"
    needs = ("tables",)
    role: Role = "admin"

    def __init__(self, services: Services) -> None:
        """Read through ``services``."""
        self._services = services

    async def layout(self, query: dict[str, str]) -> Component:
        """Show the newest lines to an admin; the address asks for nothing."""
        head = page_head("Audit", "Who signed in, who changed what, and why.")
        user = current_user()
        if not user.may(self.role):
            said = f"{user.name} is {user.role}. Ask an admin to look, or to make you one."
            return html.Div(
                [head, html.Section(empty("Only admins see the audit", html.P(said)), className="card")]
            )
        lines = await self._services.reads(audit_lines, SHOWN)
        if not lines:
            nothing = empty(
                "Nobody has done anything yet", html.P("What people do with alerts appears here.")
            )
            return html.Div([head, html.Section(nothing, className="card")])
        about = f"The newest {len(lines):,}" if len(lines) == SHOWN else f"{len(lines):,} in all"
        table = grid("audit-grid", COLUMNS, _rows(lines), most=ROWS_AT_ONCE)
        return html.Div([head, card("What was done", table, note=about)])

    def register(self, app: Dash) -> None:
        """Register the refresh."""

        async def refresh(_version: int | None) -> Any:
            if not current_user().may(self.role):
                return no_update
            return _rows(await self._services.reads(audit_lines, SHOWN))

        app.callback(
            Output("audit-grid", "rowData"), Input("live-version", "data"), prevent_initial_call=True
        )(refresh)


def _rows(lines: tuple[AuditLine, ...]) -> list[dict[str, str]]:
    # Lines have no key; counted from the oldest shown, so that old ones keep theirs while new ones come.
    return [
        {
            "id": f"{line.ts.isoformat()} {len(lines) - place}",
            "ts": line.ts.isoformat(),
            "actor": line.actor,
            "action": line.action,
            "target": line.target,
            "reason": line.reason,
            "details": "" if line.details == "{}" else line.details,
        }
        for place, line in enumerate(lines)
    ]
