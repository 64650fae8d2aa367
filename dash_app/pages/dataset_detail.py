"""One dataset: its score, and its profile, checks, schema and lineage, a tab each."""

from dataclasses import dataclass, replace
from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, State, dcc, html, no_update, set_props
from dash.development.base_component import Component

from dash_app.components.card import empty, tile, tiles
from dash_app.components.number import count, share
from dash_app.components.page_head import page_head
from dash_app.components.run_id import run_id_text
from dash_app.components.score import score_badge, score_text
from dash_app.components.tabs import Tab, tabs
from dash_app.components.toolbar import outside_link, permalink
from dash_app.components.when import when
from dash_app.links import (
    alerts_link,
    contract_link,
    dagster_asset_link,
    dataset_link,
    run_link,
    runs_link,
)
from dash_app.pages.dataset_checks import checks_tab
from dash_app.pages.dataset_lineage import lineage_tab
from dash_app.pages.dataset_profile import column_card, first_column, profile_tab
from dash_app.pages.dataset_schema import schema_tab
from dash_app.services.checks import clause_histories
from dash_app.services.columns import table_profile
from dash_app.services.datasets import dataset_summaries
from dash_app.services.metric_series import judged_series
from dash_app.services.records import DatasetSummary
from dash_app.services.schema import schema_versions
from dash_app.services.scores import DatasetScore, dataset_scores
from dash_app.services.services import Services

TABS = ("Profile", "Checks", "Schema", "Lineage")


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page of a dataset shows, kept in its address."""

    dataset: str
    tab: str
    column: str | None
    metric: str | None

    @classmethod
    def of(cls, address: dict[str, Any]) -> "Shown":
        """Read an address; an unknown tab is the first one."""
        wanted = str(address.get("tab") or "").capitalize()
        tab = wanted if wanted in TABS else TABS[0]
        return cls(address["dataset"], tab, address.get("column"), address.get("metric"))


class DatasetDetail:
    """The part of ``/datasets`` that shows one dataset."""

    def __init__(self, services: Services) -> None:
        """Read through ``services``."""
        self._services = services

    async def layout(self, dataset: str, query: dict[str, str]) -> Component:
        """Show the dataset, or say that there is none of that name."""
        shown = Shown.of({**query, "dataset": dataset})
        summaries = await self._services.reads(dataset_summaries, dataset)
        if not summaries:
            return _unknown(dataset)
        summary = summaries[0]
        column = shown.column or await first_column(self._services, dataset)
        shown = replace(shown, column=column)
        return html.Div(
            [
                dcc.Store(id="dataset-address", data={"dataset": dataset, "tab": shown.tab}),
                dcc.Store(id="dataset-column", data=column),
                dcc.Store(id="dataset-shown-metric", data=shown.metric),
                dcc.Store(id="dataset-state", data=await self._state(shown)),
                page_head(dataset, _about(summary), self._tools(summary)),
                html.Div(
                    [
                        html.Div(await self._tiles(summary), id="dataset-tiles"),
                        await self._tabs(shown),
                        html.Div(await self._tab(shown), id="dataset-body"),
                    ],
                    className="stack",
                ),
            ]
        )

    def register(self, app: Dash) -> None:
        """Refresh what a new version changed; show the chosen column."""
        app.callback(
            Output("dataset-tiles", "children"),
            Output("dataset-body", "children"),
            Output("dataset-state", "data"),
            Input("live-version", "data"),
            State("dataset-address", "data"),
            State("dataset-column", "data"),
            State("dataset-shown-metric", "data"),
            State("dataset-state", "data"),
            prevent_initial_call=True,
        )(self.refresh)
        app.callback(
            Output("dataset-column-detail", "children"),
            Input("dataset-column", "data"),
            Input("dataset-metric", "value"),
            State("dataset-address", "data"),
            prevent_initial_call=True,
        )(self.choose)
        app.clientside_callback(
            ClientsideFunction("dqm", "writeDatasetAddress"),
            Output("dataset-shown-metric", "id"),
            Input("dataset-shown-metric", "data"),
            prevent_initial_call=True,
        )

    async def refresh(
        self,
        _version: int | None,
        address: dict[str, Any],
        column: str | None,
        metric: str | None,
        state: str | None,
    ) -> tuple[Any, Any, Any]:
        """Lay out anew only when something of this dataset changed; what is chosen stays."""
        shown = Shown.of({**address, "column": column, "metric": metric})
        now = await self._state(shown)
        if now == state:
            return no_update, no_update, no_update
        summary = (await self._services.reads(dataset_summaries, shown.dataset))[0]
        return await self._tiles(summary), await self._tab(shown), now

    async def choose(self, column: str | None, metric: str | None, address: dict[str, Any]) -> Any:
        """Show a column's distribution and the history of one of its metrics."""
        # Not an output: on the other tabs it is there, and what it would follow is not.
        set_props("dataset-shown-metric", {"data": metric})
        if not column:
            return no_update
        return await column_card(self._services, address["dataset"], column, metric)

    async def _state(self, shown: Shown) -> str:
        reads = self._services.reads
        summaries = await reads(dataset_summaries, shown.dataset)
        scored = (await reads(dataset_scores, shown.dataset)).get(shown.dataset)
        summary = summaries[0] if summaries else None
        known = (
            (
                summary.last_arrival,
                summary.runs,
                summary.batches,
                summary.bad,
                summary.good,
                summary.open_alerts,
            )
            if summary
            else ()
        )
        return f"{known} {scored.score if scored else None}"

    def _tools(self, summary: DatasetSummary) -> list[Component]:
        links: list[Component] = []
        if summary.runs:
            links.append(dcc.Link("Runs", href=runs_link(summary.dataset), className="tool"))
        if summary.contract:
            links.append(dcc.Link("Contract", href=contract_link(summary.dataset), className="tool"))
        address = dagster_asset_link(self._services.settings.dagster_url, summary.asset)
        links.append(html.Span(outside_link("Dagster asset", address), className="tool"))
        return [*links, permalink()]

    async def _tiles(self, summary: DatasetSummary) -> Component:
        scored = (await self._services.reads(dataset_scores, summary.dataset)).get(summary.dataset)
        alerts: Component | str = count(summary.open_alerts)
        if summary.open_alerts:
            alerts = dcc.Link(alerts, href=alerts_link(summary.dataset), className="mark-fail")
        last = summary.last_run_id
        return html.Div(
            [
                tiles(
                    [
                        tile(
                            "Health score",
                            _score_value(scored),
                            score_badge(scored.score if scored else None),
                        ),
                        tile(
                            "Last batch",
                            when(summary.last_arrival, "ago"),
                            dcc.Link(run_id_text(last), href=run_link(summary.dataset, last))
                            if last
                            else "–",
                        ),
                        tile(
                            "Batches",
                            count(summary.batches),
                            f"{count(summary.bad)} bad, {share(summary.share_good)} good"
                            if summary.runs
                            else "–",
                        ),
                        tile(
                            "Rows",
                            count(summary.rows_loaded) if summary.runs else "–",
                            f"{count(summary.rows_quarantined)} quarantined"
                            if summary.runs
                            else "series only",
                        ),
                        tile(
                            "Open alerts",
                            alerts,
                            "need a look" if summary.open_alerts else "nothing to do",
                        ),
                    ]
                ),
                _parts(scored),
            ]
        )

    async def _tabs(self, shown: Shown) -> Component:
        reads = self._services.reads
        clauses = await reads(clause_histories, shown.dataset)
        series = await reads(judged_series, shown.dataset)
        versions = await reads(schema_versions, shown.dataset)
        profile = await reads(table_profile, shown.dataset)
        amounts = {
            "Profile": len(profile.columns) if profile else None,
            "Checks": len(clauses) + len(series),
            "Schema": sum(len(version.changes) for version in versions) or None,
            "Lineage": None,
        }
        entries = [
            Tab(name, dataset_link(shown.dataset, "" if name == TABS[0] else name.lower()), amounts[name])
            for name in TABS
        ]
        return tabs("Parts of the dataset", entries, shown.tab)

    async def _tab(self, shown: Shown) -> Component:
        if shown.tab == "Checks":
            return await checks_tab(self._services, shown.dataset)
        if shown.tab == "Schema":
            return await schema_tab(self._services, shown.dataset)
        if shown.tab == "Lineage":
            return await lineage_tab(self._services, shown.dataset)
        return await profile_tab(self._services, shown.dataset, shown.column, shown.metric)


