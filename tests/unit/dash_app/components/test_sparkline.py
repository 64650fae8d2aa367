"""Sparklines: gaps, marks, scales and words."""

from urllib.parse import unquote

from dash_app.components.sparkline import small_histogram, sparkline


def drawn(image) -> str:
    return unquote(image.src)


def test_a_gap_splits_the_line_and_a_lone_point_is_a_dot() -> None:
    svg = drawn(sparkline([1, 2, None, 3, None, 4, 5], "x"))
    assert svg.count("<polyline") == 2
    assert svg.count("<circle") == 1


def test_a_marked_point_is_drawn_and_the_text_says_what_there_is() -> None:
    image = sparkline([1, 9, 1], "mean of value", marked=[False, True, False])
    assert drawn(image).count("<circle") == 1
    assert image.alt == "mean of value: 3 values, 1 to 9, last 1"


def test_a_value_beyond_a_given_scale_stays_inside_the_image() -> None:
    svg = drawn(sparkline([-50, 500], "x", low=0, high=100, height=26))
    places = [float(pair.split(",")[1]) for pair in svg.split('points="')[1].split('"')[0].split()]
    assert all(0 <= place <= 26 for place in places)


def test_nothing_to_draw_is_a_dash() -> None:
    assert sparkline([None, None], "x").children == "–"
    assert small_histogram([0, 0], "x").children == "–"
    assert drawn(small_histogram([1, 2], "x")).count("<rect") == 2
