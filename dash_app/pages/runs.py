"""Runs: a dataset's control charts, its run table and one run in detail, live."""

from dataclasses import dataclass
from typing import Any

import dash_mantine_components as dmc
from dash import ClientsideFunction, Dash, Input, Output, Patch, State, ctx, dcc, html, no_update
from dash.development.base_component import Component

from dash_app.components.card import card, command, empty, tile, tiles
from dash_app.components.graph import graph
from dash_app.components.grid import grid_style
from dash_app.components.number import count, plural, share
from dash_app.components.page_head import page_head
from dash_app.components.run_id import run_id_text
from dash_app.components.status import RUN_MARKS, badge, mark_of
from dash_app.components.when import when
from dash_app.figures.control_chart import RUN_PANELS, TABLE_PANELS, Panel, control_chart, selection_shapes
from dash_app.pages.run_detail import detail_card, no_such_run, nothing_chosen, read_detail
from dash_app.pages.runs_table import ROWS_SHOWN, run_rows, run_table
from dash_app.services.datasets import dataset_summaries, default_dataset
from dash_app.services.records import DatasetSummary, Run, SeriesPoint
from dash_app.services.runs import RunFilter, run_page
from dash_app.services.series import chart_columns, series_of
from dash_app.services.services import Services
from dash_app.services.viewer import Viewer, viewer

CHART_HEIGHT = 470
#: How many of the newest runs can be shown at a time.
WINDOWS = (50, 200, 1000)
#: What stands for the table as a whole in the address and the choice of columns.
WHOLE_TABLE = "*"

#: What answers a refresh of the view: figure, table rows and height, tiles, note of the chart.
Refreshed = tuple[Any, Any, Any, Any, Any]


@dataclass(frozen=True, slots=True)
class View:
    """What of a dataset is shown: a column, or the table as a whole, over its newest runs."""

    dataset: str
    #: ``None`` while nothing has been measured.
    column: str | None
    last: int

    @property
    def panels(self) -> tuple[Panel, ...]:
        """The panels of the chart, top to bottom."""
        return TABLE_PANELS if self.column == WHOLE_TABLE else RUN_PANELS


@dataclass(frozen=True, slots=True)
class Shown:
    """The data of a view."""

    summary: DatasetSummary
    runs: tuple[Run, ...]
    columns: tuple[str, ...]
    series: dict[str, tuple[SeriesPoint, ...]]


