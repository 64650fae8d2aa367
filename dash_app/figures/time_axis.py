"""The time axis that panels above each other share."""

import plotly.graph_objects as go


def share_time_axis(figure: go.Figure) -> None:
    """Put all panels of a figure with one column of subplots over one x axis below the last.

    Plotly's shared axes are one for each panel, which ``match``. A zoom whose tick labels change the margin
    is then undone at once, because the axes of the other panels still range by themselves.
    """
    panels = len(list(figure.select_yaxes()))
    figure.update_traces(xaxis="x")
    figure.update_yaxes(anchor="x")
    layout = figure.layout.to_plotly_json()
    for panel in range(2, panels + 1):
        del layout[f"xaxis{panel}"]
    figure.layout = layout
    figure.update_xaxes(anchor="y" if panels == 1 else f"y{panels}", matches=None, showticklabels=True)
