"""Jobs on a contract, asked for on its page: a mutation test with progress, a comparison of versions."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import Dash, Input, Output, State, html, no_update, set_props
from dash.development.base_component import Component

from dash_app.auth import require
from dash_app.components.card import card, empty
from dash_app.components.number import plural, share
from dash_app.components.status import CHANGE_MARKS, MUTATION_MARKS, badge, mark_of
from dash_app.components.table import Heading, table
from dash_app.services.contracts import MutationStep, compare_with, mutate, report_of
from dash_app.services.services import Services
from dqm_assets.errors import DqmError
from dqm_assets.quality.contracts.comparison import ContractChange

MUTANT_HEADINGS = (Heading("Clause"), Heading("Outcome"), Heading("Mildest mutation that it caught"))
CHANGE_HEADINGS = (Heading("Effect"), Heading("Part"), Heading("Change"))


def jobs_cards() -> list[Component]:
    """Lay out both jobs, not started."""
    start = dmc.Button("Run mutation test", id="mutation-start", size="compact-md", className="button")
    compare = dmc.Button(
        "Compare", id="compare-start", size="compact-md", variant="default", className="button"
    )
    return [
        card(
            "Mutation score",
            html.Div(_mutation_hint(), id="mutation-result"),
            note="Good rows are broken on purpose, mildest first, to prove that each clause can fail.",
            right=start,
        ),
        card(
            "Compare with another version",
            dmc.Textarea(
                id="compare-text",
                placeholder="Paste an ODCS contract (YAML): it says what would change for consumers",
                autosize=True,
                minRows=3,
                maxRows=14,
                **{"aria-label": "Another version of the contract"},
            ),
            html.Div(id="compare-result", role="status"),
            right=compare,
        ),
    ]


def _next(found: Iterator[MutationStep]) -> MutationStep | None:
    return next(found, None)


def _mutation_hint() -> Component:
    return html.P("Not run yet. It takes some seconds and changes nothing in the store.", className="muted")


def register_jobs(app: Dash, services: Services) -> None:
    """Register both; the mutation test reports its progress over the socket."""

    async def mutation(clicks: int | None, dataset: str | None) -> Any:
        if not clicks or not dataset:
            return no_update
        set_props("mutation-start", {"disabled": True})
        steps: list[MutationStep] = []
        try:
            require("operator")
            found = mutate(services.reads.store, services.settings, dataset)
            while (step := await asyncio.to_thread(_next, found)) is not None:
                steps.append(step)
                set_props("mutation-result", {"children": _progress(step)})
        except DqmError as error:
            return empty("It cannot be tested", html.P(str(error)), sign="✕")
        finally:
            set_props("mutation-start", {"disabled": False})
        return _report(steps)

    async def compare(clicks: int | None, text: str | None, dataset: str | None) -> Any:
        if not clicks or not dataset:
            return no_update
        if not (text or "").strip():
            return html.P("Paste a contract above first.", className="said")
        try:
            changes = await asyncio.to_thread(compare_with, services.settings, dataset, text or "")
        except DqmError as error:
            return html.Pre(str(error), className="raw said")
        return _changes(changes)

    app.callback(
        Output("mutation-result", "children"),
        Input("mutation-start", "n_clicks"),
        State("contracts-dataset", "data"),
        prevent_initial_call=True,
        websocket=True,
    )(mutation)
    app.callback(
        Output("compare-result", "children"),
        Input("compare-start", "n_clicks"),
        State("compare-text", "value"),
        State("contracts-dataset", "data"),
        prevent_initial_call=True,
    )(compare)


def _progress(step: MutationStep) -> Component:
    return html.Div(
        [
            dmc.Progress(value=100 * step.done / step.total, size="sm", **{"aria-label": "Clauses tested"}),
            html.P(
                f"{step.done} of {plural(step.total, 'clause')}: {step.result.clause} {step.result.outcome}",
                className="muted",
            ),
        ]
    )


def _report(steps: list[MutationStep]) -> Component:
    report = report_of(steps)
    order = {"survived": 0, "fails already": 1, "caught": 2}
    results = sorted(report.results, key=lambda each: order[each.outcome])
    rows = [[each.clause, badge(mark_of(MUTATION_MARKS, each.outcome)), each.mutation] for each in results]
    caught = sum(each.outcome == "caught" for each in results)
    return html.Div(
        [
            html.P(
                [
                    html.Strong(share(report.score)),
                    f" of the clauses can fail: {caught} of {len(results)} caught",
                ],
                className="mutation-score",
            ),
            table("Mutation test", MUTANT_HEADINGS, rows),
        ]
    )


def _changes(changes: Sequence[ContractChange]) -> Component:
    if not changes:
        return html.P("Both promise the same.", className="said")
    rows = [
        [
            badge(mark_of(CHANGE_MARKS, "breaking" if each.breaking else "harmless")),
            f"{each.part} {each.name}",
            each.message,
        ]
        for each in changes
    ]
    return table("Changes", CHANGE_HEADINGS, rows)
