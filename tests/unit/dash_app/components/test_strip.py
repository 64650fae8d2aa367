from html.parser import HTMLParser

from dash_app.components.strip import strip, strip_svg


class Bars(HTMLParser):
    """Reads the bars of a strip."""

    def __init__(self, svg: str) -> None:
        super().__init__()
        self.found: list[dict[str, str | None]] = []
        self.feed(svg)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "rect":
            self.found.append(dict(attrs))


def bars(statuses: list[str], places: int) -> list[dict[str, str | None]]:
    return Bars(strip_svg(statuses, places)).found


def test_there_is_one_bar_a_run_and_a_ghost_for_each_place_without_one() -> None:
    drawn = bars(["GOOD", "BAD"], places=5)
    assert len(drawn) == 5
    assert sum("opacity" in bar for bar in drawn) == 3


def test_a_bad_run_is_taller_than_a_good_one_so_that_colour_is_not_needed() -> None:
    good, bad = bars(["GOOD", "BAD"], places=2)
    assert float(bad["height"] or 0) > float(good["height"] or 0)


def test_only_the_newest_runs_that_fit_are_drawn_and_counted() -> None:
    image = strip(["BAD"] * 10 + ["GOOD"] * 4, places=5)
    assert image.alt == "Last 5 runs: 4 good, 1 bad"


def test_a_status_that_is_not_known_is_drawn_too() -> None:
    assert len(bars(["STRANGE"], places=1)) == 1