class RunsPage:
    """The page at ``/runs``; its address names ``dataset``, ``column``, ``last`` (how many) and ``run``."""

    path = "/runs"
    name = "Runs"
    icon = "runs"
    needs = ("charts",)

    def __init__(self, services: Services) -> None:
        """Read through ``services``."""
        self._services = services

    async def layout(self, query: dict[str, str]) -> Component:
        """Show the dataset named in the address, or the one whose data arrived last."""
        dataset = query.get("dataset") or await self._services.reads(default_dataset)
        if dataset is None:
            return html.Div([page_head("Runs", "Each file that arrives is a run."), self._nothing_yet()])
        last = int(query["last"]) if query.get("last") in map(str, WINDOWS) else WINDOWS[0]
        address = {"dataset": dataset, "column": query.get("column"), "last": last, "run": query.get("run")}
        return html.Div(
            [
                dcc.Store(id="runs-address", data=address),
                html.Div(await self._content(address), id="runs-content"),
            ]
        )

    def register(self, app: Dash) -> None:
        """Register the page's callbacks: refresh, choice of a run, its detail."""
        app.callback(
            Output("runs-content", "children"),
            Input("live-version", "data"),
            State("runs-address", "data"),
            State("runs-stage", "data"),
            prevent_initial_call=True,
        )(self.wake)
        app.callback(
            Output("runs-chart", "figure"),
            Output("runs-grid", "rowData"),
            Output("runs-grid", "style"),
            Output("runs-tiles", "children"),
            Output("runs-note", "children"),
            Input("live-version", "data"),
            Input("runs-column", "value"),
            Input("runs-last", "value"),
            State("runs-address", "data"),
            State("runs-chosen", "data"),
            prevent_initial_call=True,
        )(self.refresh)
        app.callback(
            Output("runs-detail", "children"),
            Output("runs-detail-state", "data"),
            Output("runs-chart", "figure", allow_duplicate=True),
            Input("runs-chosen", "data"),
            Input("runs-column", "value"),
            Input("live-version", "data"),
            State("runs-address", "data"),
            State("runs-detail-state", "data"),
            prevent_initial_call=True,
        )(self.detail)
        app.clientside_callback(
            ClientsideFunction("dqm", "selectRun"),
            Output("runs-chosen", "data"),
            Output("runs-grid", "selectedRows"),
            Input("runs-chart", "clickData"),
            Input("runs-grid", "selectedRows"),
            State("runs-chosen", "data"),
            prevent_initial_call=True,
        )
        app.clientside_callback(
            ClientsideFunction("dqm", "writeRunsAddress"),
            Output("runs-last", "id"),
            Input("runs-column", "value"),
            Input("runs-last", "value"),
            prevent_initial_call=True,
        )

    async def wake(self, _version: int | None, address: dict[str, Any], stage: str | None) -> Any:
        """Lay the page out again once its dataset has its first run, or its first numeric column."""
        if stage == "charts" or await self._stage(address["dataset"]) == stage:
            return no_update
        return await self._content(address)

    async def _stage(self, dataset: str) -> str:
        """How much of a dataset there is to show: nothing, its runs, or charts of a column too."""
        summaries = await self._services.reads(dataset_summaries, dataset)
        if not summaries or not summaries[0].runs:
            return "nothing"
        return "charts" if await self._columns(dataset) else "runs"

    async def _columns(self, dataset: str) -> tuple[str, ...]:
        """What of a dataset can be charted, as the choice of columns names it."""
        return tuple(name or WHOLE_TABLE for name in await self._services.reads(chart_columns, dataset))

    async def refresh(
        self,
        _version: int | None,
        column: str | None,
        last: str,
        address: dict[str, Any],
        chosen: str | None,
    ) -> Refreshed:
        """Draw chart, table and tiles again; zoom, scroll and choice stay, since their keys do."""
        view = View(address["dataset"], column, int(last))
        shown = await self._shown(view)
        if shown is None:
            return no_update, no_update, no_update, no_update, no_update
        return (
            await self._chart(view, shown, chosen),
            run_rows(shown.runs, shown.series),
            grid_style(len(shown.runs), ROWS_SHOWN),
            _tiles(shown),
            _note(view, shown),
        )

    async def detail(
        self,
        chosen: str | None,
        column: str | None,
        _version: int | None,
        address: dict[str, Any],
        state: str | None,
    ) -> tuple[Any, Any, Any]:
        """Show the chosen run; a new version redraws it only when the run itself changed."""
        if not chosen:
            return no_update, no_update, no_update
        found = await read_detail(self._services, address["dataset"], chosen, column)
        if found is None:
            return no_such_run(chosen), "", no_update
        new_state = f"{chosen} {column} {found.run.status} {found.run.judged_at} {found.run.snapshot}"
        if ctx.triggered_id == "live-version" and new_state == state:
            return no_update, no_update, no_update
        figure = Patch()
        figure["layout"]["shapes"] = selection_shapes(found.run.ts or found.run.landed_at, viewer().zone)
        return await detail_card(self._services, found), new_state, figure

    async def _shown(self, view: View) -> Shown | None:
        reads = self._services.reads
        summaries = await reads(dataset_summaries, view.dataset)
        if not summaries or not summaries[0].runs:
            return None
        page = await reads(run_page, RunFilter(dataset=view.dataset), view.last)
        series: dict[str, tuple[SeriesPoint, ...]] = {}
        columns = await self._columns(view.dataset)
        if view.column:
            metrics = tuple(panel.metric for panel in view.panels)
            name = "" if view.column == WHOLE_TABLE else view.column
            series = await reads(series_of, view.dataset, name, metrics, view.last)
        return Shown(summaries[0], page.runs, columns, series)

    async def _content(self, address: dict[str, Any]) -> list[Component]:
        dataset, chosen = address["dataset"], address["run"]
        columns = await self._columns(dataset)
        column = address["column"] if address["column"] in columns else next(iter(columns), None)
        view = View(dataset, column, address["last"])
        shown = await self._shown(view)
        if shown is None:
            return [
                dcc.Store(id="runs-stage", data="nothing"),
                page_head(dataset, "Each file that arrives is a run."),
                self._no_runs(dataset),
            ]
        if chosen is None:
            chosen = shown.runs[0].run_id
        return [
            dcc.Store(id="runs-stage", data="charts" if column else "runs"),
            dcc.Store(id="runs-chosen", data=chosen),
            dcc.Store(id="runs-detail-state"),
            page_head(dataset, _about(shown.summary), _tools(view, shown)),
            html.Div(
                [
                    html.Div(_tiles(shown), id="runs-tiles"),
                    await self._chart_card(view, shown, chosen),
                    html.Div(
                        [
                            run_table(shown.runs, shown.series, chosen),
                            html.Div(await self._first_detail(view, chosen), id="runs-detail"),
                        ],
                        className="columns columns-runs",
                    ),
                ],
                className="stack",
            ),
        ]

    async def _first_detail(self, view: View, chosen: str | None) -> Component:
        if chosen is None:
            return nothing_chosen()
        found = await read_detail(self._services, view.dataset, chosen, view.column)
        return await detail_card(self._services, found) if found else no_such_run(chosen)

    async def _chart_card(self, view: View, shown: Shown, chosen: str | None) -> Component:
        figure = await self._chart(view, shown, chosen)
        chart = graph(
            "runs-chart",
            figure,
            f"{', '.join(panel.title.lower() for panel in view.panels)} of {view.dataset} by run",
            CHART_HEIGHT,
        )
        note = html.Span(_note(view, shown), id="runs-note")
        return html.Div(card("Control charts", chart, note=note), hidden=view.column is None)

    async def _chart(self, view: View, shown: Shown, chosen: str | None) -> Any:
        series = tuple(shown.series.items())
        return await self._services.reads.build(_figure, view, series, viewer(), chosen)

    def _no_runs(self, dataset: str) -> Component:
        folder = self._services.settings.landing_folder / dataset
        return html.Section(
            empty(
                "No run of this dataset yet",
                html.P(["Drop a CSV file into ", command(str(folder)), ","]),
                html.P(["or load one with ", command(f"dqm ingest FILE --dataset {dataset}"), "."]),
                html.P("It shows up here by itself."),
            ),
            className="card",
        )

    def _nothing_yet(self) -> Component:
        return html.Section(
            empty(
                "No dataset yet",
                html.P(
                    [
                        "Drop a CSV file into ",
                        command(f"{self._services.settings.landing_folder}/<dataset>/"),
                        ".",
                    ]
                ),
            ),
            className="card",
        )


