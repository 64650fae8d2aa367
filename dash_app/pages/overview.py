"""Overview: every dataset at a glance, what needs attention, and whether the pipelines ran."""

import dash_mantine_components as dmc
from dash import ClientsideFunction, Dash, Input, Output, State, dcc, html
from dash.development.base_component import Component

from dash_app.components.card import card, command, empty, tile, tiles
from dash_app.components.number import count, plural, share
from dash_app.components.page_head import page_head
from dash_app.components.run_id import run_id_text
from dash_app.components.status import (
    ALERT_MARKS,
    PIPELINE_MARKS,
    RUN_MARKS,
    SEVERITY_MARKS,
    badge,
    mark_of,
)
from dash_app.components.strip import strip
from dash_app.components.table import Heading, table
from dash_app.components.when import when
from dash_app.links import alert_link, alerts_link, dataset_link, datasets_link, run_link
from dash_app.services.alerts import AlertFilter, alert_page
from dash_app.services.datasets import dataset_summaries
from dash_app.services.health import pipeline_statuses
from dash_app.services.records import Alert, DatasetSummary, PipelineStatus, Run
from dash_app.services.runs import RunFilter, run_page
from dash_app.services.services import Services

DATASETS_PER_PAGE = 25
ALERTS_SHOWN = 6
RUNS_SHOWN = 8
OPEN = ("open", "acknowledged")

HEADINGS = (
    Heading("Dataset"),
    Heading("Last run"),
    Heading("Recent runs"),
    Heading("Runs", numeric=True),
    Heading("Good", numeric=True),
    Heading("Open alerts", numeric=True),
    Heading("Last arrival", numeric=True),
)

RUN_HEADINGS = (
    Heading("Run"),
    Heading("Dataset"),
    Heading("Status"),
    Heading("Why"),
    Heading("Rows", numeric=True),
    Heading("Data time", numeric=True),
)


class OverviewPage:
    """The page at ``/dashboard``."""

    path = "/dashboard"
    name = "Overview"
    icon = "overview"

    def __init__(self, services: Services) -> None:
        """Read through ``services``."""
        self._services = services

    async def layout(self, query: dict[str, str]) -> Component:
        """Show all datasets, or those that ``q`` names, on page ``page``."""
        search = query.get("q", "")
        page = max(int(query["page"]) - 1, 0) if query.get("page", "").isdecimal() else 0
        return html.Div(
            [
                page_head(
                    "Overview",
                    "Every monitored dataset, the ones that need attention first.",
                    [
                        dmc.TextInput(
                            id="overview-search",
                            placeholder="Find a dataset",
                            value=search,
                            debounce=200,
                            w=240,
                            **{"aria-label": "Find a dataset"},
                        )
                    ],
                ),
                dcc.Store(id="overview-page", data=page),
                html.Div(await self._body(search, page), id="overview-body", className="stack"),
            ]
        )

    def register(self, app: Dash) -> None:
        """Redraw on a new store version and while searching."""
        app.callback(
            Output("overview-body", "children"),
            Input("live-version", "data"),
            Input("overview-search", "value"),
            State("overview-page", "data"),
            prevent_initial_call=True,
        )(self.refresh)
        app.clientside_callback(
            ClientsideFunction("dqm", "writeSearch"),
            Output("overview-search", "id"),
            Input("overview-search", "value"),
            prevent_initial_call=True,
        )

    async def refresh(self, _version: int | None, search: str | None, page: int) -> list[Component]:
        """Lay the page's body out again."""
        return await self._body(search or "", page)

    async def _body(self, search: str, page: int) -> list[Component]:
        reads = self._services.reads
        summaries = await reads(dataset_summaries)
        alerts = await reads(alert_page, AlertFilter(statuses=OPEN), ALERTS_SHOWN)
        pipelines = await reads(pipeline_statuses)
        newest = await reads(run_page, RunFilter(), RUNS_SHOWN)
        if not summaries:
            return [self._nothing_yet(), *([_pipelines_card(pipelines)] if pipelines else [])]
        return [
            _tiles(summaries, alerts.total),
            html.Div(
                [
                    html.Div(
                        [_datasets_card(summaries, search, page), _newest_runs_card(newest.runs)],
                        className="stack",
                    ),
                    html.Div(
                        [_alerts_card(alerts.alerts, alerts.total), _pipelines_card(pipelines)],
                        className="stack",
                    ),
                ],
                className="columns columns-wide-left",
            ),
        ]

    def _nothing_yet(self) -> Component:
        landing = self._services.settings.landing_folder
        return html.Section(
            empty(
                "No data has arrived yet",
                html.P(["Drop a CSV file into ", command(f"{landing}/<dataset>/"), ","]),
                html.P(["or let ", command("dqm simulate runs --runs 50"), " make some."]),
                html.P("It shows up here by itself."),
            ),
            className="card",
        )


def _tiles(summaries: tuple[DatasetSummary, ...], open_alerts: int) -> Component:
    good, judged = sum(each.good for each in summaries), sum(each.judged for each in summaries)
    arrived = [each for each in summaries if each.last_arrival is not None]
    newest = max(arrived, key=lambda each: str(each.last_arrival), default=None)
    rows, kept_out = (
        sum(each.rows_loaded for each in summaries),
        sum(each.rows_quarantined for each in summaries),
    )
    return tiles(
        [
            tile("Datasets", count(len(summaries)), plural(sum(each.runs for each in summaries), "run")),
            tile(
                "Good runs",
                share(good / judged if judged else None),
                f"{count(good)} of {plural(judged, 'judged run')}",
            ),
            tile(
                "Open alerts", count(open_alerts), "nothing to look at" if not open_alerts else "need a look"
            ),
            tile("Rows loaded", count(rows), f"{count(kept_out)} quarantined"),
            tile(
                "Last arrival",
                when(newest.last_arrival if newest else None, "ago"),
                f"in {newest.dataset}" if newest else "nothing yet",
            ),
        ]
    )


