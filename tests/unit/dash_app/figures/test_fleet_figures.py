"""The figures of the fleet: every state has its shape, a drop its mark, a line its unit."""

from datetime import UTC, datetime, timedelta

from dash_app.figures.brazil import HEIGHT, WIDTH, shapes
from dash_app.figures.fleet_share import fleet_share_chart
from dash_app.figures.segment_lines import segment_lines
from dash_app.figures.state_share import state_hours_chart, state_map
from dash_app.services.devices import FleetIncident, SharePoint, StateHours, ValueSeries
from dash_app.services.viewer import Viewer
from dqm_assets.simulate.fleet_catalogue import STATES

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
WHO = Viewer()


def minutes(count: int) -> tuple[datetime, ...]:
    return tuple(NOON + timedelta(minutes=place) for place in range(count))


def test_there_is_a_closed_shape_for_each_state_within_the_map() -> None:
    found = shapes()
    assert {shape.code for shape in found} == {state.code for state in STATES}
    for shape in found:
        known = [(x, y) for x, y in zip(shape.x, shape.y, strict=True) if x is not None and y is not None]
        assert len(known) >= 4
        assert all(-1 <= x <= WIDTH + 1 and -1 <= y <= HEIGHT + 1 for x, y in known)
        assert shape.x[-1] is not None
    names = {shape.code: shape.name for shape in found}
    assert names["SP"] == "São Paulo"


def test_the_map_colours_a_state_by_its_newest_share_and_says_when_one_is_unknown() -> None:
    low = ValueSeries("SP", 10, minutes(2), (10, 5))
    high = ValueSeries("BA", 10, minutes(2), (5, 10))
    traces = {trace.name: trace for trace in state_map((low, high), WHO).data if trace.fill == "toself"}
    assert len(traces) == 27
    assert traces["SP"].fillcolor != traces["BA"].fillcolor
    assert "50 %" in traces["SP"].text
    assert "no devices" in traces["AC"].text


def test_a_drop_is_marked_from_the_chosen_threshold_on_and_an_incident_is_shaded() -> None:
    shares = (0.9, 0.9, 0.9, 0.9, 0.7)
    points = tuple(
        SharePoint(ts, int(1000 * part), part, 0.9 if place == 4 else None)
        for place, (ts, part) in enumerate(zip(minutes(5), shares, strict=True))
    )
    incident = FleetIncident("Supplier", "Boreal", minutes(5)[4], None, 0.9, 200, 210, None)
    chart = fleet_share_chart(points, (incident,), 0.15, WHO)
    marks = next(trace for trace in chart.data if trace.name == "Drop")
    assert list(marks.y) == [0.7]
    assert len(chart.layout.shapes) == 1
    assert "Supplier Boreal" in chart.layout.annotations[0].text
    calm = fleet_share_chart(points, (), 0.5, WHO)
    assert list(next(trace for trace in calm.data if trace.name == "Drop").y) == []


def test_lines_are_shares_or_counts() -> None:
    series = (ValueSeries("A", 10, minutes(2), (8, 9)), ValueSeries("B", 0, minutes(2), (1, 1)))
    share, count = segment_lines(series, "share", WHO), segment_lines(series, "count", WHO)
    assert list(share.data[0].y) == [0.8, 0.9]
    assert list(share.data[1].y) == [None, None]
    assert list(count.data[0].y) == [8, 9]


def test_hours_without_data_are_gaps() -> None:
    chart = state_hours_chart(StateHours(("SP",), minutes(2), ((0.9, None),)), WHO)
    assert list(chart.data[0].z[0]) == [0.9, None]


def test_a_name_out_of_the_data_is_no_markup_of_a_chart() -> None:
    name = '<a href="https://evil.example">A & B</a>'
    shown = '&lt;a href="https://evil.example">A &amp; B&lt;/a>'
    (line,) = segment_lines((ValueSeries(name, 10, minutes(2), (10, 5)),), "share", WHO).data
    assert line.name == shown
    assert shown in line.text[0]
    points = (SharePoint(NOON, 900, 0.9, None),)
    incident = FleetIncident("Supplier", name, NOON, None, 0.9, 200, 210, None)
    chart = fleet_share_chart(points, (incident,), 0.15, WHO)
    assert all("<a" not in annotation.text for annotation in chart.layout.annotations)
    hours = StateHours((name,), (NOON,), ((0.5,),))
    assert state_hours_chart(hours, WHO).data[0].y == (shown,)
