"""A run in detail: why it was judged so, how a column spread, its metrics, its quarantine, its origin."""

from dataclasses import dataclass

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from dash_app.components.card import card, empty
from dash_app.components.graph import graph
from dash_app.components.number import MISSING, count, file_size, number, plural, share
from dash_app.components.run_id import run_id_text
from dash_app.components.status import RUN_MARKS, badge, mark_of
from dash_app.components.table import Heading, table
from dash_app.components.when import when
from dash_app.figures.distribution import histogram_figure, top_values_figure
from dash_app.links import dagster_run_link
from dash_app.services.distribution import Distribution, distribution_of
from dash_app.services.records import Metric, Quarantine, Reason, Run
from dash_app.services.runs import metrics_of, quarantine_of, runs_with_id
from dash_app.services.services import Services
from dash_app.services.viewer import viewer

CHART_HEIGHT = 250
LONGEST_RAW_TEXT = 400

#: Metrics of a column shown as a table, in that order, with how each is written.
COLUMN_METRICS = (
    ("null_fraction", "Null", share),
    ("distinct_count", "Distinct", number),
    ("mean", "Mean", number),
    ("stddev", "Std dev", number),
    ("min", "Min", number),
    ("p50", "Median", number),
    ("max", "Max", number),
    ("outlier_count", "Outliers", number),
)


@dataclass(frozen=True, slots=True)
class RunDetail:
    """All that the detail of a run shows."""

    run: Run
    metrics: tuple[Metric, ...]
    quarantine: Quarantine
    distribution: Distribution | None


async def read_detail(services: Services, dataset: str, run_id: str, column: str | None) -> RunDetail | None:
    """Read a run's detail, or ``None`` if the dataset has no such run."""
    reads = services.reads
    found = await reads(runs_with_id, run_id, dataset)
    if not found:
        return None
    run = found[0]
    metrics = await reads(metrics_of, ((dataset, run_id),))
    return RunDetail(
        run=run,
        metrics=metrics[dataset, run_id],
        quarantine=await reads(quarantine_of, dataset, run_id),
        distribution=await reads(distribution_of, dataset, run_id, column) if column else None,
    )


def nothing_chosen() -> Component:
    """Say how a run is chosen."""
    return card("Run", empty("No run chosen", html.P("Click a point in the chart or a row in the table.")))


def no_such_run(run_id: str) -> Component:
    """Say that the address names a run that is not there."""
    return card(
        "Run",
        empty(
            "No such run in this dataset",
            html.P(run_id[:200], className="raw"),
            html.P("It may have been removed by the retention rule, or belong to another dataset."),
        ),
    )


async def detail_card(services: Services, detail: RunDetail) -> Component:
    """Lay out a run's detail."""
    run = detail.run
    mark = mark_of(RUN_MARKS, run.status)
    head = html.Div(
        [run_id_text(run.run_id), badge(mark), html.Span([when(run.ts or run.landed_at)], className="muted")],
        className="detail-head",
    )
    return html.Section(
        [
            html.H2("Run", className="sr"),
            head,
            _rows_line(run),
            *_reasons(run),
            *await _distribution(services, detail),
            _tabs(services, detail),
        ],
        className="card",
    )


def _rows_line(run: Run) -> Component:
    parts = [
        f"{count(run.rows_loaded)} of {count(run.rows_in)} {'row' if run.rows_in == 1 else 'rows'} loaded"
    ]
    if run.rows_quarantined:
        parts.append(f"{count(run.rows_quarantined)} quarantined")
    if run.simulated:
        parts.append("simulated")
    return html.Div(" · ".join(parts), className="card-note")


def _reasons(run: Run) -> list[Component]:
    if not run.reasons:
        return []
    return [
        html.H3(f"Why it is {mark_of(RUN_MARKS, run.status).word.lower()}", className="sub"),
        html.Ul([_reason(reason) for reason in run.reasons], className="reasons"),
    ]


def _reason(reason: Reason) -> Component:
    where = " · ".join(
        part for part in (reason.column, reason.metric or reason.code.replace("_", " ")) if part
    )
    return html.Li(
        [html.Span(where, className="reason-where") if where else None, html.P(reason.message)],
        className="reason",
    )


