"""Streams: rates, latency, errors and lag of the events that come through Kafka, by source, live."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component

from dash_app.components.card import card
from dash_app.components.graph import graph
from dash_app.components.page_head import page_head
from dash_app.figures.stream_charts import health_chart, source_chart
from dash_app.pages.streams_parts import (
    letters_cards,
    nothing_yet,
    simulated_note,
    sources_card,
    stream_tiles,
    stream_tools,
    topics_card,
    trouble_note,
)
from dash_app.services.services import Services
from dash_app.services.streams import (
    METRICS,
    StreamNow,
    consumer_health,
    letter_kinds,
    newest_letters,
    source_lines,
    sources_now,
    stream_now,
)
from dash_app.services.viewer import viewer
from dqm_assets.quality.metric_words import metric_words

LINES_HEIGHT, HEALTH_HEIGHT = 340, 380
ABOUT = "Events of sensors as they come: how many, how late, how many of them wrong."
#: Minutes that can be shown, by their name in the address.
SPANS = {"15m": 15, "1h": 60, "6h": 360, "24h": 1440}


@dataclass(frozen=True, slots=True)
class View:
    """What is shown over time, and of which span."""

    metric: str = "event_rate"
    span: str = "15m"

    @property
    def minutes(self) -> int:
        """Length of the span."""
        return SPANS[self.span]


def view_of(metric: Any, span: Any) -> View:
    """Read a view from an address or from the controls; what cannot be is as usual."""
    usual = View()
    return View(metric if metric in METRICS else usual.metric, span if span in SPANS else usual.span)


class StreamsPage:
    """The page at ``/streams``; its address names ``metric`` and ``span`` (15m, 1h, 6h, 24h)."""

    path = "/streams"
    name = "Streams"
    icon = "streams"

    def __init__(self, services: Services) -> None:
        """Read through ``services``."""
        self._services = services

    async def layout(self, query: dict[str, str]) -> Component:
        """Show the streams as the address asks."""
        asked = {"metric": query.get("metric"), "span": query.get("span")}
        return html.Div(
            [
                dcc.Store(id="streams-asked", data=asked),
                html.Div(await self._content(asked), id="streams-content"),
            ]
        )

    def register(self, app: Dash) -> None:
        """Redraw on a new store version and on a choice; keep the address."""
        app.callback(
            Output("streams-content", "children"),
            Input("live-version", "data"),
            State("streams-asked", "data"),
            State("streams-stage", "data"),
            prevent_initial_call=True,
        )(self.wake)
        app.callback(
            Output("streams-top", "children"),
            Output("streams-lines", "figure"),
            Output("streams-what", "children"),
            Output("streams-sources", "children"),
            Output("streams-health", "figure"),
            Output("streams-rest", "children"),
            Input("live-version", "data"),
            Input("streams-metric", "value"),
            Input("streams-span", "value"),
            prevent_initial_call=True,
        )(self.redraw)
        app.clientside_callback(
            ClientsideFunction("dqmStreams", "writeAddress"),
            Output("streams-span", "id"),
            Input("streams-metric", "value"),
            Input("streams-span", "value"),
            prevent_initial_call=True,
        )

    async def wake(self, _version: int | None, asked: dict[str, Any], stage: str | None) -> Any:
        """Lay the page out once a consumer has said something."""
        now = await self._services.reads(stream_now)
        return no_update if _stage(now) == stage else await self._content(asked)

    async def redraw(self, _version: int | None, metric: str, span: str) -> tuple[Any, ...]:
        """Draw everything again; zoom stays, since its key does."""
        now = await self._services.reads(stream_now)
        if now is None:
            return (no_update,) * 6
        view = view_of(metric, span)
        top, sources = await self._top(now, view)
        lines, health = await self._lines(now, view), await self._health(now, view)
        return (
            top,
            lines,
            metric_words(view.metric).capitalize(),
            sources,
            health,
            await self._rest(now, view),
        )

    async def _content(self, asked: dict[str, Any]) -> list[Component]:
        now = await self._services.reads(stream_now)
        stage = dcc.Store(id="streams-stage", data=_stage(now))
        if now is None:
            return [stage, page_head("Streams", ABOUT), nothing_yet()]
        view = view_of(asked.get("metric"), asked.get("span"))
        top, sources = await self._top(now, view)
        lines = graph(
            "streams-lines",
            await self._lines(now, view),
            "The chosen metric of each source over time",
            LINES_HEIGHT,
        )
        health = graph(
            "streams-health",
            await self._health(now, view),
            "Latency from the broker to the store, and records behind the broker, over time",
            HEALTH_HEIGHT,
        )
        title = html.Span(metric_words(view.metric).capitalize(), id="streams-what")
        return [
            stage,
            page_head("Streams", ABOUT, stream_tools(view.span, tuple(SPANS), view.metric)),
            html.Div(
                [
                    html.Div(top, id="streams-top", className="stack"),
                    card(title, lines, note="By source. Crosses: windows that were out of range."),
                    html.Div(sources, id="streams-sources"),
                    card("Latency and lag", health),
                    html.Div(await self._rest(now, view), id="streams-rest", className="stack"),
                ],
                className="stack",
            ),
        ]

    async def _top(self, now: StreamNow, view: View) -> tuple[list[Component], Component]:
        reads = self._services.reads
        sources = await reads(sources_now, _at(now))
        kinds = await reads(letter_kinds, now.ts, view.minutes)
        notes = [trouble_note(now), simulated_note() if now.simulated else None]
        top = [note for note in notes if note is not None]
        return [*top, stream_tiles(now, sources, kinds)], sources_card(sources)

    async def _lines(self, now: StreamNow, view: View) -> Any:
        lines = await self._services.reads(source_lines, view.metric, _at(now), view.minutes)
        revision = f"{view.metric}/{view.span}"
        return await self._services.reads.build(source_chart, lines, view.metric, viewer(), revision=revision)

    async def _health(self, now: StreamNow, view: View) -> Any:
        points = await self._services.reads(consumer_health, now.ts, view.minutes)
        return await self._services.reads.build(health_chart, points, viewer(), revision=view.span)

    async def _rest(self, now: StreamNow, view: View) -> list[Component]:
        kinds = await self._services.reads(letter_kinds, now.ts, view.minutes)
        letters = await self._services.reads(newest_letters, now.ts, view.minutes)
        return [topics_card(now), *letters_cards(kinds, letters)]


def _at(now: StreamNow) -> datetime:
    return now.judged or now.ts


def _stage(now: StreamNow | None) -> str:
    """What the layout depends on: whether there is anything to show."""
    return "nothing" if now is None else "streams"
