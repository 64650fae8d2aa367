"""Control charts: a metric's value run by run, with the band it was judged against."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dash_app.components.number import number
from dash_app.components.run_id import short_run_id
from dash_app.components.status import RUN_MARKS, mark_of
from dash_app.components.when import local_iso, utc_text
from dash_app.figures.theme import BAND, FAIL, FAINT, GOOD, NEUTRAL, plain, template
from dash_app.figures.time_axis import share_time_axis
from dash_app.services.records import SeriesPoint
from dash_app.services.viewer import Viewer


@dataclass(frozen=True, slots=True)
class Panel:
    """One metric of the chart: its name in the store, its title, and whether it is drawn as bars."""

    metric: str
    title: str
    bars: bool = False


#: The panels of the Runs page, top to bottom.
RUN_PANELS = (
    Panel("mean", "Mean"),
    Panel("stddev", "Standard deviation"),
    Panel("outlier_count", "Outliers", bars=True),
)
#: The panels of the table as a whole.
TABLE_PANELS = (
    Panel("row_count", "Rows"),
    Panel("quarantined_fraction", "Share of rows quarantined"),
)


def control_chart(
    series: Mapping[str, Sequence[SeriesPoint]],
    panels: Sequence[Panel],
    viewer: Viewer,
    *,
    selected: str | None = None,
    revision: str = "",
) -> go.Figure:
    """Draw one panel per metric over a shared time axis in the viewer's zone.

    Each point's ``customdata`` is its run id, so that a click finds the run. ``selected`` is marked
    across all panels. ``revision`` names what is shown: while it stays, so do zoom and hidden traces.
    """
    figure = make_subplots(
        rows=len(panels),
        cols=1,
        shared_xaxes=True,
        vertical_spacing=0.09 if len(panels) > 1 else 0,
        row_heights=[1.0 if not panel.bars else 0.6 for panel in panels],
        subplot_titles=[panel.title for panel in panels] if len(panels) > 1 else None,
    )
    for row, panel in enumerate(panels, start=1):
        points = [point for point in series.get(panel.metric, ()) if point.ts is not None]
        traces = _bars(points, viewer) if panel.bars else _lines(points, viewer, legend=row == 1)
        for trace in traces:
            figure.add_trace(trace, row=row, col=1)
    lines = [point for panel in panels if not panel.bars for point in series.get(panel.metric, ())]
    for trace in _legend_marks(lines):
        figure.add_trace(trace, row=1, col=1)
    share_time_axis(figure)
    figure.update_annotations(x=0, xanchor="left", xshift=2, yshift=2, font={"size": 12, "weight": 600})
    figure.update_layout(
        template=template(viewer.scheme),
        uirevision=revision,
        hovermode="closest",
        clickmode="event",
        hoverdistance=30,
        margin={"t": 46 if len(panels) > 1 else 34},
        legend={"xanchor": "right", "x": 1, "y": 1.035, "font": {"size": 11.5}, "itemwidth": 30},
        shapes=_selection(series, panels, selected, viewer.zone),
    )
    if len(panels) == 1:  # a small chart has no room for the sign that explains itself
        figure.update_traces(showlegend=False, selector={"name": "Good"})
    # Said, not guessed from the data: the line at the chosen run may be drawn before there is any.
    figure.update_xaxes(type="date")
    figure.update_yaxes(nticks=4)
    figure.update_xaxes(nticks=8, tickangle=0)
    return figure


def selection_shapes(ts: datetime | None, zone: ZoneInfo) -> list[dict[str, Any]]:
    """Give the shape that marks a run's time across all panels."""
    if ts is None:
        return []
    at = local_iso(ts, zone)
    line = {"color": NEUTRAL, "width": 1.2, "dash": "dot"}
    return [
        {
            "type": "line",
            "xref": "x",
            "yref": "paper",
            "x0": at,
            "x1": at,
            "y0": 0,
            "y1": 1,
            "line": line,
            "layer": "below",
        }
    ]


def _selection(
    series: Mapping[str, Sequence[SeriesPoint]],
    panels: Sequence[Panel],
    selected: str | None,
    zone: ZoneInfo,
) -> list[dict[str, Any]]:
    for panel in panels:
        for point in series.get(panel.metric, ()):
            if point.run_id == selected:
                return selection_shapes(point.ts, zone)
    return []


