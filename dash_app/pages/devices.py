"""Devices: the online share of the fleet, its segments, its states, and what was cut off."""

from dataclasses import dataclass
from typing import Any, Literal

from dash import ClientsideFunction, Dash, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component

from dash_app.components.card import card, command, empty
from dash_app.components.graph import graph
from dash_app.components.page_head import page_head
from dash_app.figures.fleet_share import fleet_share_chart
from dash_app.figures.segment_lines import segment_lines
from dash_app.figures.state_share import state_hours_chart, state_map
from dash_app.pages.devices_parts import (
    MEASURES,
    TOPS,
    fleet_tiles,
    fleet_tools,
    incidents_card,
    segment_tools,
    simulated_note,
    values_of,
)
from dash_app.services.devices import (
    FleetIncident,
    Newest,
    SharePoint,
    ValueSeries,
    fleet_incidents,
    fleet_share,
    newest_snapshot,
    state_hours,
    value_series,
)
from dash_app.services.services import Services
from dash_app.services.viewer import viewer
from dqm_assets.sources.devices.segments import SINGLE

SHARE_HEIGHT, LINES_HEIGHT, MAP_HEIGHT = 330, 340, 460
ABOUT = "Which share of the fleet is online, and which part of it is not."
SPANS = {"6h": 6, "24h": 24, "7d": 168}
#: The heatmap always has at least a day of hours.
_LEAST_HOURS = 24
_MOST_HISTORY = 200


@dataclass(frozen=True, slots=True)
class View:
    """What is shown: the span, the segment with its values, and what is called a drop."""

    span: str = "24h"
    by: str = "Supplier"
    values: tuple[str, ...] = ()
    top: int = 5
    measure: Literal["share", "count"] = "share"
    history: int = 4
    #: Per cent.
    drop: float = 15.0

    @property
    def hours(self) -> int:
        """Length of the span."""
        return SPANS[self.span]


def view_of(asked: dict[str, Any], usual: View) -> View:
    """Read a view from an address or from the controls; what cannot be is as usual."""
    values = asked.get("values") or ()
    if isinstance(values, str):
        values = tuple(value for value in values.split(",") if value)
    return View(
        asked["span"] if asked.get("span") in SPANS else usual.span,
        asked["by"] if asked.get("by") in SINGLE else usual.by,
        tuple(values),
        int(asked["top"]) if str(asked.get("top")) in TOPS else usual.top,
        asked["measure"] if asked.get("measure") in MEASURES else usual.measure,
        int(_number(asked.get("history"), 1, _MOST_HISTORY, usual.history)),
        _number(asked.get("drop"), 0.1, 99.9, usual.drop),
    )


