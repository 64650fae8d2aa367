"""The frame around every page: header, navigation, routing and what the whole app shares."""

import logging
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl

import dash_mantine_components as dmc
from dash import ClientsideFunction, Dash, Input, Output, State, dcc, html, set_props
from dash.development.base_component import Component

from dash_app.components.card import empty
from dash_app.components.page_head import page_head
from dash_app.figures.theme import FONT, template
from dash_app.pages.page import Page
from dash_app.services.alerts import open_alert_counts
from dash_app.services.datasets import dataset_names, default_dataset
from dash_app.services.services import Services
from dqm_assets.errors import StoreError

log = logging.getLogger(__name__)

TITLE = "dqm"
#: Attributes of the button that empties the switcher; dmc passes on what its type does not list.
_ALL_DATASETS: Any = {"aria-label": "Show all datasets"}
NAVBAR: Any = {"width": 216, "breakpoint": "sm", "collapsed": {"mobile": True}}


class Shell:
    """Lays out the frame and shows the page that the address names."""

    def __init__(self, services: Services, pages: Sequence[Page]) -> None:
        """Frame ``pages``, which stand in the navigation in that order."""
        self._services = services
        self._pages = {page.path: page for page in pages}

    def layout(self) -> Component:
        """Give the frame with an empty page; the browser asks for the page next."""
        return dmc.MantineProvider(
            id="mantine",
            defaultColorScheme="auto",
            theme={
                "fontFamily": FONT,
                "primaryColor": "blue",
                "defaultRadius": "md",
                "cursorType": "pointer",
            },
            children=[
                dcc.Location(id="url", refresh="callback-nav"),
                dcc.Store(id="live-version"),
                dcc.Store(id="live-beat"),
                dcc.Store(id="page-title"),
                dcc.Store(id="scheme"),
                dcc.Store(
                    id="templates",
                    data={scheme: template(scheme).to_plotly_json() for scheme in ("light", "dark")},
                ),
                html.A("Skip to content", href="#main", className="skip"),
                dmc.NotificationContainer(id="notices", position="bottom-right"),
                dmc.AppShell(
                    [
                        dmc.AppShellHeader(self._header(), className="shell-header"),
                        dmc.AppShellNavbar(
                            self._navigation(), className="shell-navbar", **{"aria-label": "Main"}
                        ),
                        dmc.AppShellMain(
                            html.Div(id="main", tabIndex="-1", className="page"), className="shell-main"
                        ),
                    ],
                    id="frame",
                    header={"height": 56},
                    navbar=NAVBAR,
                    padding={"base": "sm", "sm": "lg"},
                ),
            ],
        )

    def register(self, app: Dash) -> None:
        """Register routing, the live marks of the frame, and the pages' own callbacks."""
        app.callback(
            Output("main", "children"),
            Output("page-title", "data"),
            Input("url", "pathname"),
            Input("url", "search"),
        )(self.show)
        app.callback(
            Output("dataset-switch", "data"),
            Output("alerts-count", "children"),
            Output("alerts-count", "hidden"),
            Input("live-version", "data"),
        )(self.refresh)
        app.callback(Output("dataset-switch", "value"), Input("url", "pathname"), Input("url", "search"))(
            self.follow
        )
        _clientside(app, "title", Output("page-title", "id"), Input("page-title", "data"))
        _clientside(app, "beat", Output("live-beat", "id"), Input("live-beat", "data"))
        _clientside(
            app,
            "retheme",
            Output("scheme", "data"),
            Input("scheme-toggle", "computedColorScheme"),
            State("templates", "data"),
        )
        _clientside(
            app, "toggleMenu", Output("frame", "navbar"), Input("menu", "opened"), State("frame", "navbar")
        )
        _clientside(app, "closeMenu", Output("menu", "opened"), Input("url", "pathname"))
        _clientside(app, "switchDataset", Output("dataset-switch", "id"), Input("dataset-switch", "value"))
        for page in self._pages.values():
            page.register(app)

    async def show(self, pathname: str | None, search: str | None) -> tuple[Component, str]:
        """Lay out the page of an address; one that does not exist says so and leads back."""
        path = (pathname or "/").rstrip("/")
        page = self._pages.get(path)
        if page is None:
            return _not_found(path or "/"), f"Not found · {TITLE}"
        try:
            layout = await page.layout(dict(parse_qsl((search or "").removeprefix("?"))))
        except StoreError as error:
            log.warning("cannot lay out %s: %s", path, error)
            return _unreachable(page.name, error), f"{page.name} · {TITLE}"
        return layout, f"{page.name} · {TITLE}"

    async def refresh(self, _version: int | None) -> tuple[list[dict[str, str]], str, bool]:
        """Bring the dataset switcher and the count of open alerts up to date."""
        names = await self._services.reads(dataset_names)
        alerts = sum((await self._services.reads(open_alert_counts)).values())
        return [{"value": name, "label": name} for name in names], f"{alerts:,}", alerts == 0

    async def follow(self, pathname: str | None, search: str | None) -> str | None:
        """Show in the switcher the dataset that the address names, or that the Runs page falls back to."""
        named = dict(parse_qsl((search or "").removeprefix("?"))).get("dataset")
        if named is None and (pathname or "").rstrip("/") == "/runs":
            return await self._services.reads(default_dataset)
        return named

    def _header(self) -> Component:
        return html.Div(
            [
                dmc.Burger(
                    id="menu", size="sm", hiddenFrom="sm", opened=False, **{"aria-label": "Open navigation"}
                ),
                html.Div(
                    dcc.Link(
                        [
                            html.Img(src="/assets/favicon.svg", alt=""),
                            html.Span("Data quality", className="brand-word"),
                        ],
                        href="/dashboard",
                        className="brand",
                        title="dqm, data quality monitoring",
                    ),
                    className="brand-place",
                ),
                dmc.Select(
                    id="dataset-switch",
                    data=[],
                    placeholder="All datasets",
                    searchable=True,
                    clearable=True,
                    nothingFoundMessage="No such dataset",
                    w=260,
                    comboboxProps={"shadow": "md"},
                    clearButtonProps=_ALL_DATASETS,
                    **{"aria-label": "Dataset"},
                ),
                html.Div(className="spacer"),
                html.Div(
                    [
                        html.Span(className="live-dot", **{"aria-hidden": "true"}),
                        html.Span("Live", className="live-word"),
                    ],
                    id="live-state",
                    className="live",
                    title="New data appears without a reload",
                    role="status",
                ),
                dmc.ColorSchemeToggle(
                    id="scheme-toggle",
                    lightIcon=html.Span(className="icon icon-sun"),
                    darkIcon=html.Span(className="icon icon-moon"),
                    variant="subtle",
                    color="gray",
                    size="lg",
                    className="scheme",
                    **{"aria-label": "Switch between light and dark"},
                ),
            ],
            className="header",
        )

    def _navigation(self) -> Component:
        links = [
            dmc.NavLink(
                label=page.name,
                href=page.path,
                active="exact",
                leftSection=_icon(page.icon),
                rightSection=html.Span("", id="alerts-count", className="nav-count", hidden=True)
                if page.path == "/alerts"
                else None,
                className="nav",
            )
            for page in self._pages.values()
        ]
        foot = [
            dmc.NavLink(
                label="Dagster",
                href=self._services.settings.dagster_url,
                target="_blank",
                leftSection=_icon("pipeline"),
                className="nav",
            ),
            dmc.NavLink(
                label="API",
                href="/api/docs",
                target="_blank",
                leftSection=_icon("api"),
                className="nav",
            ),
        ]
        return html.Div([*links, html.Div(foot, className="nav-foot")], className="navbar")