def _lines(points: Sequence[SeriesPoint], viewer: Viewer, *, legend: bool) -> list[Any]:
    times = [local_iso(point.ts, viewer.zone) for point in points if point.ts]
    shown = {"legendgroup": "band", "showlegend": legend}
    return [
        go.Scatter(
            x=times,
            y=[point.upper for point in points],
            mode="lines",
            line={"width": 0},
            hoverinfo="skip",
            showlegend=False,
            legendgroup="band",
        ),
        go.Scatter(
            x=times,
            y=[point.lower for point in points],
            mode="lines",
            line={"width": 0},
            fill="tonexty",
            fillcolor=BAND,
            hoverinfo="skip",
            name="Expected range",
            **shown,
        ),
        go.Scatter(
            x=times,
            y=[point.expected for point in points],
            mode="lines",
            line={"color": FAINT, "width": 1, "dash": "dot"},
            hoverinfo="skip",
            showlegend=False,
            legendgroup="band",
        ),
        go.Scatter(
            x=times,
            y=[point.value for point in points],
            mode="lines+markers",
            line={"color": GOOD, "width": 1.5},
            marker={
                "size": [_size(point) for point in points],
                "symbol": [_symbol(point) for point in points],
                "color": [_colour(point) for point in points],
                "line": {"width": [1.6 if _symbol(point).endswith("open") else 0 for point in points]},
                "opacity": 1,
            },
            customdata=[point.run_id for point in points],
            text=[_hover(point) for point in points],
            hovertemplate="%{text}<extra></extra>",
            name="Value",
            showlegend=False,
        ),
    ]


def _bars(points: Sequence[SeriesPoint], viewer: Viewer) -> list[Any]:
    bad = [point.status == "BAD" or point.verdict == "anomalous" for point in points]
    return [
        go.Bar(
            x=[local_iso(point.ts, viewer.zone) for point in points if point.ts],
            y=[point.value for point in points],
            marker={
                "color": [FAIL if marked else FAINT for marked in bad],
                "pattern": {"shape": ["/" if marked else "" for marked in bad], "size": 5, "solidity": 0.35},
                "line": {"width": 0},
                "cornerradius": 2,
            },
            customdata=[point.run_id for point in points],
            text=[_hover(point) for point in points],
            textposition="none",
            hovertemplate="%{text}<extra></extra>",
            showlegend=False,
        )
    ]


def _legend_marks(points: Sequence[SeriesPoint]) -> list[Any]:
    """Name the signs that occur in any panel; a trace that draws several has one legend entry only."""
    found = {_symbol(point): point for point in reversed(points)}
    names = {
        "circle": "Good",
        "x": "Out of range",
        "diamond-open": "Bad run",
        "circle-open": "Not judged",
    }
    return [
        go.Scatter(
            x=[None],
            y=[None],
            mode="markers",
            marker={
                "symbol": symbol,
                "color": _colour(found[symbol]),
                "size": 9,
                "line": {"width": 1.6 if symbol.endswith("open") else 0},
            },
            name=name,
            hoverinfo="skip",
        )
        for symbol, name in names.items()
        if symbol in found
    ]


def _symbol(point: SeriesPoint) -> str:
    if point.verdict == "anomalous":
        return "x"
    if point.status == "BAD":
        return "diamond-open"
    return "circle" if point.status == "GOOD" else "circle-open"


def _size(point: SeriesPoint) -> float:
    return {"x": 11, "diamond-open": 9, "circle": 5, "circle-open": 6}[_symbol(point)]


def _colour(point: SeriesPoint) -> str:
    return {"x": FAIL, "diamond-open": FAIL, "circle": GOOD, "circle-open": NEUTRAL}[_symbol(point)]


def _hover(point: SeriesPoint) -> str:
    mark = mark_of(RUN_MARKS, point.status)
    lines = [
        f"<b>{number(point.value)}</b>  {mark.sign} {mark.word}",
        plain(short_run_id(point.run_id)),
    ]
    if point.lower is not None and point.upper is not None:
        lines.insert(1, f"expected {number(point.lower)} to {number(point.upper)}")
    elif point.verdict == "learning":
        lines.insert(1, "still learning what is normal")
    if point.ts is not None:
        lines.append(utc_text(point.ts))
    return "<br>".join(lines)
