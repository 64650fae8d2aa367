"""Overview: the health of every source, what needs attention, and what changed since yesterday."""

from functools import partial
from typing import Any

from dash import Dash, Input, dcc, html
from dash.development.base_component import Component

from dash_app.components.card import card, command, empty, tile, tiles
from dash_app.components.number import count, plural, share
from dash_app.components.page_head import page_head
from dash_app.components.run_id import run_id_text
from dash_app.components.score import score_mark
from dash_app.components.sections import Drawn, Sections
from dash_app.components.status import (
    ALERT_MARKS,
    PIPELINE_MARKS,
    RUN_MARKS,
    SEVERITY_MARKS,
    badge,
    mark_of,
)
from dash_app.components.table import Cell, Heading, table
from dash_app.components.when import when
from dash_app.links import alert_link, alerts_link, dataset_link, datasets_link, run_link, runs_link
from dash_app.pages.score_cards import score_card
from dash_app.services.alerts import AlertFilter, alert_page
from dash_app.services.changes import Change, recent_changes
from dash_app.services.datasets import dataset_summaries
from dash_app.services.health import pipeline_statuses
from dash_app.services.records import Alert, AlertPage, DatasetSummary, PipelineStatus, Run, RunPage
from dash_app.services.runs import RunFilter, run_page
from dash_app.services.scores import DatasetScore, dataset_scores
from dash_app.services.services import Services

#: Places of the cards, and of the other parts that are drawn each on its own.
CARD_PLACES = tuple(f"card-{place}" for place in range(8))
PLACES = (*CARD_PLACES, "tiles", "more", "changes", "runs", "alerts", "pipelines")
ALERTS_SHOWN = 6
RUNS_SHOWN = 8
OPEN = ("open", "acknowledged")

RUN_HEADINGS = (
    Heading("Run"),
    Heading("Dataset"),
    Heading("Status"),
    Heading("Why"),
    Heading("Rows", numeric=True),
    Heading("Arrived", numeric=True),
)
CHANGE_WORDS = {
    "opened": "Alert opened",
    "resolved": "Alert resolved",
    "score": "Health score",
    "schema": "Columns",
    "runs": "Bad runs",
    "dataset": "New",
}


class OverviewPage:
    """The page at ``/dashboard``."""

    path = "/dashboard"
    name = "Overview"
    icon = "overview"

    def __init__(self, services: Services) -> None:
        """Read through ``services``."""
        self._services = services
        self._sections = Sections("overview", PLACES)

    async def layout(self, query: dict[str, str]) -> Component:
        """Show everything; the address asks for nothing."""
        drawn = await self._drawn()
        place = partial(self._sections.place, drawn)
        cards = [place(name, className="score-card-place") for name in CARD_PLACES]
        return html.Div(
            [
                page_head("Overview", "The health of every source, the ones that need attention first."),
                html.Div(
                    [
                        place("tiles"),
                        html.Section(
                            [
                                html.H2("Health by source", className="sr"),
                                html.Div(cards, className="score-cards"),
                                place("more"),
                            ]
                        ),
                        html.Div(
                            [
                                html.Div([place("changes"), place("runs")], className="stack"),
                                html.Div([place("alerts"), place("pipelines")], className="stack"),
                            ],
                            className="columns columns-wide-left",
                        ),
                    ],
                    id="overview-body",
                    className="stack",
                ),
                self._sections.memory(drawn),
            ]
        )

    def register(self, app: Dash) -> None:
        """Redraw on a new store version what it changed."""
        app.callback(
            *self._sections.outputs,
            Input("live-version", "data"),
            self._sections.shown,
            prevent_initial_call=True,
        )(self.refresh)

    async def refresh(self, _version: int | None, shown: dict[str, str] | None) -> list[Any]:
        """Send the parts that are not shown yet."""
        return self._sections.changed(await self._drawn(), shown)

    async def _drawn(self) -> Drawn:
        reads = self._services.reads
        inputs = (
            await reads(dataset_summaries),
            await reads(dataset_scores),
            await reads(alert_page, AlertFilter(statuses=OPEN), ALERTS_SHOWN),
            await reads(run_page, RunFilter(), RUNS_SHOWN),
            await reads(recent_changes),
            await reads(pipeline_statuses),
        )
        return await self._sections.draw(inputs, self._parts)

    def _parts(  # noqa: PLR0917 - one per table that is read
        self,
        summaries: tuple[DatasetSummary, ...],
        scores: dict[str, DatasetScore],
        alerts: AlertPage,
        newest: RunPage,
        changes: tuple[Change, ...],
        pipelines: tuple[PipelineStatus, ...],
    ) -> dict[str, Component | None]:
        parts: dict[str, Component | None] = dict.fromkeys(PLACES)
        if not summaries:
            parts["tiles"] = self._nothing_yet()
            parts["pipelines"] = _pipelines_card(pipelines) if pipelines else None
            return parts
        worst, more = _cards(summaries, scores)
        return {
            **parts,
            **dict(zip(CARD_PLACES, worst, strict=False)),
            "tiles": _tiles(summaries, scores, alerts.total),
            "more": more,
            "changes": _changes_card(changes),
            "runs": _newest_runs_card(newest.runs),
            "alerts": _alerts_card(alerts.alerts, alerts.total),
            "pipelines": _pipelines_card(pipelines),
        }

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


