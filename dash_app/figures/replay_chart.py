"""Replays: a series with the band of one setting, and below it what each setting would have fired."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dash_app.components.number import number
from dash_app.components.when import local_iso, utc_text
from dash_app.figures.theme import BAND, FAIL, FAINT, GOOD, NEUTRAL, WARN, plain, template
from dash_app.figures.time_axis import share_time_axis
from dash_app.services.backtest import Backtest, Replayed, moment_of
from dash_app.services.viewer import Viewer

LETTERS = "ABCD"
#: Height of the lanes as a share of the chart.
LANES = 0.24


def replay_chart(found: Backtest, shown: int, viewer: Viewer) -> go.Figure:
    """Draw the series with the band of setting number ``shown``, and one lane of alerts per setting."""
    figure = make_subplots(
        rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.05, row_heights=[1 - LANES, LANES]
    )
    times = [local_iso(moment_of(second), viewer.zone) for second in found.ts.tolist()]
    chosen = found.replays[shown] if shown < len(found.replays) else None
    for trace in [*_band(times, chosen), *_values(times, found, chosen)]:
        figure.add_trace(trace, row=1, col=1)
    for place, each in enumerate(found.replays):
        for trace in _lane(LETTERS[place], each, times, viewer):
            figure.add_trace(trace, row=2, col=1)
    share_time_axis(figure)
    address = found.address
    figure.update_layout(
        template=template(viewer.scheme),
        uirevision=f"{address.dataset}/{address.name}",
        hovermode="closest",
        margin={"t": 34},
        legend={"xanchor": "right", "x": 1, "y": 1.03, "font": {"size": 11.5}},
        shapes=_labels(found, viewer),
    )
    lanes = [LETTERS[place] for place in range(len(found.replays))]
    figure.update_yaxes(
        row=2,
        col=1,
        type="category",
        categoryorder="array",
        categoryarray=lanes[::-1],
        range=[-0.6, len(lanes) - 0.4],
    )
    figure.update_xaxes(type="date", nticks=8, tickangle=0)
    figure.update_yaxes(row=1, col=1, nticks=5)
    return figure


def _band(times: Sequence[str], chosen: Replayed | None) -> list[Any]:
    if chosen is None:
        return []
    judged = chosen.replay.judgements
    line = {"width": 0}
    upper, lower, expected = (_finite(side) for side in (judged.upper, judged.lower, judged.expected))
    hidden = {"mode": "lines", "hoverinfo": "skip", "legendgroup": "band"}
    return [
        go.Scatter(x=times, y=upper, line=line, showlegend=False, **hidden),
        go.Scatter(
            x=times, y=lower, line=line, fill="tonexty", fillcolor=BAND, name="Expected range", **hidden
        ),
        go.Scatter(
            x=times, y=expected, line={"color": FAINT, "width": 1, "dash": "dot"}, showlegend=False, **hidden
        ),
    ]


def _finite(values: np.ndarray) -> list[float | None]:
    return [value if np.isfinite(value) else None for value in values.tolist()]


def _values(times: Sequence[str], found: Backtest, chosen: Replayed | None) -> list[Any]:
    out = chosen.replay.judgements.anomalous.tolist() if chosen else [False] * len(times)
    many = len(times) > 400  # noqa: PLR2004 - beyond it, marks of all points hide the line
    return [
        go.Scatter(
            x=times,
            y=found.values.tolist(),
            mode="lines" if many else "lines+markers",
            line={"color": GOOD, "width": 1.4},
            marker={"size": 4},
            customdata=found.batches,
            text=[
                f"<b>{number(value)}</b><br>{plain(batch)}<br>{utc_text(moment_of(second))}"
                for value, batch, second in zip(
                    found.values.tolist(), found.batches, found.ts.tolist(), strict=True
                )
            ],
            hovertemplate="%{text}<extra></extra>",
            name="Value",
            showlegend=False,
        ),
        go.Scatter(
            x=[time for time, bad in zip(times, out, strict=True) if bad],
            y=[value for value, bad in zip(found.values.tolist(), out, strict=True) if bad],
            mode="markers",
            marker={"symbol": "x", "size": 10, "color": FAIL},
            hoverinfo="skip",
            name="Out of range",
        ),
    ]


def _lane(letter: str, each: Replayed, times: Sequence[str], viewer: Viewer) -> list[Any]:
    """An alert as a bar from its first to its last anomalous point; an invisible line keeps empty lanes."""
    ends = [(alert.opened_ts, alert.last_ts) for alert in each.replay.alerts]
    x: list[str | None] = []
    for first, last in ends:
        x += [local_iso(first, viewer.zone), local_iso(last, viewer.zone), None]
    return [
        go.Scatter(
            x=[times[0], times[-1]], y=[letter, letter], mode="lines", line={"color": FAINT, "width": 1},
            hoverinfo="skip", showlegend=False,
        ),
        go.Scatter(
            x=x,
            y=[letter if time else None for time in x],
            mode="lines+markers",
            line={"color": FAIL, "width": 7},
            marker={"size": 9, "symbol": "square", "color": FAIL},
            name=f"Alerts of {letter}",
            hovertemplate=f"{letter}: {each.score.setting.name}<extra></extra>",
            showlegend=False,
        ),
    ]  # fmt: skip


def _labels(found: Backtest, viewer: Viewer) -> list[dict[str, Any]]:
    """Spans that people labelled: incidents, and what they called expected or a false alarm."""
    return [
        {
            "type": "rect",
            "xref": "x",
            "yref": "paper",
            "x0": local_iso(moment_of(label.start), viewer.zone),
            "x1": local_iso(moment_of(label.end), viewer.zone),
            "y0": 0,
            "y1": 1,
            "line": {"width": 1, "color": WARN if label.is_incident else NEUTRAL, "dash": "dot"},
            "fillcolor": WARN if label.is_incident else NEUTRAL,
            "opacity": 0.14,
            "layer": "below",
        }
        for label in found.labels
    ]
