"""Contracts: what the data has been promised to be, what enforces each promise, and how it went."""

from typing import Any

from dash import Dash, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component

from dash_app.components.card import card, command, empty
from dash_app.components.number import count, plural, share
from dash_app.components.page_head import page_head
from dash_app.components.table import Cell, Heading, table
from dash_app.links import contract_link
from dash_app.pages.contract_detail import contract_detail
from dash_app.pages.contract_jobs import jobs_cards, register_jobs
from dash_app.pages.contract_rows import clause_rows_card
from dash_app.services.checks import clause_histories
from dash_app.services.contracts import ContractSheet, contract_sheets, sheet_of
from dash_app.services.services import Services

HEADINGS = (
    Heading("Contract"),
    Heading("Version"),
    Heading("Owner"),
    Heading("Enforced", numeric=True),
    Heading("Carried", numeric=True),
    Heading("Refused", numeric=True),
    Heading("Newest batch"),
    Heading("Checks passed", numeric=True),
)


class ContractsPage:
    """The page at ``/contracts``; ``dataset`` in its address shows one contract, with ``clause`` and
    ``batch`` the rows that a clause found."""

    path = "/contracts"
    name = "Contracts"
    icon = "contracts"

    def __init__(self, services: Services) -> None:
        """Read through ``services``."""
        self._services = services

    async def layout(self, query: dict[str, str]) -> Component:
        """Show the contract of a dataset, or the list of all."""
        dataset = query.get("dataset")
        return html.Div(
            [
                dcc.Store(id="contracts-dataset", data=dataset),
                html.Div(await self._content(query), id="contracts-content"),
            ]
        )

    def register(self, app: Dash) -> None:
        """Redraw the results on a new version; the jobs bring their own callbacks."""
        app.callback(
            Output("contracts-results", "children"),
            Input("live-version", "data"),
            State("contracts-dataset", "data"),
            prevent_initial_call=True,
        )(self.refresh)
        register_jobs(app, self._services)

    async def refresh(self, _version: int | None, dataset: str | None) -> Any:
        """Bring the results up to date; a comparison or mutation test that is shown stays."""
        if dataset is None:
            return await self._list()
        sheet = await self._services.reads.look(sheet_of, self._services.settings, dataset)
        if sheet is None:
            return no_update
        return await contract_detail(self._services, sheet)

    async def _content(self, query: dict[str, str]) -> list[Component]:
        dataset = query.get("dataset")
        if dataset is None:
            about = "What each dataset must be: every statement is enforced, or refused with a reason."
            head = page_head("Contracts", about)
            return [head, html.Div(await self._list(), id="contracts-results")]
        sheet = await self._services.reads.look(sheet_of, self._services.settings, dataset)
        if sheet is None:
            return [page_head(dataset[:120], "There is no contract for this dataset."), self._none(dataset)]
        about = " · ".join(
            part
            for part in (
                sheet.description.rstrip("."),
                f"version {sheet.version}" if sheet.version else "",
                sheet.status,
                f"owned by {sheet.owner}" if sheet.owner else "",
            )
            if part
        )
        back = dcc.Link("All contracts", href="/contracts", className="tool")
        return [
            page_head(f"Contract of {dataset}", about or sheet.file, [back]),
            html.Div(
                [
                    *await self._rows(sheet.dataset, query),
                    html.Div(await contract_detail(self._services, sheet), id="contracts-results"),
                    *([] if sheet.error else jobs_cards()),
                ],
                className="stack",
            ),
        ]

    async def _rows(self, dataset: str, query: dict[str, str]) -> list[Component]:
        clause, batch = query.get("clause", ""), query.get("batch", "")
        if clause and not batch:
            histories = await self._services.reads(clause_histories, dataset)
            batch = next(
                (each.last_failed_run or each.run_id for each in histories if each.clause == clause), ""
            )
        return [await clause_rows_card(self._services, dataset, clause, batch)] if clause else []

    async def _list(self) -> Component:
        sheets = await self._services.reads.look(contract_sheets, self._services.settings)
        if not sheets:
            return self._none("")
        rows = [await self._row(sheet) for sheet in sheets]
        return card(plural(len(sheets), "contract"), table("Contracts", HEADINGS, rows))

    async def _row(self, sheet: ContractSheet) -> list[Cell]:
        clauses = await self._services.reads(clause_histories, sheet.dataset)
        failing = sum(not each.passed for each in clauses)
        results, failures = sum(each.results for each in clauses), sum(each.failures for each in clauses)
        newest: Component = html.Span("No batch yet", className="muted")
        if sheet.error:
            newest = html.Span("✕ Cannot be read", className="mark mark-fail")
        elif clauses and failing:
            newest = html.Span(f"✕ {failing} of {len(clauses)} fail", className="mark mark-fail")
        elif clauses:
            newest = html.Span(f"✓ All {len(clauses)} pass", className="mark mark-good")
        name = [
            dcc.Link(sheet.dataset, href=contract_link(sheet.dataset)),
            html.Span(sheet.description, className="muted", title=sheet.description),
        ]
        return [
            html.Div(name, className="name-cell"),
            sheet.version or "–",
            sheet.owner or "–",
            count(sheet.amount("enforced")),
            count(sheet.amount("carried")),
            count(sheet.amount("refused")),
            newest,
            f"{share(1 - failures / results)} of {count(results)}" if results else "–",
        ]

    def _none(self, dataset: str) -> Component:
        settings = self._services.settings
        return html.Section(
            empty(
                "No contract here" if dataset else "No contract yet",
                html.P(["Write one from data: ", command("dqm contract init FILE…")]),
                html.P(["and put it into ", command(str(settings.contracts)), " as <name>.odcs.yaml."]),
            ),
            className="card",
        )
