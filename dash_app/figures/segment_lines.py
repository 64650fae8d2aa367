"""Values of a segment over time, one line each, as shares of their devices or as counts."""

from collections.abc import Sequence
from typing import Literal

import plotly.graph_objects as go

from dash_app.components.number import count, share
from dash_app.components.when import local_iso, utc_text
from dash_app.figures.theme import plain, template
from dash_app.services.devices import ValueSeries
from dash_app.services.viewer import Viewer

Measure = Literal["share", "count"]
#: Lines are told apart by colour and by dash; the colours hold on light and dark.
COLOURS = ("#3182CE", "#B7791F", "#2F9E77", "#C53060", "#8B6FD6", "#7A828E", "#0E9AB3", "#A8643A")
DASHES = ("solid", "solid", "dash", "solid", "dot", "dash", "dashdot", "dot")


def segment_lines(
    series: Sequence[ValueSeries], measure: Measure, viewer: Viewer, *, revision: str = ""
) -> go.Figure:
    """Draw the lines over each other; ``revision`` names what is shown, which keeps zoom and hidden lines."""
    figure = go.Figure(
        [
            go.Scatter(
                x=[local_iso(ts, viewer.zone) for ts in each.ts],
                y=[_value(each, online, measure) for online in each.online],
                mode="lines" if len(each.ts) > 1 else "markers",
                line={
                    "color": COLOURS[place % len(COLOURS)],
                    "dash": DASHES[place % len(DASHES)],
                    "width": 1.7,
                },
                name=plain(each.value),
                text=[_hover(each, place_in) for place_in in range(len(each.ts))],
                hovertemplate="%{text}<extra></extra>",
            )
            for place, each in enumerate(series)
        ]
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
    figure.update_yaxes(tickformat=".0%" if measure == "share" else ",d", nticks=5)
    return figure


def _value(series: ValueSeries, online: int, measure: Measure) -> float | None:
    if measure == "count":
        return online
    return online / series.devices if series.devices else None


def _hover(series: ValueSeries, place: int) -> str:
    online = series.online[place]
    part = share(online / series.devices) if series.devices else "not in the inventory"
    return (
        f"<b>{plain(series.value)}</b>  {part}<br>{count(online)} of {count(series.devices)} online<br>"
        f"{utc_text(series.ts[place])}"
    )
