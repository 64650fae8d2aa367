"""Crypto: whether prices come in, the newest of each coin, and one coin over time with its ranges."""

from typing import Any

import dash_mantine_components as dmc
from dash import ClientsideFunction, Dash, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component

from dash_app.components.card import card, command, empty
from dash_app.components.graph import graph
from dash_app.components.page_head import page_head
from dash_app.figures.price_chart import price_chart
from dash_app.pages.crypto_tables import attempts_card, prices_card, simulated_note, status_tiles
from dash_app.services.crypto import Market, Moment, crypto_history, crypto_market
from dash_app.services.services import Services
from dash_app.services.viewer import Viewer, viewer

CHART_HEIGHT = 480
#: Hours that can be shown, by their name in the address.
SPANS = {"6h": 6, "24h": 24, "7d": 168}
DEFAULT_SPAN = "24h"
ABOUT = "The largest coins by market capitalisation, in US dollars and rupees."


class CryptoPage:
    """The page at ``/crypto``; its address names ``coin`` and ``span`` (6h, 24h, 7d)."""

    path = "/crypto"
    name = "Crypto"
    icon = "crypto"
    needs = ("charts",)

    def __init__(self, services: Services) -> None:
        """Read through ``services``."""
        self._services = services

    async def layout(self, query: dict[str, str]) -> Component:
        """Show the market and the coin named in the address, or the largest."""
        address = {"coin": query.get("coin"), "span": query.get("span")}
        return html.Div(
            [
                dcc.Store(id="crypto-asked", data=address),
                html.Div(await self._content(address), id="crypto-content"),
            ]
        )

    def register(self, app: Dash) -> None:
        """Redraw on a new store version and on a choice; keep the address."""
        app.callback(
            Output("crypto-content", "children"),
            Input("live-version", "data"),
            State("crypto-asked", "data"),
            State("crypto-stage", "data"),
            prevent_initial_call=True,
        )(self.wake)
        app.callback(
            Output("crypto-top", "children"),
            Output("crypto-prices", "children"),
            Output("crypto-attempts", "children"),
            Output("crypto-chart", "figure"),
            Output("crypto-note", "children"),
            Input("live-version", "data"),
            Input("crypto-coin", "value"),
            Input("crypto-span", "value"),
            prevent_initial_call=True,
        )(self.refresh)
        app.clientside_callback(
            ClientsideFunction("dqmCrypto", "writeAddress"),
            Output("crypto-span", "id"),
            Input("crypto-coin", "value"),
            Input("crypto-span", "value"),
            prevent_initial_call=True,
        )

    async def wake(self, _version: int | None, address: dict[str, Any], stage: str | None) -> Any:
        """Lay the page out once there are prices, or another set of coins."""
        market = await self._services.reads(crypto_market)
        return no_update if _stage(market) == stage else await self._content(address)

    async def refresh(self, _version: int | None, coin: str | None, span: str) -> tuple[Any, ...]:
        """Draw everything again; zoom stays, since its key does."""
        market = await self._services.reads(crypto_market)
        if not market.prices or not coin:
            return (no_update,) * 5
        figure = await self._chart(coin, span)
        return _top(market), prices_card(market), attempts_card(market), figure, _note(market, coin)

    async def _content(self, address: dict[str, Any]) -> list[Component]:
        market = await self._services.reads(crypto_market)
        stage = dcc.Store(id="crypto-stage", data=_stage(market))
        if not market.prices:
            attempts = [attempts_card(market)] if market.attempts else []
            body = html.Div([*status_tiles(market), _nothing_yet(), *attempts], className="stack")
            return [stage, page_head("Crypto prices", ABOUT), body]
        coins = [price.coin_id for price in market.prices]
        coin = address.get("coin") if address.get("coin") in coins else coins[0]
        span = address.get("span") if address.get("span") in SPANS else DEFAULT_SPAN
        chart = graph(
            "crypto-chart",
            await self._chart(str(coin), str(span)),
            "Price and volume of the chosen coin over time, with their expected ranges",
            CHART_HEIGHT,
        )
        note = html.Span(_note(market, str(coin)), id="crypto-note")
        return [
            stage,
            page_head("Crypto prices", ABOUT, _tools(market, str(coin), str(span))),
            html.Div(
                [
                    html.Div(_top(market), id="crypto-top", className="stack"),
                    card("Price and volume", chart, note=note),
                    html.Div(prices_card(market), id="crypto-prices"),
                    html.Div(attempts_card(market), id="crypto-attempts"),
                ],
                className="stack",
            ),
        ]

    async def _chart(self, coin: str, span: str) -> Any:
        reads = self._services.reads
        moments = await reads(crypto_history, coin, SPANS.get(span, SPANS[DEFAULT_SPAN]))
        return await reads.build(_figure, moments, viewer(), f"{coin}/{span}")


def _figure(moments: tuple[Moment, ...], who: Viewer, revision: str) -> Any:
    return price_chart(moments, who, revision=revision)


def _stage(market: Market) -> str:
    """What the layout depends on: the coins to choose from, and before there are any, the attempts."""
    return " ".join(price.coin_id for price in market.prices) or f"nothing {len(market.attempts)}"


def _top(market: Market) -> list[Component]:
    return [*([simulated_note()] if market.simulated else []), *status_tiles(market)]


def _note(market: Market, coin: str) -> str:
    price = next((each for each in market.prices if each.coin_id == coin), None)
    about = f"{price.name} ({price.symbol})" if price else coin
    made_up = ", simulated" if price and price.simulated else ""
    return f"{about}{made_up}. The range of a price is the price before it, moved by its usual change."


def _tools(market: Market, coin: str, span: str) -> list[Component]:
    return [
        dmc.Select(
            id="crypto-coin",
            label="Coin",
            data=[{"value": price.coin_id, "label": price.name} for price in market.prices],
            value=coin,
            allowDeselect=False,
            searchable=True,
            w=180,
            comboboxProps={"shadow": "md"},
        ),
        html.Div(
            [
                html.Div("Span", className="mantine-InputWrapper-label"),
                dmc.SegmentedControl(
                    id="crypto-span",
                    data=[{"value": name, "label": name} for name in SPANS],
                    value=span,
                    size="sm",
                    **{"aria-label": "Span of time"},
                ),
            ]
        ),
    ]


def _nothing_yet() -> Component:
    return html.Section(
        empty(
            "No prices yet",
            html.P(["Fetch them once with ", command("dqm crypto fetch"), ","]),
            html.P(["or a simulated day with ", command("dqm simulate crypto"), "."]),
            html.P("They show up here by themselves."),
        ),
        className="card",
    )
