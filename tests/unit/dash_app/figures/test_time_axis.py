import plotly.graph_objects as go
import pytest
from plotly.subplots import make_subplots

from dash_app.figures.time_axis import share_time_axis


@pytest.mark.parametrize("panels", [1, 2, 3])
def test_all_panels_have_one_time_axis_drawn_below_the_last(panels: int) -> None:
    figure = make_subplots(rows=panels, cols=1, shared_xaxes=True)
    for row in range(1, panels + 1):
        figure.add_trace(go.Scatter(x=["2026-11-01", "2026-11-02"], y=[row, row]), row=row, col=1)
    share_time_axis(figure)
    (axis,) = figure.select_xaxes()
    lowest = "y" if panels == 1 else f"y{panels}"
    assert (axis.anchor, axis.matches, axis.showticklabels) == (lowest, None, True)
    assert {trace.xaxis for trace in figure.data} == {"x"}
    assert [trace.yaxis for trace in figure.data] == ["y", "y2", "y3"][:panels]
    assert {axis.anchor for axis in figure.select_yaxes()} == {"x"}
