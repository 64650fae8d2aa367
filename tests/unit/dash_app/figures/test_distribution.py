import numpy as np
import pyarrow as pa
import pytest

from dash_app.figures.distribution import histogram_figure, top_values_figure
from dash_app.services.viewer import Viewer
from dqm_assets.quality.profile import profile


def histogram(values: np.ndarray):
    return profile(pa.table({"value": values})).columns["value"].histogram(40)


def test_the_bars_hold_all_rows_and_touch_each_other() -> None:
    shown = histogram(np.random.default_rng(1).normal(size=1000))
    (bars,) = histogram_figure(shown, None, Viewer()).data
    assert sum(bars.y) == pytest.approx(1000)
    assert np.diff(bars.x) == pytest.approx(np.asarray(bars.width[1:]))


def test_the_usual_line_encloses_the_same_area_whatever_its_range_and_row_count() -> None:
    rng = np.random.default_rng(2)
    shown, usual = histogram(rng.normal(size=1000)), histogram(rng.normal(scale=3, size=50_000))
    bars, line = histogram_figure(shown, usual, Viewer()).data
    area = sum(bars.y) * bars.width[0]
    usual_area = sum(line.y) * (line.x[1] - line.x[0])
    assert usual_area == pytest.approx(area, rel=1e-6)


def test_top_values_are_drawn_most_frequent_on_top_and_their_text_is_no_markup() -> None:
    (bars,) = top_values_figure((("<b>a</b>", 7.0), ("", 2.0)), 9, Viewer()).data
    assert bars.y[-1].startswith("&lt;b>a")
    assert bars.y[0] == "''"
    assert bars.x == (2.0, 7.0)
