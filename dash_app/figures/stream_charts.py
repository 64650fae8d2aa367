"""Streams over time: a metric of each source, and the latency and lag of the consumers."""

from collections.abc import Callable, Sequence

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dash_app.components.number import number, share
from dash_app.components.when import local_iso, utc_text
from dash_app.figures.segment_lines import COLOURS, DASHES
from dash_app.figures.theme import FAIL, GOOD, WARN, plain, template
from dash_app.figures.time_axis import share_time_axis
from dash_app.services.streams import HealthPoint, SourceLine
from dash_app.services.viewer import Viewer

_SHARES = {"error_rate", "late_fraction", "duplicate_fraction"}


def written(metric: str) -> Callable[[float | None], str]:
    """How values of a metric are written."""
    return share if metric in _SHARES else number


def source_chart(
    lines: Sequence[SourceLine], metric: str, viewer: Viewer, *, revision: str = ""
) -> go.Figure:
    """Draw a line per source, with crosses where a window was out of range.

    ``revision`` names what is shown: while it stays, so do zoom and hidden lines.
    """
    figure = go.Figure()
    say = written(metric)
    for place, line in enumerate(lines):
        times = [local_iso(ts, viewer.zone) for ts in line.ts]
        hover = [
            f"<b>{plain(line.source)}</b>  {say(value)}{'  out of range' if bad else ''}<br>{utc_text(ts)}"
            for ts, value, bad in zip(line.ts, line.values, line.anomalous, strict=True)
        ]
        figure.add_scatter(
            x=times,
            y=list(line.values),
            mode="lines" if len(times) > 1 else "markers",
            line={"color": COLOURS[place % len(COLOURS)], "dash": DASHES[place % len(DASHES)], "width": 1.6},
            name=plain(line.source),
            text=hover,
            hovertemplate="%{text}<extra></extra>",
            legendgroup=line.source,
        )
    crosses = [
        (local_iso(ts, viewer.zone), value)
        for line in lines
        for ts, value, bad in zip(line.ts, line.values, line.anomalous, strict=True)
        if bad
    ]
    if crosses:
        figure.add_scatter(
            x=[x for x, _ in crosses],
            y=[y for _, y in crosses],
            mode="markers",
            marker={"symbol": "x", "size": 8, "color": FAIL},
            name="Out of range",
            hoverinfo="skip",
        )
    figure.update_layout(
        template=template(viewer.scheme),
        uirevision=revision,
        hovermode="closest",
        hoverdistance=30,
        showlegend=True,
        margin={"t": 52},
        legend={"x": 0, "y": 1.03, "font": {"size": 11.5}},
    )
    figure.update_xaxes(type="date", nticks=6, tickangle=0)
    figure.update_yaxes(tickformat=".1%" if metric in _SHARES else None, nticks=5)
    return figure


def health_chart(points: Sequence[HealthPoint], viewer: Viewer, *, revision: str = "") -> go.Figure:
    """Draw latency (median and 99th percentile) above the records behind, over one time axis."""
    figure = make_subplots(
        rows=2,
        cols=1,
        shared_xaxes=True,
        vertical_spacing=0.14,
        row_heights=[1.0, 0.7],
        subplot_titles=["From the broker to the store, in milliseconds", "Records behind the broker"],
    )
    times = [local_iso(point.ts, viewer.zone) for point in points]
    mode = "lines" if len(times) > 1 else "markers"
    for name, colour, dash, values in (
        ("99 %", WARN, "solid", [point.p99_ms for point in points]),
        ("50 %", GOOD, "dash", [point.p50_ms for point in points]),
    ):
        trace = go.Scatter(
            x=times,
            y=values,
            mode=mode,
            name=name,
            line={"color": colour, "dash": dash, "width": 1.6},
            text=[
                f"<b>{name}</b>  {number(value, 3)} ms<br>{utc_text(point.ts)}"
                for point, value in zip(points, values, strict=True)
            ],
            hovertemplate="%{text}<extra></extra>",
        )
        figure.add_trace(trace, row=1, col=1)
    lag = go.Scatter(
        x=times,
        y=[point.lag for point in points],
        mode=mode,
        line={"color": GOOD, "width": 1.6},
        text=[f"<b>{number(point.lag)}</b> records behind<br>{utc_text(point.ts)}" for point in points],
        hovertemplate="%{text}<extra></extra>",
        showlegend=False,
    )
    figure.add_trace(lag, row=2, col=1)
    share_time_axis(figure)
    figure.update_annotations(x=0, xanchor="left", xshift=2, yshift=2, font={"size": 12, "weight": 600})
    figure.update_layout(
        template=template(viewer.scheme),
        uirevision=revision,
        hovermode="closest",
        hoverdistance=30,
        margin={"t": 46},
        legend={"xanchor": "right", "x": 1, "y": 1.035, "font": {"size": 11.5}},
    )
    figure.update_xaxes(type="date", nticks=6, tickangle=0)
    figure.update_yaxes(rangemode="tozero", nticks=4)
    return figure
