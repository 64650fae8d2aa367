"""One contract: its statements with what enforces them and how they went, and how it fits the data."""

from dash import dcc, html
from dash.development.base_component import Component

from dash_app.components.card import card, empty, tile, tiles
from dash_app.components.number import MISSING, count, plural, share
from dash_app.components.status import CHECK_MARKS, FIT_MARKS, STATEMENT_MARKS, badge, mark_of
from dash_app.components.strip import strip
from dash_app.components.table import Cell, Heading, table
from dash_app.components.toolbar import csv_link
from dash_app.links import dataset_link
from dash_app.pages.contract_rows import batch_link
from dash_app.services.checks import ClauseHistory, clause_histories
from dash_app.services.contracts import ColumnFit, ContractSheet, Statement, column_fits
from dash_app.services.services import Services

HEADINGS = (
    Heading("Line", numeric=True),
    Heading("Statement"),
    Heading("State"),
    Heading("How"),
    Heading("Newest batch"),
    Heading("By batch"),
    Heading("Failing rows", numeric=True),
)


async def contract_detail(services: Services, sheet: ContractSheet) -> Component:
    """Lay out tiles, statements and the fit with the newest batch."""
    if sheet.error:
        return html.Section(
            empty("This contract cannot be read", html.Pre(sheet.error, className="raw"), sign="✕"),
            className="card",
        )
    histories = await services.reads(clause_histories, sheet.dataset)
    fits = await services.reads(column_fits, services.settings, sheet.dataset)
    return html.Div(
        [_tiles(sheet, histories), _statements(sheet, histories), _fit(sheet, fits), _problems(sheet)],
        className="stack",
    )


def _tiles(sheet: ContractSheet, histories: tuple[ClauseHistory, ...]) -> Component:
    failing = sum(not each.passed for each in histories)
    results, failures = sum(each.results for each in histories), sum(each.failures for each in histories)
    return tiles(
        [
            tile("Enforced", count(sheet.amount("enforced")), "each an asset check in Dagster"),
            tile("Refused", count(sheet.amount("refused")), "said so, never ignored"),
            tile("Carried", count(sheet.amount("carried")), "by another check, or documentation"),
            tile(
                "Failing now",
                html.Span(count(failing), className="mark-fail" if failing else None)
                if histories
                else MISSING,
                f"of {plural(len(histories), 'clause')}" if histories else "no batch yet",
            ),
            tile(
                "Checks passed",
                share(1 - failures / results) if results else MISSING,
                f"of {plural(results, 'result')}" if results else None,
            ),
        ]
    )


def _statements(sheet: ContractSheet, histories: tuple[ClauseHistory, ...]) -> Component:
    by_clause = {each.clause: each for each in histories}
    ordered = sorted(
        sheet.statements,
        key=lambda each: (_passes(by_clause.get(each.clause)), each.state != "refused", each.line),
    )
    rows = [_row(sheet.dataset, each, by_clause.get(each.clause)) for each in ordered]
    return card(
        "Statements",
        table("Statements", HEADINGS, rows),
        note=sheet.file.rsplit("/", 1)[-1],
        right=[
            dcc.Link("Dataset", href=dataset_link(sheet.dataset, "checks"), className="tool"),
            csv_link(f"/api/v1/contracts/{sheet.dataset}?format=csv"),
        ],
    )


def _said(each: Statement) -> str:
    """What is stated, with the column's name where the words alone do not say it."""
    return f"{each.column}: {each.text}" if each.column and each.column not in each.text else each.text


def _passes(history: ClauseHistory | None) -> bool:
    return history is None or history.passed


def _row(dataset: str, each: Statement, history: ClauseHistory | None) -> list[Cell]:
    result: Cell = MISSING
    failing: Cell = MISSING
    bars: Cell = MISSING
    if history is not None:
        result = badge(mark_of(CHECK_MARKS, "passed" if history.passed else "failed"))
        run = history.last_failed_run or history.run_id
        text = f"{count(history.failing_rows)} of {count(history.checked_rows)}"
        failing = dcc.Link(text, href=batch_link(dataset, history, run))
        bars = strip(["GOOD" if ok else "BAD" for ok in history.recent], 20, words=("passed", "failed"))
    return [
        count(each.line),
        html.Span(_said(each), className="statement", title=each.path),
        badge(mark_of(STATEMENT_MARKS, each.state)),
        html.Span(each.how, className="muted how", title=each.how),
        result,
        bars,
        failing,
    ]


def _fit(sheet: ContractSheet, fits: tuple[ColumnFit, ...]) -> Component:
    if not fits:
        return card(
            "Drift from the contract",
            empty("Nothing to compare yet", html.P("The columns of the first batch will be compared here.")),
        )
    differing = sum(fit.state != "as stated" for fit in fits)
    rows = [
        [
            dcc.Link(fit.column, href=dataset_link(sheet.dataset, column=fit.column)),
            fit.stated or MISSING,
            html.Span(fit.arrived, className="raw") if fit.arrived else MISSING,
            badge(mark_of(FIT_MARKS, fit.state)),
        ]
        for fit in fits
    ]
    headings = (Heading("Column"), Heading("Stated"), Heading("Arrived"), Heading("Fit"))
    note = f"{plural(differing, 'column differs', 'columns differ')} from the newest batch"
    return card("Drift from the contract", table("Drift", headings, rows), note=note)


def _problems(sheet: ContractSheet) -> Component | None:
    if not sheet.problems:
        return None
    items = [html.Li(problem, className="raw") for problem in sheet.problems]
    return card("What the linter says", html.Ul(items, className="problems"))
