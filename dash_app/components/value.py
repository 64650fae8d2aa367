"""Values of raw rows as text: whatever the column holds, short enough for a table cell."""

from datetime import datetime
from typing import Any

from dash import html

from dash_app.components.number import number
from dash_app.components.when import utc_text

LONGEST_SHOWN = 60


def value_text(value: Any) -> str:
    """Write a value; missing ones say so."""
    if value is None:
        return "missing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return number(value, 6)
    if isinstance(value, datetime):
        return utc_text(value).removesuffix(" UTC")
    return str(value)


def value_cell(value: Any) -> html.Span:
    """Show a value, clipped, the whole of it in the tooltip."""
    text = value_text(value)
    short = text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 1] + "…"
    return html.Span(short, title=text, className="muted" if value is None else None)
