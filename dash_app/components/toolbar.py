"""What stands at the right of a heading: links and buttons that act on what is shown."""

from typing import Any

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component


def outside_link(text: str, href: str) -> Component:
    """Lead to another tool, in a tab of its own."""
    return html.A(
        [text, html.Span(" ↗", **{"aria-hidden": "true"})], href=href, target="_blank", rel="noopener"
    )


def csv_link(href: str, text: str = "CSV") -> Component:
    """Download what is shown as CSV; the address is a route of the API with ``format=csv``."""
    return html.A(text, href=href, download="", className="tool", title="Download as CSV")


def permalink() -> Component:
    """Copy the address of what is shown; the browser does it (assets/keyboard.js)."""
    return html.Button("Copy link", type="button", className="tool", **{"data-dqm": "copy-link"})


def button(text: str, id_: str | dict[str, Any], *, kind: str = "default", **options: Any) -> Component:
    """Make a button that a callback listens to; ``kind`` is Mantine's variant."""
    return dmc.Button(text, id=id_, variant=kind, size="compact-sm", className="button", **options)
