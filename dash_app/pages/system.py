"""System: the platform itself, so that a quiet dashboard can be told from a broken one."""

from typing import Any

from dash import Dash, Input, Output, dcc, html
from dash.development.base_component import Component

from dash_app.components.card import card, command, empty, tile, tiles
from dash_app.components.number import MISSING, count, file_size, number, plural
from dash_app.components.page_head import page_head
from dash_app.components.status import PIPELINE_MARKS, badge, mark_of
from dash_app.components.table import Cell, Heading, table
from dash_app.components.toolbar import outside_link
from dash_app.components.when import when
from dash_app.links import dagster_run_link, dataset_link
from dash_app.services.datasets import dataset_summaries
from dash_app.services.health import pipeline_statuses
from dash_app.services.lineage import Queue
from dash_app.services.records import DatasetSummary, PipelineStatus
from dash_app.services.services import Services
from dash_app.services.system import Maintenance, SystemState, package_versions, system_state

SOURCES_SHOWN = 50
PIPELINES = (
    Heading("Pipeline"),
    Heading("Status"),
    Heading("Stage"),
    Heading("Last success", numeric=True),
    Heading("Last attempt", numeric=True),
)
SOURCES = (
    Heading("Source"),
    Heading("Table"),
    Heading("Batches", numeric=True),
    Heading("Rows", numeric=True),
    Heading("Last arrival", numeric=True),
)
TABLES = (
    Heading("Table"),
    Heading("Rows", numeric=True),
    Heading("Files", numeric=True),
    Heading("Size", numeric=True),
)


class SystemPage:
    """The page at ``/system``."""

    path = "/system"
    name = "System"
    icon = "system"

    def __init__(self, services: Services) -> None:
        """Read through ``services``."""
        self._services = services

    async def layout(self, query: dict[str, str]) -> Component:
        """Show ingest, queue, store, sources, maintenance and versions; the address asks for nothing."""
        return html.Div(
            [
                page_head("System", "What came in, what waits, how large the store is, and what runs."),
                html.Div(await self._body(), id="system-body", className="stack"),
            ]
        )

    def register(self, app: Dash) -> None:
        """Redraw on a new version of the store."""
        app.callback(
            Output("system-body", "children"), Input("live-version", "data"), prevent_initial_call=True
        )(self.refresh)

    async def refresh(self, _version: int | None) -> list[Component]:
        """Lay the body out again."""
        return await self._body()

    async def _body(self) -> list[Component]:
        reads = self._services.reads
        state = await reads(system_state)
        pipelines = await reads(pipeline_statuses)
        sources = await reads(dataset_summaries)
        queue = await self._services.dagster.queue()
        return [
            _tiles(state, queue),
            html.Div(
                [
                    html.Div([_pipelines(pipelines), _sources(sources), _tables(state)], className="stack"),
                    html.Div(
                        [
                            self._queue(queue, state),
                            _store(state),
                            _maintenance(state.maintenance, state),
                            _versions(queue),
                        ],
                        className="stack",
                    ),
                ],
                className="columns columns-wide-left",
            ),
        ]

    def _queue(self, queue: Queue, state: SystemState) -> Component:
        url = self._services.settings.dagster_url
        notes = state.notifications
        facts: list[tuple[str, Component | str]] = [
            ("Dagster", outside_link("answers" if queue.reachable else "does not answer", url)),
            ("Runs waiting", count(queue.queued) if queue.reachable else MISSING),
            ("Runs going", count(queue.running) if queue.reachable else MISSING),
            ("Notifications waiting", count(notes.waiting + notes.unrouted)),
            ("Notifications sent", count(notes.sent)),
            ("Notifications given up", count(notes.dead)),
        ]
        failed = [
            html.Li(
                [
                    badge(mark_of(PIPELINE_MARKS, "FAILED")),
                    html.Div(outside_link(run.job, dagster_run_link(url, run.run_id)), className="list-main"),
                    html.Div(when(run.ended, "ago"), className="list-side"),
                ]
            )
            for run in queue.failed[:5]
        ]
        parts: list[Component] = [_facts(facts)]
        if failed:
            parts += [
                html.H3("Dagster runs that failed last", className="sub"),
                html.Ul(failed, className="list"),
            ]
        if not queue.reachable:
            parts.append(html.P(["Start everything with ", command("dqm up"), "."], className="said"))
        return card("Queue", *parts)


