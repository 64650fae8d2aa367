"""Charts on a page: a plotly figure with a name for those who do not see it."""

import re
from typing import Any

import plotly.graph_objects as go
from dash import dcc, html

from dash_app.figures.theme import CONFIG


def graph(id_: str, figure: go.Figure | dict[str, Any], label: str, height: int) -> html.Div:
    """Show a figure ``height`` pixels high; ``label`` says in words what it shows, and names its picture."""
    name = re.sub(r"\W+", "-", label.lower()).strip("-")
    picture = {"toImageButtonOptions": {"format": "png", "scale": 2, "filename": name}}
    return html.Div(
        dcc.Graph(
            id=id_,
            figure=figure,
            config=CONFIG | picture,  # ty: ignore[invalid-argument-type] - dcc's TypedDict, written as a dict
            responsive=True,
            style={"height": height},
        ),
        role="group",
        className="graph",
        **{"aria-label": label},
    )