def _tiles(
    summaries: tuple[DatasetSummary, ...], scores: dict[str, DatasetScore], open_alerts: int
) -> Component:
    good, judged = sum(each.good for each in summaries), sum(each.judged for each in summaries)
    newest = max(
        (each for each in summaries if each.last_arrival is not None),
        key=lambda each: str(each.last_arrival),
        default=None,
    )
    kept_out = sum(each.rows_quarantined for each in summaries)
    healthy = sum(score_mark(scored.score).tone == "good" for scored in scores.values())
    alerts: Component | str = count(open_alerts)
    if open_alerts:
        alerts = dcc.Link(alerts, href=alerts_link(), className="mark-fail")
    arrived = "nothing yet"
    if newest is not None:
        arrived = dcc.Link(f"in {newest.dataset}", href=dataset_link(newest.dataset))
    return tiles(
        [
            tile(
                "Sources",
                dcc.Link(count(len(summaries)), href="/datasets"),
                f"{count(healthy)} of {plural(len(scores), 'scored source')} healthy",
            ),
            tile("Open alerts", alerts, "need a look" if open_alerts else "nothing to do"),
            tile(
                "Good runs",
                share(good / judged if judged else None),
                f"{count(good)} of {plural(judged, 'judged run')}",
            ),
            tile(
                "Rows loaded",
                count(sum(each.rows_loaded for each in summaries)),
                f"{count(kept_out)} quarantined",
            ),
            tile("Last arrival", when(newest.last_arrival if newest else None, "ago"), arrived),
        ]
    )


def _cards(
    summaries: tuple[DatasetSummary, ...], scores: dict[str, DatasetScore]
) -> tuple[list[Component], Component | None]:
    """The cards of the sources that need attention most, and the link to the others."""
    ordered = sorted(
        summaries,
        key=lambda each: (
            scores[each.dataset].score if each.dataset in scores else 101.0,
            each.open_alerts == 0,
            each.dataset,
        ),
    )
    shown = ordered[: len(CARD_PLACES)]
    cards = [score_card(each, scores.get(each.dataset)) for each in shown]
    if len(ordered) == len(shown):
        return cards, None
    text = f"{plural(len(ordered) - len(shown), 'more source')}, none worse than these →"
    return cards, dcc.Link(text, href=datasets_link(), className="more")


def _changes_card(changes: tuple[Change, ...]) -> Component:
    if not changes:
        hint = html.P("No alert opened or resolved, no score moved, no columns changed.")
        return card("Since yesterday", empty("Nothing changed in the last 24 hours", hint, sign="✓"))
    items = [
        html.Li(
            [
                html.Span(
                    ["▼ " if each.worse else "▲ ", CHANGE_WORDS[each.kind]],
                    className=f"change-kind mark-{'fail' if each.worse else 'good'}",
                ),
                html.Div(
                    [
                        dcc.Link(each.text, href=_change_link(each)),
                        html.Span(f" {each.dataset}", className="muted"),
                    ],
                    className="list-main",
                ),
                html.Div(when(each.ts, "ago") if each.ts else None, className="list-side"),
            ]
        )
        for each in changes
    ]
    return card("Since yesterday", html.Ul(items, className="list"), note="the last 24 hours")


def _change_link(change: Change) -> str:
    if change.kind in ("opened", "resolved"):
        return alert_link(change.target)
    if change.kind == "schema":
        return dataset_link(change.dataset, "schema")
    return runs_link(change.dataset) if change.kind == "runs" else dataset_link(change.dataset)


def _newest_runs_card(runs: tuple[Run, ...]) -> Component | None:
    if not runs:
        return None
    return card("Newest runs", table("Newest runs", RUN_HEADINGS, [_run_row(run) for run in runs]))


def _run_row(run: Run) -> list[Cell]:
    why = run.reasons[0].message if run.reasons else ""
    more = f" and {len(run.reasons) - 1} more" if len(run.reasons) > 1 else ""
    return [
        dcc.Link(run_id_text(run.run_id), href=run_link(run.dataset, run.run_id)),
        dcc.Link(run.dataset, href=dataset_link(run.dataset), className="quiet"),
        badge(mark_of(RUN_MARKS, run.status)),
        html.Span(why + more, className="clip", title=why),
        count(run.rows_loaded),
        when(run.landed_at or run.ts, "ago"),
    ]


def _alerts_card(alerts: tuple[Alert, ...], total: int) -> Component:
    if not alerts:
        return card(
            "Open alerts",
            empty("No open alerts", html.P("Everything that is judged is in its range."), sign="✓"),
        )
    items = [html.Li(_alert_item(alert)) for alert in alerts]
    more = dcc.Link(f"All {total:,}" if total > len(alerts) else "All alerts", href="/alerts")
    return card("Open alerts", html.Ul(items, className="list"), right=more)


def _alert_item(alert: Alert) -> Component:
    marks = [
        badge(mark_of(SEVERITY_MARKS, alert.severity)),
        html.Span(when(alert.raised_at, "ago"), className="list-side"),
    ]
    about = f"{alert.dataset} · {mark_of(ALERT_MARKS, alert.status).word.lower()}"
    about += f" · {alert.data_of}" if alert.data_of else ""
    return html.Div(
        [
            html.Div(marks, className="list-top"),
            dcc.Link(alert.headline, href=alert_link(alert.alert_id)),
            html.Div(about, className="muted"),
        ],
        className="list-main",
    )


def _pipelines_card(pipelines: tuple[PipelineStatus, ...]) -> Component:
    more = dcc.Link("System", href="/system")
    if not pipelines:
        hint = html.P("Each one reports here after its first run.")
        return card("Pipelines", empty("No pipeline has run yet", hint), right=more)
    items = [_pipeline_item(each) for each in pipelines]
    return card("Pipelines", html.Ul(items, className="list"), right=more)


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
