"""A column's distribution in one run, over what was usual in the runs before it."""

from collections.abc import Sequence
from itertools import pairwise

import plotly.graph_objects as go

from dash_app.components.number import number, plural, share
from dash_app.figures.theme import GOOD, NEUTRAL, plain, template
from dash_app.services.viewer import Viewer
from dqm_assets.quality.profile import Histogram

LONGEST_LABEL = 28


def histogram_figure(
    histogram: Histogram, usual: Histogram | None, viewer: Viewer, *, revision: str = ""
) -> go.Figure:
    """Draw a run's histogram as bars, and the usual one as a line scaled to the same number of rows.

    Both have equal-width bins; the usual one's counts are re-scaled by bin width, since its range differs.
    """
    edges, counts = histogram.edges, histogram.counts
    rows = sum(counts)
    figure = go.Figure()
    figure.add_bar(
        x=_middles(edges),
        y=counts,
        width=[right - left for left, right in pairwise(edges)],
        marker={"color": GOOD, "line": {"width": 0}, "opacity": 0.85},
        text=[
            f"<b>{plural(round(rows_here), 'row')}</b> ({share(rows_here / rows if rows else None)})<br>"
            f"{number(left)} to {number(right)}"
            for left, right, rows_here in zip(edges, edges[1:], counts, strict=False)
        ],
        textposition="none",
        hovertemplate="%{text}<extra></extra>",
        name="This run",
    )
    if usual is not None and sum(usual.counts) and len(edges) > 1:
        width = (edges[-1] - edges[0]) / (len(edges) - 1)
        usual_width = (usual.edges[-1] - usual.edges[0]) / (len(usual.edges) - 1)
        scale = rows / sum(usual.counts) * width / usual_width if usual_width else 0.0
        figure.add_scatter(
            x=_middles(usual.edges),
            y=[rows_there * scale for rows_there in usual.counts],
            mode="lines",
            line={"color": NEUTRAL, "width": 1.8, "shape": "hvh"},
            hoverinfo="skip",
            name="Usual",
        )
    return _finish(figure, viewer, revision, bars_touch=True)


def top_values_figure(
    values: Sequence[tuple[str, float]], rows: int, viewer: Viewer, *, revision: str = ""
) -> go.Figure:
    """Draw the most frequent values of a text column as bars, the most frequent on top."""
    shown = list(reversed(values))
    figure = go.Figure()
    figure.add_bar(
        x=[amount for _, amount in shown],
        y=[_label(value) for value, _ in shown],
        orientation="h",
        marker={"color": GOOD, "line": {"width": 0}, "opacity": 0.85, "cornerradius": 2},
        text=[
            f"<b>{_label(value)}</b><br>{plural(round(amount), 'row')} "
            f"({share(amount / rows if rows else None)})"
            for value, amount in shown
        ],
        textposition="none",
        hovertemplate="%{text}<extra></extra>",
        name="This run",
    )
    figure.update_yaxes(type="category", nticks=len(shown) + 1)
    return _finish(figure, viewer, revision, bars_touch=False)


def _finish(figure: go.Figure, viewer: Viewer, revision: str, *, bars_touch: bool) -> go.Figure:
    figure.update_layout(
        template=template(viewer.scheme),
        uirevision=revision,
        hovermode="closest",
        bargap=0.02 if bars_touch else 0.3,
        margin={"t": 30 if len(figure.data) > 1 else 10},
        showlegend=len(figure.data) > 1,
        legend={"xanchor": "right", "x": 1},
    )
    return figure


def _middles(edges: Sequence[float]) -> list[float]:
    return [(left + right) / 2 for left, right in pairwise(edges)]


def _label(value: str) -> str:
    text = value if value.strip() else repr(value)
    return plain(text if len(text) <= LONGEST_LABEL else text[: LONGEST_LABEL - 1] + "…")
