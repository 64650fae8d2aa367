"""The look of every chart: one palette that holds on light and dark, and a template for each."""

from functools import cache
from typing import Any

import plotly.graph_objects as go

from dash_app.services.viewer import Scheme

#: At least 3:1 against both backgrounds and far apart under the common colour blindnesses; a mark or a
#: word always says the same as the colour.
GOOD = "#3182CE"
WARN = "#B7791F"
FAIL = "#C53060"
NEUTRAL = "#7A828E"
BAND = "rgba(49, 130, 206, 0.14)"
FAINT = "rgba(122, 130, 142, 0.55)"

FONT = '"Inter Variable", system-ui, -apple-system, "Segoe UI", sans-serif'

#: No link to plotly's site, no chart uploaded there, no tools that change what a chart means.
CONFIG: dict[str, Any] = {
    "displaylogo": False,
    "responsive": True,
    "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d", "zoomIn2d", "zoomOut2d"],
    "plotlyServerURL": "",
    "showSendToCloud": False,
}


@cache
def template(scheme: Scheme) -> go.layout.Template:
    """Give the plotly template of a colour scheme."""
    dark = scheme == "dark"
    text = "#C6CCD6" if dark else "#4A5261"
    line = "rgba(255, 255, 255, 0.09)" if dark else "rgba(17, 24, 39, 0.08)"
    surface = "#22262D" if dark else "#FFFFFF"
    axis: dict[str, Any] = {
        "gridcolor": line,
        "linecolor": line,
        "zeroline": False,
        "ticks": "",
        "automargin": True,
        "tickfont": {"size": 11.5},
    }
    return go.layout.Template(
        layout={
            "font": {"family": FONT, "size": 12, "color": text},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "colorway": [GOOD, WARN, FAIL, NEUTRAL],
            "margin": {"l": 8, "r": 8, "t": 28, "b": 8},
            "xaxis": {**axis, "showgrid": False},
            "yaxis": {**axis, "nticks": 5},
            "hoverlabel": {
                "bgcolor": surface,
                "bordercolor": line,
                "align": "left",
                "font": {"family": FONT, "size": 12.5, "color": "#E8EAED" if dark else "#1A1D23"},
            },
            "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "title": {"text": ""}},
            "bargap": 0.12,
            "modebar": {
                "bgcolor": "rgba(0,0,0,0)",
                "color": "rgba(122,130,142,.75)",
                "activecolor": GOOD,
                "orientation": "h",
            },
        }
    )


def plain(text: str) -> str:
    """Write text out of the data so that a chart shows it as it is: plotly reads tags and links in it."""
    return text.replace("&", "&amp;").replace("<", "&lt;")
