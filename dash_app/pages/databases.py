"""Databases: the sources that are watched where they are, and each table of theirs."""

from dash import Dash, Input, Output, dcc, html
from dash.development.base_component import Component

from dash_app.components.card import card, command, empty, tile, tiles
from dash_app.components.number import MISSING, count, plural
from dash_app.components.page_head import page_head
from dash_app.components.score import score_badge
from dash_app.components.sparkline import sparkline
from dash_app.components.status import PIPELINE_MARKS, Mark, badge, mark_of
from dash_app.components.table import Cell, Heading, table
from dash_app.components.when import when
from dash_app.links import alerts_link, dataset_link
from dash_app.services.databases import SourceBook, SourceState, WatchedTableState, source_book
from dash_app.services.services import Services

LATE = Mark("▲", "Late", "warn")
CIRCUITS = {
    "open": Mark("◌", "Left alone", "warn"),
    "half-open": Mark("◐", "Tried at the next look", "warn"),
}
KINDS = {"batch": "rows by day", "cdc": "changes by hour", "snapshot": "snapshots"}
ABOUT = "Databases, warehouses and folders, watched where they are: one query a table, nothing is copied."
HEADINGS = (
    Heading("Table"),
    Heading("Status"),
    Heading("Score"),
    Heading("Watched by"),
    Heading("Rows"),
    Heading("Newest", numeric=True),
    Heading("Newest row"),
    Heading("Counted until"),
    Heading("Query", numeric=True),
    Heading("Alerts", numeric=True),
)


class DatabasesPage:
    """The page at ``/databases``."""

    path = "/databases"
    name = "Databases"
    icon = "databases"

    def __init__(self, services: Services) -> None:
        """Read through ``services``."""
        self._services = services

    async def layout(self, query: dict[str, str]) -> Component:
        """Show every source; nothing of it is chosen by the address."""
        del query
        return html.Div(
            [page_head("Databases", ABOUT), html.Div(await self._content(), id="databases-content")]
        )

    def register(self, app: Dash) -> None:
        """Redraw on a new store version."""
        app.callback(
            Output("databases-content", "children"),
            Input("live-version", "data"),
            prevent_initial_call=True,
        )(self.refresh)

    async def refresh(self, _version: int | None) -> Component:
        """Draw everything again."""
        return await self._content()

    async def _content(self) -> Component:
        book = await self._services.reads(source_book, self._services.settings)
        problems = [_problems(book)] if book.problems else []
        if not book.sources:
            return html.Div([*problems, self._nothing_yet()], className="stack")
        return html.Div([*problems, _tiles(book), *map(_source_card, book.sources)], className="stack")

    def _nothing_yet(self) -> Component:
        return html.Section(
            empty(
                "No database is watched",
                html.P(["Look at one with ", command("dqm init postgres://user@host/database"), "."]),
                html.P(["It writes a file into ", command(str(self._services.settings.sources_folder)), "."]),
            ),
            className="card",
        )


def _problems(book: SourceBook) -> Component:
    return html.Section(
        [
            badge(Mark("✕", "Wrong file", "fail")),
            html.Strong(" Sources in these files are not watched."),
            html.Ul([html.Li(problem, className="raw") for problem in book.problems]),
        ],
        className="card",
        role="alert",
    )


def _tiles(book: SourceBook) -> Component:
    tables = [each for source in book.sources for each in source.tables]
    away = [source.source for source in book.sources if source.status == "FAILED"]
    failing = [each.dataset for each in tables if each.status == "FAILED"]
    late = [each.dataset for each in tables if each.late]
    return tiles(
        [
            tile("Sources", count(len(book.sources)), plural(len(tables), "table")),
            tile("Out of reach", count(len(away)), ", ".join(away) or "every source answers"),
            tile("Tables that fail", count(len(failing)), ", ".join(failing[:3]) or "every table answers"),
            tile("Late", count(len(late)), ", ".join(late[:3]) or "every table is fresh"),
            tile("Open alerts", count(sum(each.open_alerts for each in tables)), "of these tables"),
        ]
    )


def _source_card(source: SourceState) -> Component:
    asked = f"{source.type} at {source.address}, asked "
    told = [badge(mark_of(PIPELINE_MARKS, source.status)), " ", *_circuit(source), asked]
    note = html.Span([*told, when(source.last_attempt, "ago")] if source.last_attempt else "never asked")
    reason = [html.P(source.reason, className="raw")] if source.reason else []
    if not source.tables:
        return card(source.source, html.Div([*reason, empty("No table was looked at yet")]), note=note)
    rows = [_row(each) for each in source.tables]
    shown = table(f"Tables of {source.source}", HEADINGS, rows)
    return card(source.source, html.Div([*reason, shown]), note=note)


def _circuit(source: SourceState) -> list[Component | str]:
    """A circuit that is not closed: until when the source is left alone, or that it is tried next."""
    mark = CIRCUITS.get(source.circuit)
    if mark is None:
        return []
    until = [" until ", when(source.again_at)] if source.again_at else []
    return [badge(mark), *until, ", "]


def _row(each: WatchedTableState) -> list[Cell]:
    name = [
        dcc.Link(each.table, href=dataset_link(each.dataset)),
        html.Span(each.owner or each.dataset, className="muted"),
    ]
    marks = [badge(mark_of(PIPELINE_MARKS, each.status)), *([" ", badge(LATE)] if each.late else [])]
    why = [html.Div(each.reason, className="muted", title=each.reason)] if each.reason else []
    alerts: Cell = "0"
    if each.open_alerts:
        alerts = dcc.Link(count(each.open_alerts), href=alerts_link(each.dataset))
    return [
        html.Div(name, className="name-cell"),
        html.Div([*marks, *why]),
        score_badge(each.score),
        f"{KINDS.get(each.kind, each.kind)}, {each.profile}",
        sparkline(each.rows, f"Rows of the last periods of {each.table}", tone="neutral"),
        _newest(each),
        when(each.newest, "ago"),
        when(each.watermark),
        f"{each.seconds:.2f} s" if each.seconds is not None else MISSING,
        alerts,
    ]


def _newest(each: WatchedTableState) -> Cell:
    """Rows of the newest period; of a change log what was done, of a sample its error."""
    if not each.rows:
        return MISSING
    rows = count(round(each.rows[-1]))
    if each.inserts is not None:
        done = " ".join(
            f"{sign}{round(value or 0):,}"
            for sign, value in (("+", each.inserts), ("~", each.updates), ("−", each.deletes))
        )
        return html.Span([rows, html.Span(f" {done}", className="muted", title="inserted, updated, deleted")])
    if each.sampling_error:
        error = f" ± {100 * each.sampling_error:.2g} %"
        return html.Span([rows, html.Span(error, className="muted", title="standard error of the sample")])
    return rows
