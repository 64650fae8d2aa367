"""Backtest: replay any stored series with several settings side by side, before one is switched on."""

from dataclasses import dataclass
from typing import Any

import dash_mantine_components as dmc
from dash import ALL, ClientsideFunction, Dash, Input, Output, State, ctx, dcc, html, no_update
from dash.development.base_component import Component

from dash_app.auth import current_user, require
from dash_app.components.card import card, empty
from dash_app.components.graph import graph
from dash_app.components.number import MISSING, count, number, plural, share
from dash_app.components.page_head import page_head
from dash_app.components.status import Mark, badge
from dash_app.components.table import Cell, Heading, table
from dash_app.components.toolbar import permalink
from dash_app.figures.replay_chart import LETTERS, replay_chart
from dash_app.links import dataset_link
from dash_app.services.backtest import (
    REPLAYED,
    UNITS,
    Backtest,
    Choice,
    judging_detectors,
)
from dash_app.services.metric_series import SeriesAddress, series_addresses
from dash_app.services.replays import BusyError
from dash_app.services.series_setting import apply_choice, today_choice
from dash_app.services.services import Services
from dash_app.services.viewer import viewer
from dqm_assets.errors import DqmError, SettingsError

CHART_HEIGHT = 430
LINES = 3
UNIT_WORDS = {"points": "points", "weeks": "weeks", "z": "z (scales)"}
DEFAULTS = (Choice("robust", "points", 1000.0), Choice("ensemble", "weeks", 4.0), Choice("zscore", "z", 3.0))
HEADINGS = (
    Heading("Setting"),
    Heading("Alerts", numeric=True),
    Heading("Per week", numeric=True),
    Heading("Points out", numeric=True),
    Heading("True", numeric=True),
    Heading("Unwanted", numeric=True),
    Heading("Precision", numeric=True),
    Heading("Incidents found", numeric=True),
    Heading("Use"),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is replayed: the series, the settings, and the one whose band is drawn."""

    address: SeriesAddress
    choices: tuple[Choice, ...]
    shown: int


class BacktestPage:
    """The page at ``/backtest``: ``dataset``, ``column``, ``segment``, ``metric``, ``s``, ``band``."""

    path = "/backtest"
    name = "Backtest"
    icon = "backtest"
    needs = ("charts",)

    def __init__(self, services: Services) -> None:
        """Read through ``services``."""
        self._services = services

    async def layout(self, query: dict[str, str]) -> Component:
        """Show the series that the address names, or the first that is long enough to tell something."""
        addresses = await self._services.reads(series_addresses)
        about = "What a setting would have fired on the past, before it is switched on."
        if not addresses:
            hint = html.P("Every batch that arrives adds a point to each of its series.")
            return html.Div(
                [
                    page_head("Backtest", about),
                    html.Section(empty("No series to replay yet", hint), className="card"),
                ]
            )
        address = self._address(query, tuple(each for each, _ in addresses))
        today = await self._services.reads(today_choice, address)
        asked = Asked(address, _choices(query.get("s", ""), today), _band(query.get("band")))
        return html.Div(
            [
                dcc.Store(id="backtest-series", data=_key(address)),
                page_head("Backtest", about, [permalink()]),
                html.Div(
                    [
                        self._chooser(asked, addresses),
                        html.Div(await self._result(asked), id="backtest-result", className="stack"),
                    ],
                    className="stack",
                ),
            ]
        )

    def register(self, app: Dash) -> None:
        """Replay on every change of a setting; apply on request; another series is another address."""
        app.callback(
            Output("backtest-result", "children"),
            Input({"type": "backtest-method", "line": ALL}, "value"),
            Input({"type": "backtest-amount", "line": ALL}, "value"),
            Input({"type": "backtest-unit", "line": ALL}, "value"),
            Input("backtest-band", "value"),
            Input("live-version", "data"),
            State("backtest-series", "data"),
            prevent_initial_call=True,
        )(self.replay)
        app.callback(
            Output("backtest-said", "children"),
            Input({"type": "backtest-apply", "line": ALL}, "n_clicks"),
            State({"type": "backtest-method", "line": ALL}, "value"),
            State({"type": "backtest-amount", "line": ALL}, "value"),
            State({"type": "backtest-unit", "line": ALL}, "value"),
            State("backtest-series", "data"),
            prevent_initial_call=True,
        )(self.apply)
        app.clientside_callback(
            ClientsideFunction("dqm", "chooseSeries"),
            Output("backtest-dataset", "id"),
            Input("backtest-dataset", "value"),
            Input("backtest-name", "value"),
            prevent_initial_call=True,
        )
        app.clientside_callback(
            ClientsideFunction("dqm", "writeBacktestAddress"),
            Output("backtest-band", "id"),
            Input({"type": "backtest-method", "line": ALL}, "value"),
            Input({"type": "backtest-amount", "line": ALL}, "value"),
            Input({"type": "backtest-unit", "line": ALL}, "value"),
            Input("backtest-band", "value"),
            prevent_initial_call=True,
        )

    async def replay(
        self,
        methods: list[str],
        amounts: list[float | str | None],
        units: list[str],
        band: str,
        _version: int | None,
        series: str,
    ) -> Any:
        """Replay with the settings as they stand; one that is not whole yet changes nothing."""
        try:
            choices = tuple(map(_choice, methods, amounts, units))
        except SettingsError:
            return no_update
        return await self._result(Asked(_of_key(series), choices, _band(band)))

    async def apply(
        self,
        clicks: list[int | None],
        methods: list[str],
        amounts: list[float | str | None],
        units: list[str],
        series: str,
    ) -> Any:
        """Store the setting of the line whose button was pressed."""
        if not any(clicks) or not isinstance(ctx.triggered_id, dict):
            return no_update
        line = int(ctx.triggered_id["line"])
        try:
            choice = _choice(methods[line], amounts[line], units[line])
            done = await apply_choice(
                self._services.reads.store, _of_key(series), choice, require("operator").name
            )
        except DqmError as error:
            return str(error)
        return done

    def _address(self, query: dict[str, str], known: tuple[SeriesAddress, ...]) -> SeriesAddress:
        wanted = SeriesAddress(
            query.get("dataset", ""),
            query.get("metric", ""),
            query.get("column", ""),
            query.get("segment", ""),
        )
        if wanted in known:
            return wanted
        of_dataset = [each for each in known if each.dataset == wanted.dataset] or list(known)
        preferred = ("mean", "row_count", "share", "stddev")
        return min(
            of_dataset,
            key=lambda each: (preferred.index(each.metric) if each.metric in preferred else 9, each.column),
        )

    def _chooser(self, asked: Asked, addresses: tuple[tuple[SeriesAddress, int], ...]) -> Component:
        datasets = sorted({each.dataset for each, _ in addresses})
        own = [(each, points) for each, points in addresses if each.dataset == asked.address.dataset]
        series = html.Div(
            [
                dmc.Select(
                    id="backtest-dataset",
                    label="Dataset",
                    data=[{"value": name, "label": name} for name in datasets],
                    value=asked.address.dataset,
                    searchable=True,
                    allowDeselect=False,
                    w=230,
                    comboboxProps={"shadow": "md"},
                ),
                dmc.Select(
                    id="backtest-name",
                    label="Series",
                    data=[
                        {"value": _key(each), "label": f"{each.name} ({points:,})"} for each, points in own
                    ],
                    value=_key(asked.address),
                    searchable=True,
                    allowDeselect=False,
                    w=330,
                    comboboxProps={"shadow": "md"},
                ),
                html.Div(
                    [
                        html.Div("Range drawn", className="mantine-InputWrapper-label"),
                        dmc.SegmentedControl(
                            id="backtest-band",
                            data=[{"value": str(place), "label": LETTERS[place]} for place in range(LINES)],
                            value=str(asked.shown),
                            size="sm",
                            **{"aria-label": "Whose expected range is drawn"},
                        ),
                    ]
                ),
            ],
            className="form-line",
        )
        lines = [_line(place, choice) for place, choice in enumerate(asked.choices)]
        right = dcc.Link("Dataset", href=dataset_link(asked.address.dataset, "checks"), className="tool")
        return card(
            "Series and settings",
            series,
            html.Div(lines, className="setting-lines"),
            note="Each setting is judged as if the points came one by one: none knows what came after.",
            right=right,
        )

    async def _result(self, asked: Asked) -> list[Component]:
        reads = self._services.reads
        try:
            found = await self._services.replays(current_user(), asked.address, asked.choices)
        except BusyError as error:
            return [html.Section(empty("Too many replays", html.P(str(error)), sign="▲"), className="card")]
        if len(found.ts) < 2:  # noqa: PLR2004 - a line needs two points
            hint = html.P("A replay needs some points; each batch brings one.")
            return [html.Section(empty("This series is too short", hint), className="card")]
        today = await reads(today_choice, asked.address)
        detectors = await reads(judging_detectors, asked.address)
        figure = await reads.build(_figure, asked, found, viewer())
        note = f"{plural(len(found.ts), 'point')}"
        if found.labels:
            note += f", {plural(len(found.labels), 'labelled span')}"
        if detectors:
            note += f"; judged today by {', '.join(detectors).replace('_', ' ')}"
        rows = [_row(place, each, today) for place, each in enumerate(found.replays)]
        return [
            card(
                f"{asked.address.name} of {asked.address.dataset}",
                graph("backtest-chart", figure, f"replay of {asked.address.name}", CHART_HEIGHT),
                note=note,
            ),
            card(
                "Side by side",
                table("Settings side by side", HEADINGS, rows),
                html.P(id="backtest-said", className="said", role="status"),
                note=_labels_note(found),
            ),
        ]


def _figure(asked: Asked, found: Backtest, who: Any) -> Any:
    return replay_chart(found, asked.shown, who)


def _labels_note(found: Backtest) -> str:
    if found.labels:
        return "Precision and incidents are counted against what people said of alerts of this series."
    return "Nobody has said yet which alerts of this series were right: label them on the Alerts page."


def _row(place: int, each: Any, today: Choice | None) -> list[Cell]:
    scored = each.score
    labelled = scored.labels > 0
    now = today is not None and today == each.choice
    button: Cell = dmc.Button(
        "Apply",
        id={"type": "backtest-apply", "line": place},
        size="compact-sm",
        variant="default",
        className="button",
        disabled=today is None or today.method != each.choice.method or today.unit != each.choice.unit,
    )
    return [
        html.Span([html.Strong(LETTERS[place]), f"  {scored.setting.name}"]),
        count(scored.alerts),
        number(scored.alerts_per_week, 3),
        count(int(each.replay.judgements.anomalous.sum())),
        count(scored.true_alerts) if labelled else MISSING,
        count(scored.expected_alerts) if labelled else MISSING,
        share(scored.precision) if labelled and scored.alerts else MISSING,
        f"{scored.found} of {scored.incidents}" if labelled else MISSING,
        badge(Mark("✓", "In use", "good")) if now else button,
    ]


def _line(place: int, choice: Choice) -> Component:
    letter = LETTERS[place]
    return html.Div(
        [
            html.Span(letter, className="setting-letter"),
            dmc.Select(
                id={"type": "backtest-method", "line": place},
                data=[{"value": name, "label": name.replace("_", " ")} for name in REPLAYED],
                value=choice.method,
                allowDeselect=False,
                w=140,
                comboboxProps={"shadow": "md"},
                **{"aria-label": f"Detector of {letter}"},
            ),
            html.Span("one false alert per" if choice.unit != "z" else "alarm beyond", className="muted"),
            dmc.NumberInput(
                id={"type": "backtest-amount", "line": place},
                value=choice.amount,
                min=0.01,
                debounce=300,
                w=110,
                thousandSeparator=",",
                **{"aria-label": f"Sensitivity of {letter}"},
            ),
            dmc.Select(
                id={"type": "backtest-unit", "line": place},
                data=[{"value": unit, "label": UNIT_WORDS[unit]} for unit in UNITS],
                value=choice.unit,
                allowDeselect=False,
                w=120,
                comboboxProps={"shadow": "md"},
                **{"aria-label": f"Unit of the sensitivity of {letter}"},
            ),
        ],
        className="form-line",
    )


def _choice(method: str, amount: float | str | None, unit: str) -> Choice:
    return Choice.read(f"{method}:{unit}:{amount}")


def _choices(text: str, today: Choice | None) -> tuple[Choice, ...]:
    wanted: list[Choice] = []
    for part in text.split(",") if text else ():
        try:
            wanted.append(Choice.read(part))
        except SettingsError:
            continue
    start = ([today] if today else []) + [each for each in DEFAULTS if today is None or each != today]
    return tuple((wanted + start)[:LINES]) if wanted else tuple(start[:LINES])


def _band(text: str | None) -> int:
    return int(text) if text and text in map(str, range(LINES)) else 0


def _key(address: SeriesAddress) -> str:
    return "\x1f".join((address.dataset, address.metric, address.column, address.segment))


def _of_key(key: str) -> SeriesAddress:
    return SeriesAddress(*key.split("\x1f"))
