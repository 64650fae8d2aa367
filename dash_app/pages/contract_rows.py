"""The failing rows of one clause over one batch: where the numbers of a contract lead to."""

from dash import dcc, html
from dash.development.base_component import Component

from dash_app.components.card import card, command, empty
from dash_app.components.number import count
from dash_app.components.table import Heading, table
from dash_app.components.value import value_cell
from dash_app.components.when import when
from dash_app.links import contract_link, run_link
from dash_app.services.checks import ClauseHistory, clause_sample
from dash_app.services.services import Services
from dqm_assets.pipeline.evidence import evidence_id


def batch_link(dataset: str, history: ClauseHistory, batch: str) -> str:
    """Address of what a clause found in a batch: the run's page, or for other batches the rows it kept."""
    if history.of_file:
        return run_link(dataset, batch)
    return contract_link(dataset, history.clause, batch)


async def clause_rows_card(services: Services, dataset: str, clause: str, batch: str) -> Component:
    """Show the rows that a clause kept of a batch, and how to reopen them all."""
    found = await services.reads(clause_sample, dataset, clause, batch)
    back = dcc.Link("Close", href=contract_link(dataset), className="tool")
    title = f"Failing rows of {clause}"
    if found is None:
        return card(
            title, empty("Not judged", html.P(f"This clause did not judge the batch {batch}.")), right=back
        )
    told: list[Component | str] = [
        f"{count(found.failing_rows)} of {count(found.checked_rows)} rows of {batch} fail, judged ",
        when(found.checked_at),
        f" at snapshot {found.snapshot}: {found.message}. ",
    ]
    if found.rows:
        columns = list(dict.fromkeys(name for row in found.rows for name in row))
        shown = table(
            title,
            [Heading("line" if name == "_line" else name) for name in columns],
            [[value_cell(row.get(name)) for name in columns] for row in found.rows],
        )
        reopen = command(f"dqm check show {evidence_id(dataset, batch, clause)}")
        body: Component = html.Div(
            [html.Div(shown, className="rows-frame"), html.P([reopen, " reads them again as they were."])]
        )
    else:
        body = html.P("No row fails, or the clause is not about single rows.", className="muted")
    return card(title, html.Div([html.P(told), body]), right=back)
