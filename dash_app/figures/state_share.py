"""The online share of the states: on the map, and hour by hour."""

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go
from plotly.colors import sample_colorscale

from dash_app.components.number import count, share
from dash_app.components.when import local_iso
from dash_app.figures.brazil import ATTRIBUTION, HEIGHT, WIDTH, shapes
from dash_app.figures.theme import NEUTRAL, plain, template
from dash_app.services.devices import StateHours, ValueSeries
from dash_app.services.viewer import Viewer

#: Dark to light under any colour blindness; shares below the range have its darkest colour.
SCALE = "Cividis"
LOWEST, HIGHEST = 0.5, 1.0
#: On colours lighter than this share of the range labels are dark.
_LIGHT_FROM = 0.55
#: Columns of more hours stand without gaps.
_GAPS_UNTIL = 60
_SMALL = ("DF", "SE", "AL", "RN", "PB", "PE", "ES", "RJ")


def state_map(series: Sequence[ValueSeries], viewer: Viewer) -> go.Figure:
    """Draw the states, each in the colour of its newest share and with its letters."""
    by_state = {each.value: each for each in series}
    figure = go.Figure([*_states(by_state), _labels(by_state), _scale()])
    figure.update_layout(
        template=template(viewer.scheme),
        hovermode="closest",
        showlegend=False,
        margin={"l": 0, "r": 0, "t": 4, "b": 30},
        uirevision="map",
        annotations=[
            {
                "text": ATTRIBUTION,
                "x": 0,
                "y": 0,
                "xref": "paper",
                "yref": "paper",
                "xanchor": "left",
                "yanchor": "top",
                "showarrow": False,
                "font": {"size": 10},
            }
        ],
    )
    hidden = {"visible": False, "fixedrange": True}
    figure.update_xaxes(**hidden, range=[-6, WIDTH + 6])
    figure.update_yaxes(**hidden, range=[-4, HEIGHT + 4], scaleanchor="x", constrain="domain")
    return figure


def state_hours_chart(found: StateHours, viewer: Viewer) -> go.Figure:
    """Draw states over hours; the states with most devices are on top."""
    times = [local_iso(hour, viewer.zone) for hour in found.hours]
    figure = go.Figure(
        go.Heatmap(
            x=times,
            y=[plain(state) for state in found.states],
            z=[list(row) for row in found.share],
            zmin=LOWEST,
            zmax=HIGHEST,
            colorscale=SCALE,
            xgap=1 if len(times) <= _GAPS_UNTIL else 0,
            ygap=1,
            hoverongaps=False,
            hovertemplate="<b>%{y}</b>  %{z:.1%}<br>%{x|%a %d %b, %H:%M}<extra></extra>",
            colorbar=_bar(),
        )
    )
    figure.update_layout(template=template(viewer.scheme), uirevision="hours", margin={"t": 8, "b": 8})
    figure.update_xaxes(type="date", nticks=8, tickangle=0)
    figure.update_yaxes(type="category", dtick=1, tickfont={"size": 10}, showgrid=False)
    return figure


def _states(by_state: Mapping[str, ValueSeries]) -> list[Any]:
    return [
        go.Scatter(
            x=shape.x,
            y=shape.y,
            mode="lines",
            fill="toself",
            fillcolor=_colour(_share(by_state, shape.code)),
            line={"color": "rgba(255,255,255,0.55)", "width": 0.7},
            hoveron="fills",
            hoverinfo="text",
            text=_hover(shape.code, shape.name, by_state),
            name=shape.code,
        )
        for shape in shapes()
    ]


def _labels(by_state: Mapping[str, ValueSeries]) -> Any:
    shown = [shape for shape in shapes() if shape.code not in _SMALL]
    return go.Scatter(
        x=[shape.centre[0] for shape in shown],
        y=[shape.centre[1] for shape in shown],
        mode="text",
        text=[shape.code for shape in shown],
        textfont={
            "size": 10.5,
            "color": [_ink(_share(by_state, shape.code)) for shape in shown],
        },
        hoverinfo="skip",
    )


def _scale() -> Any:
    """Nothing but the colour bar, which filled shapes do not have."""
    return go.Scatter(
        x=[None],
        y=[None],
        mode="markers",
        marker={
            "color": [LOWEST],
            "cmin": LOWEST,
            "cmax": HIGHEST,
            "colorscale": SCALE,
            "showscale": True,
            "colorbar": _bar(),
        },
        hoverinfo="skip",
    )


def _bar() -> dict[str, Any]:
    return {"tickformat": ".0%", "thickness": 10, "outlinewidth": 0, "len": 0.85, "nticks": 6}


def _share(by_state: Mapping[str, ValueSeries], code: str) -> float | None:
    return by_state[code].share if code in by_state else None


def _place(part: float) -> float:
    return min(1.0, max(0.0, (part - LOWEST) / (HIGHEST - LOWEST)))


def _colour(part: float | None) -> str:
    return NEUTRAL if part is None else sample_colorscale(SCALE, [_place(part)])[0]


def _ink(part: float | None) -> str:
    return "#FFFFFF" if part is None or _place(part) < _LIGHT_FROM else "#14181F"


def _hover(code: str, name: str, by_state: Mapping[str, ValueSeries]) -> str:
    series = by_state.get(code)
    if series is None or not series.online:
        return f"<b>{name}</b> ({code})<br>no devices"
    return (
        f"<b>{name}</b> ({code})  {share(series.share)}<br>"
        f"{count(series.online[-1])} of {count(series.devices)} online"
    )