async def _distribution(services: Services, detail: RunDetail) -> list[Component]:
    shown = detail.distribution
    if shown is None:
        return []
    label = f"distribution of {shown.column} in run {detail.run.run_id}"
    revision = f"{detail.run.run_id}/{shown.column}"
    build = services.reads.build
    if shown.histogram is not None:
        note = (
            f"bars: this run, line: {plural(shown.usual_runs, 'good run')} before it"
            if shown.usual is not None
            else plural(shown.rows, "row")
        )
        figure = await build(histogram_figure, shown.histogram, shown.usual, viewer(), revision=revision)
    elif shown.top:
        note = "most frequent values"
        figure = await build(top_values_figure, shown.top, shown.rows, viewer(), revision=revision)
    else:
        return [
            html.H3(["Distribution of ", shown.column], className="sub"),
            html.P("All values are equal or missing: there is nothing to draw.", className="muted"),
        ]
    return [
        html.H3([f"Distribution of {shown.column}", html.Span(note, className="muted")], className="sub"),
        graph("run-distribution", figure, label, CHART_HEIGHT),
    ]


def _tabs(services: Services, detail: RunDetail) -> Component:
    kept_out = detail.quarantine.total
    panels = (
        ("metrics", "Metrics", _metrics(detail)),
        (
            "quarantine",
            f"Quarantine ({kept_out:,})" if kept_out else "Quarantine",
            _quarantine(detail.quarantine),
        ),
        ("origin", "Origin", _origin(services, detail.run)),
    )
    return dmc.Tabs(
        [
            dmc.TabsList([dmc.TabsTab(title, value=value) for value, title, _ in panels]),
            *(dmc.TabsPanel(content, value=value, pt="sm") for value, _, content in panels),
        ],
        value="quarantine" if detail.run.status == "QUARANTINED" else "metrics",
        mt="sm",
        # One id per run: another run starts at its first tab, a refresh of this one does not.
        id={"type": "run-tabs", "run": detail.run.run_id.replace(".", "_")},
    )


def _metrics(detail: RunDetail) -> Component:
    by_column: dict[str, dict[str, float | None]] = {}
    for metric in detail.metrics:
        if not metric.segment:
            by_column.setdefault(metric.column, {})[metric.metric] = metric.value
    columns = {name: values for name, values in by_column.items() if name}
    if not columns:
        return empty("No metrics", html.P("No row of this run was loaded, so there was nothing to measure."))
    used = [each for each in COLUMN_METRICS if any(each[0] in values for values in columns.values())]
    return table(
        "Metrics by column",
        [Heading("Column"), *(Heading(title, numeric=True) for _, title, _ in used)],
        [
            [name, *(write(values.get(metric)) for metric, _, write in used)]
            for name, values in sorted(columns.items())
        ],
    )


def _quarantine(quarantine: Quarantine) -> Component:
    if not quarantine.total:
        return empty("Nothing in quarantine", html.P("Every row of the file was loaded."), sign="✓")
    by_code = ", ".join(f"{code.replace('_', ' ')} {amount:,}" for code, amount in quarantine.by_code)
    shown = len(quarantine.rows)
    rows = [
        [
            count(row.line) if row.line else "whole file",
            row.column or MISSING,
            row.reason or row.code.replace("_", " "),
            html.Span(_clipped(row.raw_text), className="raw"),
        ]
        for row in quarantine.rows
    ]
    return html.Div(
        [
            html.P(
                by_code + (f". The first {shown:,} are shown." if shown < quarantine.total else ""),
                className="card-note",
            ),
            table(
                "Quarantined rows",
                [Heading("Line"), Heading("Column"), Heading("Reason"), Heading("Text")],
                rows,
            ),
        ]
    )


def _clipped(text: str) -> str:
    return text if len(text) <= LONGEST_RAW_TEXT else text[:LONGEST_RAW_TEXT] + "…"


def _origin(services: Services, run: Run) -> Component:
    facts: list[tuple[str, Component | str]] = [
        ("File", run.file or MISSING),
        ("Size", file_size(run.file_bytes)),
        ("SHA-256", html.Span(run.file_sha256 or MISSING, className="raw")),
        ("Arrived", when(run.landed_at)),
        ("Registered", when(run.registered_at)),
        ("Judged", when(run.judged_at)),
    ]
    if run.dialect:
        read_as = ", ".join(f"{name} {value!r}" for name, value in run.dialect.items() if value is not None)
        facts.append(("Read as", html.Span(read_as, className="raw")))
    if run.snapshot is not None:
        facts.append(("Store snapshot", str(run.snapshot)))
    if run.dagster_run_id:
        link = html.A(
            run.dagster_run_id[:8],
            href=dagster_run_link(services.settings.dagster_url, run.dagster_run_id),
            title=run.dagster_run_id,
            target="_blank",
            rel="noopener",
        )
        facts.append(("Dagster run", link))
    return html.Dl(
        [part for name, value in facts for part in (html.Dt(name), html.Dd(value))], className="facts"
    )
