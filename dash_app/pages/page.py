"""What the shell asks of a page."""

from typing import Protocol

from dash import Dash
from dash.development.base_component import Component


class Page(Protocol):
    """A page of the app: its address, its names, its layout and its callbacks."""

    #: Path of the page, without a trailing slash.
    path: str
    #: Name in the navigation and in the browser's title.
    name: str
    #: Icon beside the name: ``assets/icons/<icon>.svg``.
    icon: str

    async def layout(self, query: dict[str, str]) -> Component:
        """Lay out the page for a query string, read to a dict; unknown names and values are ignored."""
        ...

    def register(self, app: Dash) -> None:
        """Register the page's own callbacks."""
        ...
