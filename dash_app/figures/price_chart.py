"""The price and the volume of a coin over time, with the ranges they were judged against."""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dash_app.components.number import number
from dash_app.components.when import local_iso, utc_text
from dash_app.figures.theme import BAND, FAIL, GOOD, template
from dash_app.figures.time_axis import share_time_axis
from dash_app.services.crypto import Judged, Moment
from dash_app.services.viewer import Viewer


def price_chart(moments: Sequence[Moment], viewer: Viewer, *, revision: str = "") -> go.Figure:
    """Draw price and volume over a shared time axis in the viewer's zone.

    ``revision`` names what is shown: while it stays, so do zoom and hidden traces.
    """
    figure = make_subplots(
        rows=2,
        cols=1,
        shared_xaxes=True,
        vertical_spacing=0.1,
        row_heights=[1.0, 0.6],
        subplot_titles=["Price in US dollars", "Volume of 24 hours in US dollars"],
    )
    times = [local_iso(moment.ts, viewer.zone) for moment in moments]
    for row, judged in enumerate(
        ([moment.price for moment in moments], [moment.volume for moment in moments]), start=1
    ):
        hover = [_hover(moment, value, price=row == 1) for moment, value in zip(moments, judged, strict=True)]
        for trace in (*_band(times, judged, legend=row == 1), *_line(times, judged, hover)):
            figure.add_trace(trace, row=row, col=1)
    if any(value.verdict == "anomalous" for moment in moments for value in (moment.price, moment.volume)):
        figure.add_trace(_legend_mark(), row=1, col=1)
    share_time_axis(figure)
    figure.update_annotations(x=0, xanchor="left", xshift=2, yshift=2, font={"size": 12, "weight": 600})
    figure.update_layout(
        template=template(viewer.scheme),
        uirevision=revision,
        hovermode="x",
        margin={"t": 46},
        legend={"xanchor": "right", "x": 1, "y": 1.035, "font": {"size": 11.5}, "itemwidth": 30},
    )
    figure.update_xaxes(type="date", nticks=8, tickangle=0)
    figure.update_yaxes(nticks=5)
    return figure


def _band(times: Sequence[str], judged: Sequence[Judged], *, legend: bool) -> list[Any]:
    edge = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip", "legendgroup": "band"}
    return [
        go.Scatter(x=times, y=[value.upper for value in judged], showlegend=False, **edge),
        go.Scatter(
            x=times,
            y=[value.lower for value in judged],
            fill="tonexty",
            fillcolor=BAND,
            name="Expected range",
            showlegend=legend,
            **edge,
        ),
    ]


def _line(times: Sequence[str], judged: Sequence[Judged], hover: Sequence[str]) -> list[Any]:
    out = [place for place, value in enumerate(judged) if value.verdict == "anomalous"]
    return [
        go.Scatter(
            x=times,
            y=[value.value for value in judged],
            mode="lines" if len(times) > 1 else "markers",
            line={"color": GOOD, "width": 1.5},
            text=hover,
            hovertemplate="%{text}<extra></extra>",
            showlegend=False,
        ),
        go.Scatter(
            x=[times[place] for place in out],
            y=[judged[place].value for place in out],
            mode="markers",
            marker={"symbol": "x", "size": 10, "color": FAIL},
            hoverinfo="skip",
            showlegend=False,
        ),
    ]


def _legend_mark() -> Any:
    return go.Scatter(
        x=[None],
        y=[None],
        mode="markers",
        marker={"symbol": "x", "size": 9, "color": FAIL},
        name="Out of range",
        hoverinfo="skip",
    )


def _hover(moment: Moment, judged: Judged, *, price: bool) -> str:
    lines = [f"<b>{number(judged.value, 6)} USD</b>"]
    if price and moment.inr is not None:
        lines.append(f"{number(moment.inr, 6)} INR{', by a stale rate' if moment.inr_rate_stale else ''}")
    if judged.lower is not None and judged.upper is not None:
        lines.append(f"expected {number(judged.lower, 6)} to {number(judged.upper, 6)}")
    elif judged.verdict == "learning":
        lines.append("still learning what is normal")
    lines.append(utc_text(moment.ts))
    return "<br>".join(lines)