def _datasets_card(summaries: tuple[DatasetSummary, ...], search: str, page: int) -> Component:
    wanted = search.strip().casefold()
    found = sorted(
        (each for each in summaries if wanted in each.dataset.casefold() or wanted in each.owner.casefold()),
        key=_urgency,
    )
    pages = max(-(-len(found) // DATASETS_PER_PAGE), 1)
    page = min(page, pages - 1)
    shown = found[page * DATASETS_PER_PAGE : (page + 1) * DATASETS_PER_PAGE]
    if not found:
        return card(
            "Datasets", empty(f"No dataset matches “{search}”", html.P("Try a part of its name or owner."))
        )
    return card(
        "Datasets",
        table("Datasets", HEADINGS, [_dataset_row(each) for each in shown]),
        _pager(page, pages, search),
        note=plural(len(found), "dataset") if wanted else None,
    )


def _urgency(summary: DatasetSummary) -> tuple[bool, bool, str]:
    return (summary.open_alerts == 0, summary.last_status not in ("BAD", "QUARANTINED"), summary.dataset)


def _dataset_row(summary: DatasetSummary) -> list[Component | str]:
    about = summary.description or (f"Owned by {summary.owner}" if summary.owner else "")
    kind = about or ("Discovered from its files" if summary.discovered else "")
    name = [dcc.Link(summary.dataset, href=dataset_link(summary.dataset))]
    if kind:
        name.append(html.Span(kind, className="muted", title=kind))
    alerts: Component | str = "0"
    if summary.open_alerts:
        alerts = dcc.Link(
            count(summary.open_alerts), href=alerts_link(summary.dataset), className="mark mark-fail"
        )
    return [
        html.Div(name, className="name-cell"),
        badge(mark_of(RUN_MARKS, summary.last_status))
        if summary.runs
        else html.Span("No runs yet", className="muted"),
        strip(summary.recent),
        count(summary.runs),
        share(summary.share_good),
        alerts,
        when(summary.last_arrival, "ago"),
    ]


def _newest_runs_card(runs: tuple[Run, ...]) -> Component | None:
    if not runs:
        return None
    return card("Newest runs", table("Newest runs", RUN_HEADINGS, [_run_row(run) for run in runs]))


def _run_row(run: Run) -> list[Component | str]:
    why = run.reasons[0].message if run.reasons else ""
    more = f" and {len(run.reasons) - 1} more" if len(run.reasons) > 1 else ""
    return [
        dcc.Link(run_id_text(run.run_id), href=run_link(run.dataset, run.run_id)),
        run.dataset,
        badge(mark_of(RUN_MARKS, run.status)),
        html.Span(why + more, className="clip", title=why),
        count(run.rows_loaded),
        when(run.ts or run.landed_at),
    ]


def _pager(page: int, pages: int, search: str) -> Component | None:
    if pages == 1:
        return None
    parts: list[Component] = [html.Span(f"Page {page + 1} of {pages}")]
    if page:
        parts.append(dcc.Link("← Previous", href=datasets_link(page, search)))
    if page + 1 < pages:
        parts.append(dcc.Link("Next →", href=datasets_link(page + 2, search)))
    return html.Div(parts, className="pager")


def _alerts_card(alerts: tuple[Alert, ...], total: int) -> Component:
    if not alerts:
        return card(
            "Open alerts",
            empty("No open alerts", html.P("Everything that is judged is in its range."), sign="✓"),
        )
    items = [html.Li(_alert_item(alert)) for alert in alerts]
    more = (
        dcc.Link(f"All {total}", href="/alerts")
        if total > len(alerts)
        else dcc.Link("All alerts", href="/alerts")
    )
    return card("Open alerts", html.Ul(items, className="list"), right=more)


def _alert_item(alert: Alert) -> Component:
    marks = [
        badge(mark_of(SEVERITY_MARKS, alert.severity)),
        html.Span(when(alert.opened_ts, "ago"), className="list-side"),
    ]
    about = f"{alert.dataset} · {mark_of(ALERT_MARKS, alert.status).word.lower()}"
    return html.Div(
        [
            html.Div(marks, className="list-top"),
            dcc.Link(alert.headline, href=alert_link(alert.alert_id)),
            html.Div(about, className="muted"),
        ],
        className="list-main",
    )


def _pipelines_card(pipelines: tuple[PipelineStatus, ...]) -> Component:
    if not pipelines:
        return card(
            "Pipelines",
            empty("No pipeline has run yet", html.P("Each one reports here after its first run.")),
        )
    return card("Pipelines", html.Ul([_pipeline_item(each) for each in pipelines], className="list"))


def _pipeline_item(status: PipelineStatus) -> Component:
    about = " · ".join(part for part in (status.stage, status.reason) if part)
    success = html.Span(["last success ", when(status.last_success, "ago")])
    return html.Li(
        [
            badge(mark_of(PIPELINE_MARKS, status.status)),
            html.Div(
                [html.Strong(status.pipeline), html.Div(about if about else success, className="muted")],
                className="list-main",
            ),
            html.Div(when(status.last_attempt, "ago"), className="list-side"),
        ]
    )