class DevicesPage:
    """The page at ``/devices``.

    Its address names ``span``, ``by``, ``values``, ``top``, ``measure``, ``history`` and ``drop`` (per cent).
    """

    path = "/devices"
    name = "Devices"
    icon = "devices"
    needs = ("charts",)

    def __init__(self, services: Services) -> None:
        """Read through ``services``."""
        self._services = services
        limits = services.settings
        self._usual = View(history=limits.devices_history, drop=round(100 * limits.devices_drop, 4))

    async def layout(self, query: dict[str, str]) -> Component:
        """Show the fleet as the address asks."""
        view = view_of(query, self._usual)
        return html.Div(
            [
                dcc.Store(id="devices-asked", data=query),
                html.Div(await self._content(view), id="devices-content"),
            ]
        )

    def register(self, app: Dash) -> None:
        """Redraw on a new store version and on a choice; keep the address."""
        app.callback(
            Output("devices-content", "children"),
            Input("live-version", "data"),
            State("devices-asked", "data"),
            State("devices-stage", "data"),
            prevent_initial_call=True,
        )(self.wake)
        fleet = [
            Input("devices-span", "value"),
            Input("devices-history", "value"),
            Input("devices-drop", "value"),
        ]
        app.callback(
            Output("devices-top", "children"),
            Output("devices-share", "figure"),
            Output("devices-incidents", "children"),
            Input("live-version", "data"),
            *fleet,
            prevent_initial_call=True,
        )(self.redraw_fleet)
        app.callback(
            Output("devices-lines", "figure"),
            Output("devices-values", "data"),
            Output("devices-values", "value"),
            Input("live-version", "data"),
            Input("devices-span", "value"),
            Input("devices-by", "value"),
            Input("devices-values", "value"),
            Input("devices-most", "value"),
            Input("devices-measure", "value"),
            prevent_initial_call=True,
        )(self.redraw_segments)
        app.callback(
            Output("devices-map", "figure"),
            Output("devices-hours", "figure"),
            Input("live-version", "data"),
            Input("devices-span", "value"),
            prevent_initial_call=True,
        )(self.redraw_states)
        app.clientside_callback(
            ClientsideFunction("dqmDevices", "writeAddress"),
            Output("devices-span", "id"),
            Input("devices-span", "value"),
            Input("devices-by", "value"),
            Input("devices-values", "value"),
            Input("devices-most", "value"),
            Input("devices-measure", "value"),
            Input("devices-history", "value"),
            Input("devices-drop", "value"),
            prevent_initial_call=True,
        )

    async def wake(self, _version: int | None, asked: dict[str, Any], stage: str | None) -> Any:
        """Lay the page out once there is a snapshot and an inventory."""
        newest = await self._services.reads(newest_snapshot)
        return no_update if _stage(newest) == stage else await self._content(view_of(asked, self._usual))

    async def redraw_fleet(
        self, _version: int | None, span: str, history: float | None, drop: float | None
    ) -> tuple[Any, Any, Any]:
        """Draw the tiles, the share and the incidents again; zoom stays, since its key does."""
        newest = await self._services.reads(newest_snapshot)
        if newest is None:
            return no_update, no_update, no_update
        view = view_of({"span": span, "history": history, "drop": drop}, self._usual)
        points, incidents = await self._fleet(newest, view)
        figure = await self._share_figure(view, points, incidents)
        return _top(newest, points, incidents, view), figure, incidents_card(incidents)

    async def redraw_segments(
        self, _version: int | None, span: str, by: str, values: list[str], top: str, measure: str
    ) -> tuple[Any, Any, Any]:
        """Draw the lines again; values of another segment are forgotten."""
        newest = await self._services.reads(newest_snapshot)
        if newest is None:
            return no_update, no_update, no_update
        asked = {"span": span, "by": by, "values": tuple(values or ()), "top": top, "measure": measure}
        view = view_of(asked, self._usual)
        series = await self._services.reads(value_series, view.by, newest.ts, view.hours)
        known = [each.value for each in series]
        kept = [value for value in view.values if value in known]
        return await self._lines_figure(view, series), values_of(series), kept

    async def redraw_states(self, _version: int | None, span: str) -> tuple[Any, Any]:
        """Draw the map and the hours again."""
        newest = await self._services.reads(newest_snapshot)
        if newest is None:
            return no_update, no_update
        return await self._states(newest, view_of({"span": span}, self._usual))

    async def _content(self, view: View) -> list[Component]:
        newest = await self._services.reads(newest_snapshot)
        stage = dcc.Store(id="devices-stage", data=_stage(newest))
        if newest is None or not newest.inventory:
            return [stage, page_head("Devices", ABOUT), _nothing_yet(newest)]
        points, incidents = await self._fleet(newest, view)
        series = await self._services.reads(value_series, view.by, newest.ts, view.hours)
        states, hours = await self._states(newest, view)
        share = graph(
            "devices-share",
            await self._share_figure(view, points, incidents),
            "Online share of the fleet over time, with the range expected from the snapshots before",
            SHARE_HEIGHT,
        )
        lines = graph(
            "devices-lines",
            await self._lines_figure(view, series),
            f"Devices online by {view.by.lower()} over time",
            LINES_HEIGHT,
        )
        by_state = graph("devices-map", states, "Map of the online share of the Brazilian states", MAP_HEIGHT)
        by_hour = graph("devices-hours", hours, "Online share by state and hour", MAP_HEIGHT)
        return [
            stage,
            page_head("Devices", ABOUT, fleet_tools(view.span, tuple(SPANS), view.history, view.drop)),
            html.Div(
                [
                    html.Div(_top(newest, points, incidents, view), id="devices-top", className="stack"),
                    card("Online share", share, note="Shaded in red: parts of the fleet that were cut off."),
                    card(
                        "Segments",
                        segment_tools(series, view.by, view.values, top=str(view.top), measure=view.measure),
                        lines,
                        note="Chosen values, or those with most devices.",
                    ),
                    html.Div(
                        [
                            card("By state", by_state, note="Newest snapshot."),
                            card("By state and hour", by_hour, note="Mean of each hour."),
                        ],
                        className="columns columns-halves",
                    ),
                    html.Div(incidents_card(incidents), id="devices-incidents"),
                ],
                className="stack",
            ),
        ]

    async def _fleet(
        self, newest: Newest, view: View
    ) -> tuple[tuple[SharePoint, ...], tuple[FleetIncident, ...]]:
        reads = self._services.reads
        points = await reads(fleet_share, newest.ts, view.hours, view.history)
        return points, await reads(fleet_incidents, newest.ts, view.hours)

    async def _share_figure(
        self, view: View, points: tuple[SharePoint, ...], incidents: tuple[FleetIncident, ...]
    ) -> Any:
        return await self._services.reads.build(
            fleet_share_chart, points, incidents, view.drop / 100, viewer(), revision=view.span
        )

    async def _lines_figure(self, view: View, series: tuple[ValueSeries, ...]) -> Any:
        chosen = [each for each in series if each.value in view.values] or series[: view.top]
        return await self._services.reads.build(
            segment_lines,
            tuple(chosen),
            view.measure,
            viewer(),
            revision=f"{view.span}/{view.by}/{view.measure}",
        )

    async def _states(self, newest: Newest, view: View) -> tuple[Any, Any]:
        reads = self._services.reads
        series = await reads(value_series, "State", newest.ts, view.hours)
        hours = await reads(state_hours, newest.ts, max(view.hours, _LEAST_HOURS))
        who = viewer()
        return await reads.build(state_map, series, who), await reads.build(state_hours_chart, hours, who)