def _score_value(scored: DatasetScore | None) -> Component:
    if scored is None:
        return html.Span("–")
    change = scored.change
    moved = ""
    if change is not None and abs(change) >= 0.5:  # noqa: PLR2004 - half a point is the least that shows
        moved = f"{'▲' if change > 0 else '▼'} {abs(change):.0f} since yesterday"
    return html.Span([score_text(scored.score), html.Span(moved, className="score-moved") if moved else None])


def _parts(scored: DatasetScore | None) -> Component | None:
    """The parts of the score as bars, each with its number."""
    if scored is None:
        return None
    bars = [
        html.Li(
            [
                html.Span(name.capitalize(), className="part-name"),
                html.Meter(value=str(value), min="0", max="1", className="part-bar", **{"aria-label": name}),
                html.Span(share(value), className="part-share"),
            ]
        )
        for name, value in scored.parts
    ]
    return html.Ul(bars, className="parts", title="What the health score is made of")


def _about(summary: DatasetSummary) -> str:
    parts = [summary.description.rstrip(".") or ("Discovered from its files" if summary.discovered else "")]
    if summary.owner:
        parts.append(f"owned by {summary.owner}")
    if summary.table_name:
        parts.append(summary.table_name if "." in summary.table_name else f"raw.{summary.table_name}")
    return " · ".join(part for part in parts if part) or "Each file that arrives is a run."


def _unknown(dataset: str) -> Component:
    return html.Div(
        [
            page_head(dataset[:120], "There is no such dataset."),
            html.Section(
                empty(
                    "No dataset of this name",
                    html.P(["It may be spelt otherwise: ", dcc.Link("all datasets", href="/datasets"), "."]),
                ),
                className="card",
            ),
        ]
    )
