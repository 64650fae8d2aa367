"""The parts of the streams page: tiles, controls, the sources, the consumers, the dead letters."""

from collections.abc import Sequence

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from dash_app.components.card import card, command, empty, tile, tiles
from dash_app.components.number import count, number, share
from dash_app.components.status import PIPELINE_MARKS, VERDICT_MARKS, Mark, badge, mark_of
from dash_app.components.table import Heading, table
from dash_app.components.when import when
from dash_app.links import alerts_link
from dash_app.services.streams import ALL, METRICS, Letter, LetterKind, SourceNow, StreamNow
from dqm_assets.quality.metric_words import metric_words
from dqm_assets.sources.streams.window_judge import DATASET

SIMULATED = Mark("▲", "Simulated", "warn")
_MILLIS = 3

SOURCE_HEADINGS = (
    Heading("Source"),
    Heading("Verdict"),
    Heading("Events a second", numeric=True),
    Heading("Error rate", numeric=True),
    Heading("Mean", numeric=True),
    Heading("Std", numeric=True),
    Heading("Late", numeric=True),
    Heading("Repeated", numeric=True),
    Heading("Window"),
)
TOPIC_HEADINGS = (
    Heading("Topic"),
    Heading("Consumer"),
    Heading("Records a second", numeric=True),
    Heading("Lag", numeric=True),
    Heading("Median", numeric=True),
    Heading("99 %", numeric=True),
    Heading("Commit", numeric=True),
    Heading("Verdict", numeric=True),
    Heading("Reported"),
)
KIND_HEADINGS = (
    Heading("Code"),
    Heading("Reason"),
    Heading("Letters", numeric=True),
    Heading("Became events", numeric=True),
    Heading("Newest"),
)
LETTER_HEADINGS = (Heading("Record"), Heading("Code"), Heading("Bytes"), Heading("When"))


def simulated_note() -> Component:
    """Say that the events are made up."""
    return html.Section(
        [badge(SIMULATED), html.Span(" These events come from the simulator; no such sensor exists.")],
        className="card",
    )


def stream_tiles(now: StreamNow, sources: Sequence[SourceNow], kinds: Sequence[LetterKind]) -> Component:
    """Show rate, errors, latency, lag, dead letters and alerts."""
    whole = next((each for each in sources if each.source == ALL), None)
    lags = [topic.lag for topic in now.topics if topic.lag is not None]
    slowest = max((topic.p99_ms for topic in now.topics if topic.p99_ms is not None), default=None)
    median = max((topic.p50_ms for topic in now.topics if topic.p50_ms is not None), default=None)
    letters = sum(kind.letters for kind in kinds)
    return tiles(
        [
            tile(
                "Events a second",
                number(whole.values.get("event_rate") if whole else None, 3),
                badge(mark_of(PIPELINE_MARKS, now.status)),
            ),
            tile(
                "Error rate",
                share(whole.values.get("error_rate") if whole else None),
                "dead letters and events that report an error",
            ),
            tile("Latency, 99 %", millis(slowest), f"half within {millis(median)}"),
            tile("Lag", count(sum(lags)) if lags else "–", "records behind the broker"),
            tile("Dead letters", count(letters), "in this span"),
            tile(
                "Open alerts",
                dcc.Link(count(now.alerts), href=alerts_link(DATASET)),
                html.Span(["heard ", when(now.ts, "ago")]),
            ),
        ]
    )


def stream_tools(span: str, spans: Sequence[str], metric: str) -> list[Component]:
    """Controls: what is shown over time, and of which span."""
    return [
        dmc.Select(
            id="streams-metric",
            label="Metric by source",
            data=[{"value": name, "label": metric_words(name).capitalize()} for name in METRICS],
            value=metric,
            allowDeselect=False,
            w=220,
            comboboxProps={"shadow": "md"},
        ),
        html.Div(
            [
                html.Div("Span", className="mantine-InputWrapper-label"),
                dmc.SegmentedControl(
                    id="streams-span",
                    data=[{"value": each, "label": each} for each in spans],
                    value=span,
                    size="sm",
                    **{"aria-label": "Span of time"},
                ),
            ]
        ),
    ]