def _icon(name: str) -> Component:
    return html.Span(className="icon", style={"--icon": f"url(/assets/icons/{name}.svg)"})


def report_error(error: Exception) -> None:
    """Log a failed callback with its traceback and tell the person in front of it."""
    log.error("a callback failed", exc_info=error)
    message = str(error) if isinstance(error, StoreError) else "What is shown may be old. The log says more."
    notice: dict[str, Any] = {
        "action": "show",
        "title": "Something went wrong",
        "message": message,
        "color": "pink",
        "autoClose": 8000,
    }
    set_props("notices", {"sendNotifications": [notice]})


def _clientside(
    app: Dash,
    function: str,
    output: Output,
    given: Input,
    *states: State,
) -> None:
    app.clientside_callback(
        ClientsideFunction("dqm", function),
        output,
        given,
        *states,
        prevent_initial_call=function != "retheme",
    )


def _not_found(path: str) -> Component:
    return html.Div(
        [
            page_head("Page not found", "The address leads nowhere here."),
            html.Section(
                empty(
                    f"There is no page at {path[:120]}",
                    html.P(["Go back to the ", dcc.Link("overview", href="/dashboard"), "."]),
                ),
                className="card",
            ),
        ]
    )


def _unreachable(name: str, error: StoreError) -> Component:
    return html.Div(
        [
            page_head(name, "The store does not answer."),
            html.Section(
                empty("Nothing can be shown right now", html.P(str(error)), sign="✕"), className="card"
            ),
        ]
    )
