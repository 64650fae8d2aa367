"""Parts of a page that are drawn again one by one: a browser is sent only what it does not show yet."""

import asyncio
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from dash import Output, State, dcc, html, no_update
from dash._utils import to_json
from dash.development.base_component import Component

#: Bytes of a mark, which stands for what a part shows.
MARK_BYTES = 6


@dataclass(frozen=True, slots=True)
class Drawn:
    """The parts of a page, ready to be sent, and the mark of each."""

    parts: dict[str, Any]
    marks: dict[str, str]


class Sections:
    """The parts of one page, by name, drawn once for all who look at it."""

    def __init__(self, page: str, names: Sequence[str]) -> None:
        """Name the parts of a page; element ids are ``<page>-<name>``."""
        self._page = page
        self._names = tuple(names)
        self._made: tuple[tuple[Any, ...], Drawn] | None = None

    @property
    def outputs(self) -> list[Output]:
        """What a callback that answers with `changed` writes to."""
        parts = [Output(f"{self._page}-{name}", "children") for name in self._names]
        return [*parts, Output(f"{self._page}-marks", "data")]

    @property
    def shown(self) -> State:
        """The marks of what a browser shows."""
        return State(f"{self._page}-marks", "data")

    async def draw(self, inputs: tuple[Any, ...], make: Callable[..., dict[str, Component | None]]) -> Drawn:
        """Draw with ``make(*inputs)``, unless these very objects were drawn the last time."""
        if self._made is not None and all(a is b for a, b in zip(self._made[0], inputs, strict=True)):
            return self._made[1]
        drawn = await asyncio.to_thread(lambda: _drawn(make(*inputs)))
        self._made = (inputs, drawn)
        return drawn

    def place(self, drawn: Drawn, name: str, **options: Any) -> Component:
        """Give the element that a part is in, for the layout."""
        return html.Div(drawn.parts.get(name), id=f"{self._page}-{name}", **options)

    def memory(self, drawn: Drawn) -> Component:
        """Give the element that remembers in the browser what is shown, for the layout."""
        return dcc.Store(id=f"{self._page}-marks", data=drawn.marks)

    def changed(self, drawn: Drawn, shown: dict[str, str] | None) -> list[Any]:
        """Answer a callback with the parts that a browser does not show yet."""
        known = shown or {}
        parts = [
            no_update if drawn.marks.get(name) == known.get(name) else drawn.parts.get(name)
            for name in self._names
        ]
        return [*parts, no_update if drawn.marks == known else drawn.marks]


def _drawn(parts: dict[str, Component | None]) -> Drawn:
    written = {name: to_json(part) for name, part in parts.items()}
    return Drawn(
        parts={name: json.loads(text) for name, text in written.items()},
        marks={
            name: hashlib.blake2s(text.encode(), digest_size=MARK_BYTES).hexdigest()
            for name, text in written.items()
        },
    )
