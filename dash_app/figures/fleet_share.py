"""The online share of the fleet over time, with its baseline, the limit that alarms, and what was cut off."""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from dash_app.components.number import count, share
from dash_app.components.when import local_iso, utc_text
from dash_app.figures.theme import BAND, FAIL, FAINT, GOOD, plain, template
from dash_app.services.devices import FleetIncident, SharePoint
from dash_app.services.viewer import Viewer

_CUT_OFF = "rgba(197, 48, 96, 0.10)"
_LABELLED = 6


def fleet_share_chart(
    points: Sequence[SharePoint],
    incidents: Sequence[FleetIncident],
    drop: float,
    viewer: Viewer,
    *,
    revision: str = "",
) -> go.Figure:
    """Draw the share with its band: from the baseline less ``drop`` up to all devices.

    Incidents are shaded. ``revision`` names what is shown: while it stays, so does the zoom.
    """
    times = [local_iso(point.ts, viewer.zone) for point in points]
    limits = [point.baseline * (1 - drop) if point.baseline is not None else None for point in points]
    low = [point for point in points if _alarms(point, drop)]
    figure = go.Figure(
        [
            *_band(times, points, limits),
            go.Scatter(
                x=times,
                y=[point.baseline for point in points],
                mode="lines",
                line={"color": FAINT, "width": 1, "dash": "dot"},
                hoverinfo="skip",
                name="Baseline",
            ),
            go.Scatter(
                x=times,
                y=[point.share for point in points],
                mode="lines" if len(points) > 1 else "markers",
                line={"color": GOOD, "width": 1.7},
                text=[_hover(point, limit) for point, limit in zip(points, limits, strict=True)],
                hovertemplate="%{text}<extra></extra>",
                name="Online share",
            ),
            go.Scatter(
                x=[local_iso(point.ts, viewer.zone) for point in low],
                y=[point.share for point in low],
                mode="markers",
                marker={"symbol": "x", "color": FAIL, "size": 10},
                hoverinfo="skip",
                name="Drop",
                showlegend=bool(low),
            ),
        ]
    )
    figure.update_layout(
        template=template(viewer.scheme),
        uirevision=revision,
        hovermode="closest",
        hoverdistance=30,
        margin={"t": 40},
        legend={"xanchor": "right", "x": 1, "y": 1.03, "font": {"size": 11.5}, "itemwidth": 30},
        shapes=_cut_off(points, incidents, viewer),
        annotations=_names(points, incidents, viewer),
    )
    figure.update_xaxes(type="date", nticks=8, tickangle=0)
    figure.update_yaxes(tickformat=".0%", nticks=5, range=_range(points, limits))
    return figure


def _band(times: Sequence[str], points: Sequence[SharePoint], limits: Sequence[float | None]) -> list[Any]:
    edge: dict[str, Any] = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
    upper = [1.0 if point.baseline is not None else None for point in points]
    return [
        go.Scatter(x=times, y=upper, showlegend=False, **edge),
        go.Scatter(x=times, y=limits, fill="tonexty", fillcolor=BAND, name="Expected range", **edge),
    ]


def _range(points: Sequence[SharePoint], limits: Sequence[float | None]) -> list[float]:
    lowest = min(
        [point.share for point in points] + [limit for limit in limits if limit is not None], default=0.0
    )
    return [max(0.0, lowest - 0.03), 1.005]


def _shown_until(points: Sequence[SharePoint], incident: FleetIncident) -> Any:
    last = points[-1].ts
    return min(incident.ended, last) if incident.ended else last


def _cut_off(
    points: Sequence[SharePoint], incidents: Sequence[FleetIncident], viewer: Viewer
) -> list[dict[str, Any]]:
    if not points:
        return []
    return [
        {
            "type": "rect",
            "xref": "x",
            "yref": "paper",
            "x0": local_iso(max(incident.started, points[0].ts), viewer.zone),
            "x1": local_iso(_shown_until(points, incident), viewer.zone),
            "y0": 0,
            "y1": 1,
            "fillcolor": _CUT_OFF,
            "line": {"width": 0},
            "layer": "below",
        }
        for incident in incidents
    ]


def _names(
    points: Sequence[SharePoint], incidents: Sequence[FleetIncident], viewer: Viewer
) -> list[dict[str, Any]]:
    """Names of the newest incidents, at the bottom where the line is not."""
    if not points:
        return []
    return [
        {
            "x": local_iso(max(incident.started, points[0].ts), viewer.zone),
            "y": 0.01 + 0.07 * (place % 3),
            "yref": "paper",
            "xanchor": "left",
            "yanchor": "bottom",
            "text": f"✕ {plain(incident.name)}",
            "showarrow": False,
            "font": {"size": 11, "color": FAIL},
        }
        for place, incident in enumerate(incidents[:_LABELLED])
    ]


def _alarms(point: SharePoint, drop: float) -> bool:
    return point.drop is not None and point.drop >= drop


def _hover(point: SharePoint, limit: float | None) -> str:
    lines = [f"<b>{share(point.share)}</b>  {count(point.online)} online"]
    if point.baseline is not None and limit is not None:
        lines.append(f"baseline {share(point.baseline)}, alarms below {share(limit)}")
    return "<br>".join([*lines, utc_text(point.ts)])
