from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from dash_app.figures.control_chart import RUN_PANELS, control_chart
from dash_app.figures.theme import FAIL
from dash_app.services.records import SeriesPoint
from dash_app.services.viewer import Viewer

START = datetime(2026, 11, 1, 12, tzinfo=UTC)
GOOD = SeriesPoint("run-0", START, 1.0, 1.1, 0.5, 1.5, "normal", "run_metric", "GOOD")


def points(*changes: dict) -> tuple[SeriesPoint, ...]:
    return tuple(
        replace(GOOD, run_id=f"run-{place}", ts=START + timedelta(hours=place), **change)
        for place, change in enumerate(changes)
    )


def traces(figure, **wanted: object) -> list:
    return [trace for trace in figure.data if all(trace[name] == value for name, value in wanted.items())]


def test_each_point_has_its_run_id_and_the_sign_of_its_judgement() -> None:
    shown = points(
        {},
        {"verdict": "anomalous", "status": "BAD"},
        {"status": "BAD"},
        {"verdict": "learning", "status": "LOADED"},
    )
    figure = control_chart({"mean": shown}, RUN_PANELS[:1], Viewer())
    (values,) = traces(figure, name="Value")
    assert values.customdata == ("run-0", "run-1", "run-2", "run-3")
    assert values.marker.symbol == ("circle", "x", "diamond-open", "circle-open")


def test_the_band_is_broken_where_nothing_was_expected_yet() -> None:
    shown = points({"lower": None, "upper": None, "expected": None, "verdict": "learning"}, {})
    figure = control_chart({"mean": shown}, RUN_PANELS[:1], Viewer())
    (band,) = traces(figure, name="Expected range")
    assert band.y == (None, 0.5)


def test_times_are_on_the_viewers_clock_and_the_hover_says_utc() -> None:
    figure = control_chart({"mean": points({})}, RUN_PANELS[:1], Viewer(zone=ZoneInfo("Asia/Tokyo")))
    (values,) = traces(figure, name="Value")
    assert values.x == ("2026-11-01T21:00:00",)
    assert "2026-11-01 12:00:00 UTC" in values.text[0]


def test_outlier_bars_of_bad_runs_are_hatched_as_well_as_coloured() -> None:
    shown = points({"value": 3.0}, {"value": 40.0, "status": "BAD"})
    figure = control_chart({"outlier_count": shown}, RUN_PANELS, Viewer())
    (bars,) = traces(figure, type="bar")
    assert bars.marker.color[1] == FAIL
    assert bars.marker.pattern.shape == ("", "/")


def test_the_chosen_run_is_marked_at_its_time_across_all_panels() -> None:
    figure = control_chart({"mean": points({}, {})}, RUN_PANELS, Viewer(), selected="run-1")
    (line,) = figure.layout.shapes
    assert (line.x0, line.yref) == ("2026-11-01T13:00:00", "paper")
    assert control_chart({"mean": points({})}, RUN_PANELS, Viewer(), selected="gone").layout.shapes == ()


def test_the_same_revision_keeps_zoom_and_both_schemes_have_their_template() -> None:
    light = control_chart({}, RUN_PANELS, Viewer(), revision="detector/value/50")
    dark = control_chart({}, RUN_PANELS, Viewer(scheme="dark"), revision="detector/value/50")
    assert light.layout.uirevision == dark.layout.uirevision == "detector/value/50"
    assert light.layout.template.layout.font.color != dark.layout.template.layout.font.color


def test_a_point_without_a_time_is_left_out() -> None:
    figure = control_chart({"mean": (replace(GOOD, ts=None),)}, RUN_PANELS[:1], Viewer())
    (values,) = traces(figure, name="Value")
    assert not values.customdata
