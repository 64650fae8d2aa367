"""Parts of a page that are drawn one by one."""

import asyncio
from typing import Any

from dash import html, no_update
from dash.development.base_component import Component

from dash_app.components.sections import Drawn, Sections

SECTIONS = Sections("page", ("left", "right"))


def parts(left: str, right: str | None) -> dict[str, Component | None]:
    return {"left": html.B(left), "right": html.I(right) if right else None}


def draw(*inputs: Any) -> Drawn:
    return asyncio.run(SECTIONS.draw(inputs, parts))


def test_a_browser_that_shows_nothing_yet_is_sent_everything() -> None:
    drawn = draw("a", "b")
    left, right, marks = SECTIONS.changed(drawn, None)
    assert (left["props"]["children"], right["props"]["children"]) == ("a", "b")
    assert marks == drawn.marks


def test_a_browser_that_shows_all_is_sent_nothing() -> None:
    drawn = draw("a", "b")
    assert SECTIONS.changed(drawn, drawn.marks) == [no_update] * 3


def test_only_the_part_that_changed_is_sent() -> None:
    shown, drawn = draw("a", "b").marks, draw("a", "c")
    left, right, marks = SECTIONS.changed(drawn, shown)
    assert left is no_update
    assert right["props"]["children"] == "c"
    assert marks == drawn.marks


def test_a_part_that_went_is_emptied() -> None:
    shown, drawn = draw("a", "b").marks, draw("a", None)
    assert SECTIONS.changed(drawn, shown)[1] is None


def test_the_same_inputs_are_drawn_once() -> None:
    inputs = ("a", "b")
    assert draw(*inputs) is draw(*inputs)


def test_the_layout_holds_the_parts_and_remembers_them() -> None:
    drawn = draw("a", "b")
    assert SECTIONS.place(drawn, "left").to_plotly_json()["props"]["id"] == "page-left"
    assert SECTIONS.memory(drawn).to_plotly_json()["props"]["data"] == drawn.marks