def _top(
    newest: Newest, points: tuple[SharePoint, ...], incidents: tuple[FleetIncident, ...], view: View
) -> list[Component]:
    point = points[-1] if points else None
    tiles = fleet_tiles(newest, point, incidents, history=view.history, drop=view.drop / 100)
    return [*([simulated_note()] if newest.simulated else []), tiles]


def _stage(newest: Newest | None) -> str:
    """What the layout depends on: whether there is anything to show."""
    if newest is None:
        return "nothing"
    return "fleet" if newest.inventory else "no inventory"


def _number(value: Any, least: float, most: float, usual: float) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return usual
    return number if least <= number <= most else usual


def _nothing_yet(newest: Newest | None) -> Component:
    if newest is not None:
        hint = [html.P(["Load one with ", command("dqm devices inventory FILE"), "."])]
        return html.Section(empty("There is no inventory of devices", *hint), className="card")
    return html.Section(
        empty(
            "No snapshot of a fleet yet",
            html.P(
                [
                    "Name its API in ",
                    command("DQM_DEVICES_URL"),
                    " and run ",
                    command("dqm devices collect"),
                    ",",
                ]
            ),
            html.P(["or start a simulated one with ", command("dqm simulate server"), "."]),
            html.P("It shows up here by itself."),
        ),
        className="card",
    )
