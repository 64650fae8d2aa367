"""The frame around every page: header, navigation, routing and what the whole app shares."""

import logging
import zlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import dash_mantine_components as dmc
from dash import ClientsideFunction, Dash, Input, Output, State, dcc, html, no_update, set_props
from dash.development.base_component import Component

from dash_app.auth import current_user
from dash_app.auth.badge import who
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

    async def layout_at(self, pathname: str, search: str) -> Component:
        """Give the frame with the page of an address in it, so that the first paint is the right one."""
        content, title, address = await self._shown(pathname, search)
        with suppress(StoreError):  # then the page says so, and the frame fills when the store is back
            frame = await self._frame(pathname, search)
            return self.layout(frame, content, title, address)
        return self.layout(_EMPTY, content, title, address)

    async def layout_anywhere(self) -> Component:
        """Give the frame for a browser that does not say where it is: it asks for the page next."""
        with suppress(StoreError):
            return self.layout(await self._frame("", ""))
        return self.layout()

    def layout(
        self,
        frame: "_Frame | None" = None,
        content: Component | None = None,
        title: str | None = None,
        address: str | None = None,
    ) -> Component:
        """Give the frame; without a page in it the browser asks for the page next."""
        frame = frame or _EMPTY
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
                dcc.Store(id="frame-marks", data=frame.marks),
                dcc.Store(id="live-beat"),
                dcc.Store(id="page-title", data=title),
                dcc.Store(id="shown", data=address),
                dcc.Store(id="scheme"),
                dcc.Store(
                    id="templates",
                    data={scheme: template(scheme).to_plotly_json() for scheme in ("light", "dark")},
                ),
                html.A("Skip to content", href="#main", className="skip"),
                dmc.NotificationContainer(id="notices", position="bottom-right"),
                dmc.AppShell(
                    [
                        dmc.AppShellHeader(self._header(frame), className="shell-header"),
                        dmc.AppShellNavbar(
                            self._navigation(frame), className="shell-navbar", **{"aria-label": "Main"}
                        ),
                        dmc.AppShellMain(
                            html.Div(content, id="main", tabIndex="-1", className="page"),
                            className="shell-main",
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
            Output("shown", "data"),
            Output("dataset-switch", "value"),
            Input("url", "pathname"),
            Input("url", "search"),
            State("shown", "data"),
        )(self.show)
        app.callback(
            Output("dataset-switch", "data"),
            Output("alerts-count", "children"),
            Output("alerts-count", "hidden"),
            Output("frame-marks", "data"),
            Input("live-version", "data"),
            State("frame-marks", "data"),
            prevent_initial_call=True,
        )(self.refresh)
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

    async def show(self, pathname: str | None, search: str | None, shown: str | None) -> tuple[Any, ...]:
        """Lay out the page of an address, unless it is the one that is there already."""
        if pathname is None or _address(pathname, search) == shown:
            return no_update, no_update, no_update, no_update
        page = await self._shown(pathname, search)
        try:
            named = (await self._frame(pathname, search)).named
        except StoreError:
            named = no_update
        return *page, named

    async def _shown(self, pathname: str, search: str | None) -> tuple[Component, str, str]:
        """The page of an address, its title and the address; one that does not exist leads back."""
        path, address = pathname.rstrip("/"), _address(pathname, search)
        page = self._pages.get(path)
        if page is None:
            return _not_found(path or "/"), f"Not found · {TITLE}", address
        title = f"{page.name} · {TITLE}"
        try:
            return await page.layout(dict(parse_qsl((search or "").removeprefix("?")))), title, address
        except StoreError as error:
            log.warning("cannot lay out %s: %s", path, error)
            return _failed(page.name, "The store does not answer.", str(error)), title, address
        except Exception:
            log.exception("cannot lay out %s", path)
            hint = "The log of the dashboard says why. The other pages may work."
            return _failed(page.name, "This page could not be laid out.", hint), title, address

    async def refresh(self, _version: int | None, shown: list[str] | None) -> tuple[Any, ...]:
        """Bring the dataset switcher and the count of open alerts up to date, where they are not."""
        frame = await self._frame("", "")
        marks, known = frame.marks, shown or [None, None]
        return (
            list(frame.names) if marks[0] != known[0] else no_update,
            *((marks[1], frame.alerts == 0) if marks[1] != known[1] else (no_update, no_update)),
            marks if marks != known else no_update,
        )

    async def _frame(self, pathname: str, search: str | None) -> "_Frame":
        """Read what the frame shows, with the dataset that the address names or the Runs page falls back to.

        A name that the switcher does not offer would be cleared by it, which leads away from the address.
        """
        reads = self._services.reads
        names = await reads(dataset_names)
        alerts = sum((await reads(open_alert_counts)).values())
        named = dict(parse_qsl((search or "").removeprefix("?"))).get("dataset")
        if named is None and pathname.rstrip("/") == "/runs":
            named = await reads(default_dataset)
        return _Frame(names, alerts, named if named in names else None)

    def _header(self, frame: "_Frame") -> Component:
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
                    data=list(frame.names),
                    value=frame.named,
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
                who(),
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

    def _navigation(self, frame: "_Frame") -> Component:
        links = [
            dmc.NavLink(
                label=page.name,
                href=page.path,
                active="exact",
                leftSection=_icon(page.icon),
                rightSection=html.Span(
                    frame.marks[1], id="alerts-count", className="nav-count", hidden=frame.alerts == 0
                )
                if page.path == "/alerts"
                else None,
                className="nav",
            )
            for page in self._pages.values()
            if current_user().may(getattr(page, "role", "viewer"))
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
        keys = html.Button(
            [html.Kbd("?"), "  Keys"], type="button", className="keys-hint", **{"data-dqm": "keys"}
        )
        return html.Div([*links, html.Div([*foot, keys], className="nav-foot")], className="navbar")


@dataclass(frozen=True, slots=True)
class _Frame:
    """What the frame shows of the store: datasets, open alerts, and the dataset that the address names."""

    names: tuple[str, ...]
    alerts: int
    named: str | None

    @property
    def marks(self) -> list[str]:
        """Stands for the names and the alerts, so that a browser is only sent what changed."""
        return [f"{zlib.crc32(chr(0).join(self.names).encode()):x}", f"{self.alerts:,}"]


_EMPTY = _Frame((), 0, None)


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
        prevent_initial_call=function not in ("retheme", "title", "switchDataset"),
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


def _address(pathname: str, search: str | None) -> str:
    return f"{pathname.rstrip('/')}?{(search or '').removeprefix('?')}"


def _failed(name: str, about: str, hint: str) -> Component:
    shown = empty("Nothing can be shown right now", html.P(hint), sign="✕")
    return html.Div([page_head(name, about), html.Section(shown, className="card")])