def sources_card(sources: Sequence[SourceNow]) -> Component:
    """List each source's newest window."""
    if not sources:
        return card("Sources", empty("No window has been judged yet"))
    rows = [_source_row(each) for each in sources]
    return card(
        "Sources", table("Newest window of each source", SOURCE_HEADINGS, rows), note="Newest windows."
    )


def topics_card(now: StreamNow) -> Component:
    """List what each consumer last said."""
    rows = [
        [
            topic.topic,
            topic.consumer,
            number(topic.rate, 3),
            count(topic.lag),
            millis(topic.p50_ms),
            millis(topic.p99_ms),
            millis(topic.commit_ms),
            millis(topic.verdict_ms),
            when(topic.ts, "ago"),
        ]
        for topic in now.topics
    ]
    note = "Median and 99 %: from the broker to the store. Verdict: from the begin of a window, 95 %."
    return card("Consumers", table("Consumers of each topic", TOPIC_HEADINGS, rows), note=note)


def letters_cards(kinds: Sequence[LetterKind], letters: Sequence[Letter]) -> list[Component]:
    """Count dead letters by reason, and show the newest."""
    if not kinds:
        return [card("Dead letters", empty("No dead letter in this span", sign="✓"))]
    counted = [
        [kind.code, kind.reason, count(kind.letters), count(kind.replayed), when(kind.newest)]
        for kind in kinds
    ]
    newest = [
        [
            f"{letter.topic} {letter.partition}:{letter.offset}",
            letter.code,
            html.Code(letter.raw or "(nothing)", className="command"),
            when(letter.dead_at),
        ]
        for letter in letters
    ]
    how = html.Span([command("dqm stream dlq replay"), " tries them again by today's rules."])
    return [
        card("Dead letters", table("Dead letters by reason", KIND_HEADINGS, counted), note=how),
        card("Newest dead letters", table("Newest dead letters", LETTER_HEADINGS, newest)),
    ]


def trouble_note(now: StreamNow) -> Component | None:
    """Say why a consumer does not run."""
    if now.status != "FAILED":
        return None
    return html.Section(
        [badge(mark_of(PIPELINE_MARKS, now.status)), html.Span(f" {now.reason}")],
        className="card",
        role="alert",
    )


def nothing_yet() -> Component:
    """Say how a stream is started."""
    return html.Section(
        empty(
            "No stream is consumed yet",
            html.P(
                ["Name brokers in ", command("DQM_KAFKA_BOOTSTRAP"), " and run ", command("dqm stream run")]
            ),
            html.P(["or start a simulated stream with ", command("dqm simulate stream"), "."]),
            html.P("It shows up here by itself."),
        ),
        className="card",
    )


def millis(value: float | None) -> str:
    """Write milliseconds; seconds from a thousand on."""
    if value is None:
        return "–"
    return f"{number(value / 1000, _MILLIS)} s" if value >= 1000 else f"{number(value, _MILLIS)} ms"  # noqa: PLR2004


def _source_row(each: SourceNow) -> list:
    values = each.values
    if each.anomalous:
        words = ", ".join(metric_words(name) for name in each.anomalous)
        verdict = [badge(VERDICT_MARKS["anomalous"]), html.Span(f" {words}")]
    else:
        verdict = badge(VERDICT_MARKS["learning" if each.learning else "normal"])
    return [
        each.source,
        verdict,
        number(values.get("event_rate"), 3),
        share(values.get("error_rate")),
        number(values.get("mean"), 4),
        number(values.get("stddev"), 3),
        share(values.get("late_fraction")),
        share(values.get("duplicate_fraction")),
        when(each.ts),
    ]
