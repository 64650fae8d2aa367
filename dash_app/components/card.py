"""Cards, tiles and empty states."""

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

Child = str | Component | None


def card(
    title: Child,
    *children: Child,
    right: Child | Sequence[Child] = None,
    note: Child = None,
    class_name: str = "",
) -> html.Section:
    """Frame a part of a page under a heading, with controls on the right and a note below the heading."""
    heading = [html.H2(title, className="card-title")]
    if note is not None:
        heading.append(html.Div(note, className="card-note"))
    head = [html.Div(heading)]
    if right is not None:
        tools = [right] if isinstance(right, str | Component) else list(right)
        head.append(html.Div(tools, className="card-right"))
    return html.Section(
        [html.Header(head, className="card-head"), *(child for child in children if child is not None)],
        className=f"card {class_name}".strip(),
    )


def tile(label: str, value: Child, note: Child = None) -> html.Div:
    """Show one number with its name above and a note below."""
    return html.Div(
        [
            html.Dt(label, className="tile-label"),
            html.Dd(
                [
                    html.Div(value, className="tile-value"),
                    html.Div(note if note is not None else "\u00a0", className="tile-note"),
                ]
            ),
        ],
        className="tile",
    )


def tiles(entries: Sequence[html.Div]) -> html.Dl:
    """Set tiles side by side."""
    return html.Dl(list(entries), className="tiles")


def empty(title: str, *hint: Child, sign: str = "○") -> html.Div:
    """Say that there is nothing here, and what to do next."""
    return html.Div(
        [
            html.Div(sign, className="empty-sign", **{"aria-hidden": "true"}),
            html.P(title, className="empty-title"),
            html.Div(list(hint), className="empty-hint"),
        ],
        className="empty",
    )


def command(text: str) -> html.Code:
    """Show a command to type or a path to use."""
    return html.Code(text, className="command")
