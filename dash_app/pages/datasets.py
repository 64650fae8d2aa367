"""Datasets: every monitored table with its score, and one of them in detail."""

from typing import Any

import dash_mantine_components as dmc
from dash import ClientsideFunction, Dash, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component

from dash_app.components.card import card, command, empty
from dash_app.components.number import count, plural
from dash_app.components.page_head import page_head
from dash_app.components.score import score_pill
from dash_app.components.sparkline import sparkline
from dash_app.components.status import RUN_MARKS, badge, mark_of
from dash_app.components.strip import strip
from dash_app.components.table import Cell, Heading, table
from dash_app.components.toolbar import csv_link
from dash_app.components.when import when
from dash_app.links import alerts_link, dataset_link, datasets_link
from dash_app.pages.dataset_detail import DatasetDetail
from dash_app.services.datasets import dataset_summaries
from dash_app.services.records import DatasetSummary
from dash_app.services.scores import DatasetScore, dataset_scores
from dash_app.services.services import Services

PER_PAGE = 25
SHOWN = {"all": "All", "attention": "Need attention", "waiting": "No data yet"}
HEADINGS = (
    Heading("Dataset"),
    Heading("Score"),
    Heading("30 days"),
    Heading("Last batch"),
    Heading("Recent runs"),
    Heading("Owner"),
    Heading("Rows", numeric=True),
    Heading("Open alerts", numeric=True),
    Heading("Arrived", numeric=True),
)


