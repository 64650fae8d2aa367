"""The profile tab of a dataset: its columns in the newest batch, and one of them in detail."""

from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from dash_app.components.card import card, empty
from dash_app.components.graph import graph
from dash_app.components.number import number, plural, share
from dash_app.components.run_id import run_id_text
from dash_app.components.sparkline import small_histogram, sparkline
from dash_app.components.table import Cell, Heading, table
from dash_app.components.toolbar import csv_link
from dash_app.components.when import when
from dash_app.figures.control_chart import Panel, control_chart
from dash_app.figures.distribution import histogram_figure, top_values_figure
from dash_app.links import backtest_link, run_link, runs_link
from dash_app.services.columns import ColumnRow, measured_metrics, table_profile
from dash_app.services.distribution import Distribution, distribution_of
from dash_app.services.metric_series import SeriesAddress, series_points
from dash_app.services.records import SeriesPoint
from dash_app.services.services import Services
from dash_app.services.viewer import Viewer, viewer

CHART_HEIGHT = 230
POINTS = 200
#: What the history shows at first, the first of these that the column has.
FIRST_METRICS = ("mean", "null_fraction", "distinct_count")
HEADINGS = (
    Heading("Column"),
    Heading("Kind"),
    Heading("Values"),
    Heading("Missing", numeric=True),
    Heading("Missing, by batch"),
    Heading("Distinct", numeric=True),
    Heading("Min", numeric=True),
    Heading("Median", numeric=True),
    Heading("Max", numeric=True),
    Heading("Mean", numeric=True),
    Heading("Mean, by batch"),
)


async def first_column(services: Services, dataset: str) -> str | None:
    """Name the column to show when none is chosen: the first with numbers, else the first."""
    profile = await services.reads(table_profile, dataset)
    if profile is None or not profile.columns:
        return None
    numeric = (column.name for column in profile.columns if column.kind == "number")
    return next(numeric, profile.columns[0].name)


async def profile_tab(services: Services, dataset: str, column: str | None, metric: str | None) -> Component:
    """Lay out the profile table, and the chosen column with the history of the chosen metric."""
    profile = await services.reads(table_profile, dataset)
    if profile is None:
        return html.Section(
            empty(
                "No profile yet",
                html.P(
                    "A batch is profiled when it arrives: counts, moments, quantiles and distinct values."
                ),
                html.P("Sources that deliver numbers rather than rows have their series under Checks."),
            ),
            className="card",
        )
    note = html.Span(
        [
            f"{plural(len(profile.columns), 'column')} in ",
            dcc.Link(run_id_text(profile.batch), href=run_link(dataset, profile.batch)),
            ", ",
            when(profile.ts),
            ". Choose a column to see how its values spread.",
        ]
    )
    rows = [_row(each, chosen=each.name == column) for each in profile.columns]
    return html.Div(
        [
            card(
                "Profile",
                table("Profile", HEADINGS, rows),
                note=note,
                right=csv_link(f"/api/v1/datasets/{dataset}/profile?format=csv"),
            ),
            html.Div(
                await column_card(services, dataset, column, metric) if column else None,
                id="dataset-column-detail",
            ),
        ],
        className="stack",
    )


def _row(column: ColumnRow, *, chosen: bool) -> list[Cell]:
    nulls, mean = column.of("null_fraction"), column.of("mean")
    name = html.Button(
        column.name,
        type="button",
        className="choose",
        **{"data-dqm-store": "dataset-column", "data-dqm-value": column.name, "data-dqm-name": "column",
           "aria-pressed": "true" if chosen else "false"},
    )  # fmt: skip
    values: Cell = html.Span("–", className="muted")
    if column.bins:
        values = small_histogram(column.bins, f"How the values of {column.name} spread")
    elif column.top is not None:
        values = html.Span(
            [html.Span(column.top[0] or "empty", className="top-value"), f" {share(column.top[1])}"],
            className="top",
            title=f"The most frequent value: {column.top[0]}",
        )
    return [
        name,
        html.Span(column.kind, className="muted"),
        values,
        share(nulls.last),
        sparkline(
            nulls.values, f"Share of {column.name} missing", marked=nulls.marked, low=0.0, tone="neutral"
        ),
        number(column.of("distinct_count").last),
        number(column.of("min").last),
        number(column.of("p50").last),
        number(column.of("max").last),
        number(mean.last),
        sparkline(mean.values, f"Mean of {column.name}", marked=mean.marked),
    ]


async def column_card(services: Services, dataset: str, column: str, metric: str | None) -> Component:
    """Lay out a column: its distribution in the newest batch, and one of its metrics by batch."""
    reads = services.reads
    profile = await reads(table_profile, dataset)
    metrics = await reads(measured_metrics, dataset, column)
    if profile is None or not metrics:
        return card(
            column, empty("Nothing measured", html.P("The newest batches hold no value of this column."))
        )
    if metric not in metrics:
        metric = next((each for each in FIRST_METRICS if each in metrics), metrics[0])
    address = SeriesAddress(dataset, metric, column)
    points = await reads(series_points, address, POINTS)
    found = await reads(distribution_of, dataset, profile.batch, column)
    history = await reads.build(_history, address, points, viewer())
    chooser = dmc.Select(
        id="dataset-metric",
        data=[{"value": name, "label": name.replace("_", " ")} for name in metrics],
        value=metric,
        searchable=True,
        allowDeselect=False,
        w=190,
        comboboxProps={"shadow": "md"},
        **{"aria-label": "Metric"},
    )
    links = [
        dcc.Link("Control charts", href=runs_link(dataset, column), className="tool"),
        dcc.Link("Backtest", href=backtest_link(dataset, metric, column), className="tool"),
    ]
    return html.Div(
        [
            card(f"Distribution of {column}", *await _spread(services, found), note=_spread_note(found)),
            card(
                f"{metric.replace('_', ' ').capitalize()} of {column}",
                graph("dataset-history", history, f"{metric} of {column} by batch", CHART_HEIGHT),
                note=f"the newest {plural(len(points), 'batch', 'batches')}",
                right=[*links, chooser],
            ),
        ],
        className="columns columns-halves",
    )


def _history(address: SeriesAddress, points: tuple[SeriesPoint, ...], who: Viewer) -> Any:
    name = f"{address.dataset}/{address.column}/{address.metric}"
    return control_chart(
        {address.metric: points}, (Panel(address.metric, address.metric),), who, revision=name
    )


def _spread_note(found: Distribution | None) -> str:
    if found is None or found.histogram is None:
        return "the most frequent values" if found and found.top else ""
    if found.usual is None:
        return f"the newest batch, {plural(found.rows, 'row')}"
    return f"bars: the newest batch, line: {plural(found.usual_runs, 'good batch', 'good batches')} before it"


async def _spread(services: Services, found: Distribution | None) -> list[Component]:
    if found is not None and found.histogram is not None:
        figure = await services.reads.build(
            histogram_figure, found.histogram, found.usual, viewer(), revision=f"profile/{found.column}"
        )
    elif found is not None and found.top:
        figure = await services.reads.build(
            top_values_figure, found.top, found.rows, viewer(), revision=f"profile/{found.column}"
        )
    else:
        return [
            empty(
                "Nothing to draw",
                html.P("All values are equal, missing, or times: the table says what there is."),
            )
        ]
    return [graph("dataset-distribution", figure, f"distribution of {found.column}", CHART_HEIGHT)]
