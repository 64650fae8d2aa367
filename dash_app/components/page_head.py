"""The head of a page: its title, one line about it, and its controls."""

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component


def page_head(title: str, about: str | Component, tools: Sequence[Component] = ()) -> html.Div:
    """Show the page's only first-level heading with what belongs beside it."""
    left = html.Div([html.H1(title), html.P(about, className="page-sub")])
    return html.Div([left, html.Div(list(tools), className="page-tools")], className="page-head")
