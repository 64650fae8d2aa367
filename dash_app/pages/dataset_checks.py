"""The checks tab of a dataset: clauses of its contract and judged series, with how each went."""

from dash import dcc, html
from dash.development.base_component import Component

from dash_app.components.card import card, empty
from dash_app.components.number import MISSING, count, number, plural
from dash_app.components.sparkline import sparkline
from dash_app.components.status import CHECK_MARKS, SEVERITY_MARKS, VERDICT_MARKS, badge, mark_of
from dash_app.components.strip import strip
from dash_app.components.table import Cell, Heading, table
from dash_app.components.toolbar import csv_link, outside_link
from dash_app.components.when import when
from dash_app.links import backtest_link, contract_link, dagster_check_link
from dash_app.pages.contract_rows import batch_link
from dash_app.services.checks import ClauseHistory, clause_histories
from dash_app.services.datasets import dataset_summaries
from dash_app.services.metric_series import JudgedSeries, judged_series
from dash_app.services.services import Services

SERIES_SHOWN = 60
CLAUSE_HEADINGS = (
    Heading("Clause"),
    Heading("Newest result"),
    Heading("By batch"),
    Heading("Failing rows", numeric=True),
    Heading("Failures", numeric=True),
    Heading("Severity"),
    Heading("Last failure"),
)
SERIES_HEADINGS = (
    Heading("Series"),
    Heading("Verdict"),
    Heading("By batch"),
    Heading("Value", numeric=True),
    Heading("Expected", numeric=True),
    Heading("Range", numeric=True),
    Heading("Detector"),
    Heading("Judged", numeric=True),
)


async def checks_tab(services: Services, dataset: str) -> Component:
    """Lay out both lists."""
    clauses = await services.reads(clause_histories, dataset)
    series = await services.reads(judged_series, dataset)
    summaries = await services.reads(dataset_summaries, dataset)
    asset = summaries[0].asset if summaries else (dataset,)
    return html.Div(
        [_clauses(services, dataset, clauses, asset), _series(dataset, series)], className="stack"
    )


def _clauses(
    services: Services, dataset: str, clauses: tuple[ClauseHistory, ...], asset: tuple[str, ...]
) -> Component:
    if not clauses:
        return card(
            "Contract",
            empty(
                "No contract for this dataset",
                html.P("A contract says what the data must be; each clause becomes a check."),
                html.P(
                    [
                        "Write one from data with ",
                        html.Code("dqm contract init FILE", className="command"),
                        ".",
                    ]
                ),
            ),
        )
    failing = sum(not each.passed for each in clauses)
    note = f"{plural(len(clauses), 'clause')}, {count(failing)} failing on the newest batch"
    url = services.settings.dagster_url
    return card(
        "Contract",
        table("Clauses", CLAUSE_HEADINGS, [_clause_row(dataset, each, url, asset) for each in clauses]),
        note=note,
        right=[
            dcc.Link("Contract", href=contract_link(dataset), className="tool"),
            csv_link(f"/api/v1/datasets/{dataset}/checks?format=csv"),
        ],
    )


def _clause_row(dataset: str, each: ClauseHistory, dagster_url: str, asset: tuple[str, ...]) -> list[Cell]:
    failed: Component | str = MISSING
    if each.last_failed_run:
        failed = dcc.Link(
            html.Span(each.last_failure, className="clip", title=each.last_failure),
            href=batch_link(dataset, each, each.last_failed_run),
        )
    check = dagster_check_link(dagster_url, asset, each.clause)
    return [
        html.Span(outside_link(each.clause, check), title="The check in Dagster"),
        badge(mark_of(CHECK_MARKS, "passed" if each.passed else "failed")),
        strip(["GOOD" if passed else "BAD" for passed in each.recent], 24, words=("passed", "failed")),
        dcc.Link(
            f"{count(each.failing_rows)} of {count(each.checked_rows)}",
            href=batch_link(dataset, each, each.run_id),
        ),
        f"{count(each.failures)} of {count(each.results)}",
        html.Span(mark_of(SEVERITY_MARKS, each.severity).word, className="muted"),
        failed,
    ]


def _series(dataset: str, series: tuple[JudgedSeries, ...]) -> Component:
    if not series:
        return card(
            "Judged series",
            empty(
                "Nothing judged yet",
                html.P("A series is judged once enough of it is known: some ten batches."),
            ),
        )
    shown = series[:SERIES_SHOWN]
    more = f", the first {len(shown)} shown" if len(shown) < len(series) else ""
    return card(
        "Judged series",
        table("Judged series", SERIES_HEADINGS, [_series_row(dataset, each) for each in shown]),
        note=f"{plural(len(series), 'series', 'series')}{more}; those that lately left their range first",
        right=csv_link(f"/api/v1/datasets/{dataset}/series?format=csv"),
    )


def _series_row(dataset: str, each: JudgedSeries) -> list[Cell]:
    address = each.address
    return [
        dcc.Link(
            address.name,
            href=backtest_link(dataset, address.metric, address.column, address.segment),
            title="Replay this series",
        ),
        badge(mark_of(VERDICT_MARKS, each.verdict)),
        sparkline(each.recent, address.name, marked=each.marked),
        number(each.value),
        number(each.expected),
        f"{number(each.lower)} to {number(each.upper)}" if each.lower is not None else MISSING,
        html.Span(each.detector.replace("_", " "), className="muted"),
        when(each.ts, "ago"),
    ]