def _figure(
    view: View, series: tuple[tuple[str, tuple[SeriesPoint, ...]], ...], who: Viewer, chosen: str | None
) -> Any:
    return control_chart(
        dict(series), view.panels, who, selected=chosen, revision=f"{view.dataset}/{view.column}/{view.last}"
    )


def _about(summary: DatasetSummary) -> str:
    parts = [summary.description.rstrip(".") or ("Discovered from its files" if summary.discovered else "")]
    if summary.owner:
        parts.append(f"owned by {summary.owner}")
    return " · ".join(part for part in parts if part) or "Each file that arrives is a run."


def _tools(view: View, shown: Shown) -> list[Component]:
    return [
        dmc.Select(
            id="runs-column",
            label="Column",
            data=[{"value": name, "label": _label(name)} for name in shown.columns],
            value=view.column,
            searchable=len(shown.columns) > 8,  # noqa: PLR2004 - what fits the list without scrolling
            allowDeselect=False,
            disabled=not shown.columns,
            placeholder="Nothing measured",
            w=190,
            comboboxProps={"shadow": "md"},
        ),
        html.Div(
            [
                html.Div("Newest runs", className="mantine-InputWrapper-label"),
                dmc.SegmentedControl(
                    id="runs-last",
                    data=[{"value": str(window), "label": f"{window:,}"} for window in WINDOWS],
                    value=str(view.last),
                    size="sm",
                    **{"aria-label": "Newest runs"},
                ),
            ]
        ),
    ]


def _label(column: str) -> str:
    return "Whole table" if column == WHOLE_TABLE else column


def _tiles(shown: Shown) -> Component:
    summary, newest = shown.summary, shown.runs[0]
    judged = [run for run in shown.runs if run.status in ("GOOD", "BAD")]
    good = sum(run.status == "GOOD" for run in judged)
    return tiles(
        [
            tile("Last run", badge(mark_of(RUN_MARKS, newest.status)), run_id_text(newest.run_id)),
            tile(
                "Arrived",
                when(newest.landed_at, "ago"),
                f"{count(newest.rows_loaded)} {'row' if newest.rows_loaded == 1 else 'rows'} loaded",
            ),
            tile(
                "Good runs",
                share(good / len(judged) if judged else None),
                f"{count(good)} of the last {plural(len(judged), 'judged run')}",
            ),
            tile("Runs", count(summary.runs), f"{count(summary.bad)} bad in all"),
            tile("Rows", count(summary.rows_loaded), f"{count(summary.rows_quarantined)} quarantined"),
        ]
    )


def _note(view: View, shown: Shown) -> str:
    column, runs = _label(view.column or WHOLE_TABLE), plural(len(shown.runs), "run")
    return f"{column}, the newest {runs}. Click a run to see it in detail."