def _tiles(state: SystemState, queue: Queue) -> Component:
    ingest, size = state.ingest, state.store.size
    seconds = ingest.seconds_to_judge
    return tiles(
        [
            tile(
                "Arrived today",
                count(ingest.runs_day),
                f"{plural(ingest.rows_day, 'row')} in the last 24 hours",
            ),
            tile("Last arrival", when(ingest.last_arrival, "ago"), plural(ingest.runs, "run") + " in all"),
            tile(
                "Arrival to verdict",
                f"{number(seconds, 3)} s" if seconds is not None else MISSING,
                "median of the last 24 hours",
            ),
            tile("Not judged yet", count(ingest.not_judged), "runs that are loaded but not judged"),
            tile(
                "Store",
                file_size(size.bytes),
                f"{plural(size.files, 'file')}, version {state.store.version:,}",
            ),
            tile(
                "Queue",
                count(queue.queued + queue.running) if queue.reachable else MISSING,
                "Dagster runs waiting or going" if queue.reachable else "Dagster does not answer",
            ),
        ]
    )


def _pipelines(pipelines: tuple[PipelineStatus, ...]) -> Component:
    if not pipelines:
        hint = html.P("Each one reports here after its first run.")
        return card("Pipelines", empty("No pipeline has run yet", hint))
    rows: list[list[Cell]] = [
        [
            each.pipeline,
            badge(mark_of(PIPELINE_MARKS, each.status)),
            html.Span(
                " · ".join(part for part in (each.stage, each.reason) if part),
                className="clip",
                title=each.reason,
            ),
            when(each.last_success, "ago"),
            when(each.last_attempt, "ago"),
        ]
        for each in pipelines
    ]
    failing = sum(each.status != "SUCCESS" for each in pipelines)
    note = f"{plural(failing, 'pipeline')} failing" if failing else "all succeeded at their last attempt"
    return card("Pipelines", table("Pipelines", PIPELINES, rows), note=note)


def _about(status: PipelineStatus) -> str:
    return " · ".join(part for part in (status.stage, status.reason) if part)


def _sources(sources: tuple[DatasetSummary, ...]) -> Component:
    if not sources:
        return card(
            "Sources", empty("No source yet", html.P("Drop a file or start a source; it shows up here."))
        )
    ordered = sorted(
        sources, key=lambda each: (each.last_arrival is not None, str(each.last_arrival)), reverse=True
    )
    rows: list[list[Cell]] = [
        [
            dcc.Link(each.dataset, href=dataset_link(each.dataset)),
            html.Span(each.table_name or MISSING, className="muted"),
            count(each.batches),
            count(each.rows_loaded) if each.runs else MISSING,
            when(each.last_arrival, "ago"),
        ]
        for each in ordered[:SOURCES_SHOWN]
    ]
    more = dcc.Link(f"All {len(sources):,}", href="/datasets") if len(sources) > SOURCES_SHOWN else None
    return card("Sources", table("Sources", SOURCES, rows), note="the last arrival first", right=more)


def _store(state: SystemState) -> Component:
    store = state.store
    return card(
        "Store",
        _facts(
            [
                ("Where", html.Span(store.location, className="raw")),
                ("Catalog", store.postgres),
                ("Structure", f"version {store.migration}"),
                ("Snapshots", f"{store.size.snapshots:,}"),
                ("Oldest readable", when(store.oldest_snapshot)),
            ]
        ),
    )


def _maintenance(last: Maintenance, state: SystemState) -> Component:
    facts: list[tuple[str, Component | str]] = [
        ("Rows kept", plural(state.retention_days, "day")),
        ("Snapshots kept", plural(state.snapshot_days, "day") + ", longer for open alerts"),
    ]
    if not last.status:
        hint = ["It runs each night at 03:17, or now with ", command("dqm store maintain"), "."]
        return card("Maintenance", _facts(facts), html.P(hint, className="said"), note="not run yet")
    facts += [("Last success", when(last.last_success)), ("Last attempt", when(last.last_attempt, "ago"))]
    facts += [(name.capitalize(), value) for name, value in last.details]
    if last.reason:
        facts.append(("Reason", last.reason))
    return card("Maintenance", _facts(facts), right=badge(mark_of(PIPELINE_MARKS, last.status)))


def _versions(queue: Queue) -> Component:
    facts: list[tuple[str, Component | str]] = [(name, text) for name, text in package_versions()]
    if queue.version:
        facts.append(("Dagster's server", queue.version))
    return card("Versions", _facts(facts))


def _tables(state: SystemState) -> Component:
    ordered = sorted(state.store.tables, key=lambda each: -each.bytes)
    rows: list[list[Cell]] = [
        [each.table, count(each.rows), count(each.files), file_size(each.bytes)] for each in ordered
    ]
    return card(
        "Tables", table("Tables", TABLES, rows), note=f"{plural(len(rows), 'table')}, the largest first"
    )


def _facts(facts: list[tuple[str, Any]]) -> Component:
    parts = [part for name, value in facts for part in (html.Dt(name), html.Dd(value))]
    return html.Dl(parts, className="facts")