class DatasetsPage:
    """The page at ``/datasets``: a list by ``q``, ``show``, ``page``, or one ``dataset`` with its ``tab``."""

    path = "/datasets"
    name = "Datasets"
    icon = "datasets"

    def __init__(self, services: Services) -> None:
        """Read through ``services``."""
        self._services = services
        self._detail = DatasetDetail(services)

    async def layout(self, query: dict[str, str]) -> Component:
        """Show the list, or the dataset that the address names."""
        if query.get("dataset"):
            return await self._detail.layout(query["dataset"], query)
        search, show = query.get("q", ""), query.get("show", "all")
        show = show if show in SHOWN else "all"
        page = max(int(query["page"]) - 1, 0) if query.get("page", "").isdecimal() else 0
        tools = [
            dmc.SegmentedControl(
                id="datasets-show",
                data=[{"value": value, "label": label} for value, label in SHOWN.items()],
                value=show,
                size="sm",
                **{"aria-label": "Which datasets"},
            ),
            dmc.TextInput(
                id="datasets-search",
                placeholder="Name, owner or description",
                value=search,
                debounce=200,
                w=240,
                **{"aria-label": "Find a dataset", "data-dqm": "search"},
            ),
        ]
        return html.Div(
            [
                page_head("Datasets", "Every monitored table, the ones that need attention first.", tools),
                dcc.Store(id="datasets-page", data=page),
                html.Div(await self._list(search, show, page), id="datasets-list"),
            ]
        )

    def register(self, app: Dash) -> None:
        """Redraw the list on a new version and while searching; the detail brings its own callbacks."""
        app.callback(
            Output("datasets-list", "children"),
            Input("live-version", "data"),
            Input("datasets-search", "value"),
            Input("datasets-show", "value"),
            State("datasets-page", "data"),
            prevent_initial_call=True,
        )(self.refresh)
        app.clientside_callback(
            ClientsideFunction("dqm", "writeDatasetsAddress"),
            Output("datasets-search", "id"),
            Input("datasets-search", "value"),
            Input("datasets-show", "value"),
            prevent_initial_call=True,
        )
        self._detail.register(app)

    async def refresh(self, _version: int | None, search: str | None, show: str, page: int) -> Any:
        """Lay the list out again."""
        return await self._list(search or "", show, page) if show in SHOWN else no_update

    async def _list(self, search: str, show: str, page: int) -> Component:
        reads = self._services.reads
        summaries = await reads(dataset_summaries)
        if not summaries:
            return self._nothing_yet()
        scores = await reads(dataset_scores)
        found = sorted(
            (each for each in summaries if _matches(each, search) and _wanted(each, scores, show)),
            key=lambda each: urgency(each, scores),
        )
        pages = max(-(-len(found) // PER_PAGE), 1)
        page = min(page, pages - 1)
        if not found:
            what = f"No dataset matches “{search}”" if search else "No dataset here"
            return html.Section(
                empty(what, html.P("Try a part of its name, owner or description, or show all.")),
                className="card",
            )
        rows = [
            _row(each, scores.get(each.dataset)) for each in found[page * PER_PAGE : (page + 1) * PER_PAGE]
        ]
        return card(
            plural(len(found), "dataset"),
            table("Datasets", HEADINGS, rows),
            _pager(page, pages, search, show),
            right=csv_link("/api/v1/datasets?format=csv"),
        )

    def _nothing_yet(self) -> Component:
        landing = self._services.settings.landing_folder
        return html.Section(
            empty(
                "No dataset yet",
                html.P(["Drop a CSV file into ", command(f"{landing}/<dataset>/"), ","]),
                html.P(["or let ", command("dqm simulate runs --runs 50"), " make some."]),
                html.P("It shows up here by itself."),
            ),
            className="card",
        )


def urgency(summary: DatasetSummary, scores: dict[str, DatasetScore]) -> tuple[bool, float, str]:
    """Order of datasets: those with open alerts first, then the lower score, then the name."""
    scored = scores.get(summary.dataset)
    return (summary.open_alerts == 0, scored.score if scored else 101.0, summary.dataset)


def _matches(summary: DatasetSummary, search: str) -> bool:
    wanted = search.strip().casefold()
    texts = (summary.dataset, summary.owner, summary.description, summary.table_name)
    return any(wanted in text.casefold() for text in texts)


def _wanted(summary: DatasetSummary, scores: dict[str, DatasetScore], show: str) -> bool:
    if show == "waiting":
        return not summary.batches
    if show == "attention":
        scored = scores.get(summary.dataset)
        return summary.open_alerts > 0 or (scored is not None and scored.score < 90)  # noqa: PLR2004 - healthy
    return True


def _row(summary: DatasetSummary, scored: DatasetScore | None) -> list[Cell]:
    about = summary.description or ("Discovered from its files" if summary.discovered else "")
    name: list[str | Component] = [dcc.Link(summary.dataset, href=dataset_link(summary.dataset))]
    if about:
        name.append(html.Span(about, className="muted", title=about))
    alerts: Component | str = "0"
    if summary.open_alerts:
        alerts = dcc.Link(
            count(summary.open_alerts), href=alerts_link(summary.dataset), className="mark mark-fail"
        )
    last: Component = html.Span("No data yet", className="muted")
    if summary.runs:
        last = badge(mark_of(RUN_MARKS, summary.last_status))
    elif summary.batches:
        last = html.Span(plural(summary.batches, "batch", "batches"), className="muted")
    return [
        html.Div(name, className="name-cell"),
        dcc.Link(score_pill(scored.score if scored else None), href=dataset_link(summary.dataset)),
        trend(scored),
        last,
        strip(summary.recent, 18) if summary.runs else html.Span("–", className="muted"),
        summary.owner or html.Span("–", className="muted"),
        count(summary.rows_loaded) if summary.runs else "–",
        alerts,
        when(summary.last_arrival, "ago"),
    ]


def trend(scored: DatasetScore | None, width: int = 88, *, area: bool = False) -> Component:
    """Draw how a dataset's score went, on a scale from 0 to 100."""
    if scored is None:
        return html.Span("–", className="muted")
    tone = "good" if scored.score >= 90 else "warn" if scored.score >= 75 else "fail"  # noqa: PLR2004 - the marks'
    about = f"Score of {scored.dataset} by day"
    return sparkline(scored.trend, about, tone=tone, low=0.0, high=100.0, width=width, area=area)


def _pager(page: int, pages: int, search: str, show: str) -> Component | None:
    if pages == 1:
        return None
    parts: list[Component] = [html.Span(f"Page {page + 1} of {pages}")]
    if page:
        parts.append(dcc.Link("← Previous", href=datasets_link(page, search, show)))
    if page + 1 < pages:
        parts.append(dcc.Link("Next →", href=datasets_link(page + 2, search, show)))
    return html.Div(parts, className="pager")
