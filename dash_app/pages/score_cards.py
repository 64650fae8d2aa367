"""The card of one source on the overview: its score, how it went, and what is open."""

from dash import dcc, html
from dash.development.base_component import Component

from dash_app.components.number import plural
from dash_app.components.score import score_badge, score_mark, score_text
from dash_app.components.sparkline import sparkline
from dash_app.components.when import when
from dash_app.links import alerts_link, dataset_link
from dash_app.services.records import DatasetSummary
from dash_app.services.scores import DatasetScore

TREND_WIDTH, TREND_HEIGHT = 250, 40
#: A part of the score below this is named on the card.
WEAK = 0.9


def score_card(summary: DatasetSummary, scored: DatasetScore | None) -> Component:
    """Lay out a source's card; one without a score says what it waits for."""
    score = scored.score if scored else None
    mark = score_mark(score)
    alerts: Component = html.Span("no open alerts", className="muted")
    if summary.open_alerts:
        text = plural(summary.open_alerts, "open alert")
        alerts = dcc.Link(text, href=alerts_link(summary.dataset), className="mark mark-fail")
    side = [html.Div(_weakest(scored, summary), className="muted"), alerts]
    name = dcc.Link(summary.dataset, href=dataset_link(summary.dataset), className="score-name")
    return html.Article(
        [
            html.Header([html.H3(name), score_badge(score)], className="score-head"),
            html.Div(
                [
                    html.Span(score_text(score), className="score-number"),
                    html.Div(side, className="score-side"),
                ],
                className="score-line",
            ),
            _trend(scored, mark.tone),
            html.Div(["last batch ", when(summary.last_arrival, "ago")], className="score-foot"),
        ],
        className=f"card score-card score-{mark.tone}",
    )


def _weakest(scored: DatasetScore | None, summary: DatasetSummary) -> str:
    if scored is None:
        return "scored with its first batch" if not summary.batches else "not scored yet"
    name, value = min(scored.parts, key=lambda part: part[1], default=("", 1.0))
    return f"{name} {100 * value:.0f} %" if value < WEAK else "health score"


def _trend(scored: DatasetScore | None, tone: str) -> Component:
    if scored is None or len(scored.trend) < 2:  # noqa: PLR2004 - a line needs two points
        return html.Div("The trend starts tomorrow.", className="score-trend muted")
    drawn = sparkline(
        scored.trend,
        f"Score of {scored.dataset} by day",
        tone=tone,
        low=0.0,
        high=100.0,
        width=TREND_WIDTH,
        height=TREND_HEIGHT,
        area=True,
    )
    return html.Div(drawn, className="score-trend")
