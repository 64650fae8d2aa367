"""Tabs that are links: each has an address of its own, and only the one that is shown is laid out."""

from collections.abc import Sequence
from dataclasses import dataclass

from dash import dcc, html
from dash.development.base_component import Component


@dataclass(frozen=True, slots=True)
class Tab:
    """One tab: its name, its address, and how many things it holds where that is worth saying."""

    name: str
    href: str
    amount: int | None = None


def tabs(label: str, entries: Sequence[Tab], chosen: str) -> Component:
    """Show the tabs, the one of that name chosen."""
    return html.Nav(
        [_tab(each, chosen=each.name == chosen) for each in entries],
        className="tabs",
        **{"aria-label": label},
    )


def _tab(tab: Tab, *, chosen: bool) -> Component:
    text = [tab.name, html.Span(f"{tab.amount:,}", className="tab-count") if tab.amount else None]
    link = dcc.Link([part for part in text if part is not None], href=tab.href, className="tab")
    return html.Span(link, className="tab-place tab-chosen" if chosen else "tab-place")
