"""Plain tables, for lists short enough to read."""

from collections.abc import Sequence
from dataclasses import dataclass

from dash import html
from dash.development.base_component import Component

Cell = str | Component | Sequence[str | Component]


@dataclass(frozen=True, slots=True)
class Heading:
    """A column's name, and whether its cells are numbers."""

    text: str
    numeric: bool = False


def table(label: str, headings: Sequence[Heading], rows: Sequence[Sequence[Cell]]) -> html.Div:
    """Show rows under headings; the first cell of a row names it. Scrolls sideways where it is narrow."""
    head = html.Tr([html.Th(heading.text, scope="col", className=_align(heading)) for heading in headings])
    return html.Div(
        html.Table([html.Thead(head), html.Tbody([_row(headings, row) for row in rows])], className="table"),
        className="table-frame",
        role="region",
        tabIndex="0",
        **{"aria-label": label},
    )


def _row(headings: Sequence[Heading], cells: Sequence[Cell]) -> html.Tr:
    named = zip(headings, cells, strict=True)
    return html.Tr(
        [
            html.Td(cell, className=_align(heading))
            if place
            else html.Th(cell, scope="row", className=_align(heading))
            for place, (heading, cell) in enumerate(named)
        ]
    )


def _align(heading: Heading) -> str:
    return "numeric" if heading.numeric else ""
