"""The parts of the devices page: tiles, controls, the list of what was cut off."""

from collections.abc import Sequence
from typing import Any, Literal

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from dash_app.components.card import card, empty, tile, tiles
from dash_app.components.number import MISSING, count, plural, share
from dash_app.components.status import Mark, badge
from dash_app.components.table import Heading, table
from dash_app.components.when import when
from dash_app.links import alert_link, alerts_link
from dash_app.services.devices import DATASET, FleetIncident, Newest, SharePoint, ValueSeries
from dqm_assets.sources.devices.segments import SINGLE

SIMULATED = Mark("▲", "Simulated", "warn")
DROP = Mark("✕", "Drop", "fail")
STEADY = Mark("✓", "Steady", "good")
LEARNING = Mark("○", "Learning", "neutral")
LASTING = Mark("✕", "Cut off", "fail")
OVER = Mark("✓", "Back", "good")

TOPS = ("3", "5", "8")
MEASURES: tuple[Literal["share", "count"], ...] = ("share", "count")

HEADINGS = (
    Heading("Part of the fleet"),
    Heading("Status"),
    Heading("Since"),
    Heading("Until"),
    Heading("Share before", numeric=True),
    Heading("Devices lost", numeric=True),
    Heading("of", numeric=True),
    Heading("Alert"),
)


def simulated_note() -> Component:
    """Say that the fleet is made up."""
    return html.Section(
        [badge(SIMULATED), html.Span(" This fleet comes from the simulator; no such device exists.")],
        className="card",
    )


def fleet_tiles(
    newest: Newest,
    point: SharePoint | None,
    incidents: Sequence[FleetIncident],
    *,
    history: int,
    drop: float,
) -> Component:
    """Show the latest share, its baseline, the drop, the devices and the alerts."""
    online = point.online if point else None
    lasting = sum(incident.ended is None for incident in incidents)
    return tiles(
        [
            tile("Online share", share(point.share if point else None), when(newest.ts)),
            tile(
                "Baseline",
                share(point.baseline if point else None),
                f"mean of the previous {plural(history, 'snapshot')}",
            ),
            tile("Drop", _drop_value(point), badge(_mark(point, drop))),
            tile("Devices online", count(online), f"of {count(newest.inventory)} in the inventory"),
            tile(
                "Open alerts",
                dcc.Link(count(newest.alerts), href=alerts_link(DATASET)),
                badge(Mark("✕", f"{plural(lasting, 'part')} cut off", "fail"))
                if lasting
                else "nothing is cut off",
            ),
        ]
    )


def fleet_tools(span: str, spans: Sequence[str], history: int, drop: float) -> list[Component]:
    """Controls of the whole page: span, baseline, threshold."""
    return [
        dmc.NumberInput(
            id="devices-history",
            label="History (snapshots)",
            value=history,
            min=1,
            max=200,
            allowDecimal=False,
            w=140,
            debounce=400,
        ),
        dmc.NumberInput(
            id="devices-drop",
            label="Drop that alarms (%)",
            value=drop,
            min=0.1,
            max=99.9,
            decimalScale=1,
            w=150,
            debounce=400,
        ),
        _segmented("devices-span", "Span", spans, span),
    ]


def segment_tools(
    series: Sequence[ValueSeries], by: str, values: Sequence[str], *, top: str, measure: str
) -> Component:
    """Controls of the segments: which dimension, which values, how many, shares or counts."""
    return html.Div(
        [
            dmc.Select(
                id="devices-by",
                label="Segment by",
                data=[{"value": name, "label": name} for name in SINGLE],
                value=by,
                allowDeselect=False,
                w=140,
                comboboxProps={"shadow": "md"},
            ),
            dmc.MultiSelect(
                id="devices-values",
                label="Values",
                data=values_of(series),
                value=[each.value for each in series if each.value in values],
                placeholder="Those with most devices",
                searchable=True,
                clearable=True,
                hidePickedOptions=True,
                maxValues=8,
                w=320,
                comboboxProps={"shadow": "md"},
            ),
            _segmented("devices-most", "Top", TOPS, top),
            _segmented("devices-measure", "Show", MEASURES, measure),
        ],
        className="page-tools",
        style={"marginLeft": 0},
    )


def values_of(series: Sequence[ValueSeries]) -> list[dict[str, str]]:
    """Values to choose from, the one with most devices first."""
    return [{"value": each.value, "label": each.value} for each in series]


def incidents_card(incidents: Sequence[FleetIncident]) -> Component:
    """List what was cut off within the span, the last first."""
    if not incidents:
        return card("Cut off", empty("Nothing was cut off in this span", sign="✓"))
    return card(
        "Cut off",
        table("Parts of the fleet that were cut off", HEADINGS, [_row(each) for each in incidents]),
        note="The part that broke itself; what only contains it is not listed.",
    )


def _row(incident: FleetIncident) -> list[Any]:
    link = dcc.Link("Alert", href=alert_link(incident.alert_id)) if incident.alert_id else MISSING
    return [
        incident.name,
        badge(OVER if incident.ended else LASTING),
        when(incident.started),
        when(incident.ended),
        share(incident.level),
        count(incident.lost),
        count(incident.inventory),
        link,
    ]


def _drop_value(point: SharePoint | None) -> str:
    return share(max(point.drop, 0.0)) if point and point.drop is not None else MISSING


def _mark(point: SharePoint | None, drop: float) -> Mark:
    if point is None or point.drop is None:
        return LEARNING
    return DROP if point.drop >= drop else STEADY


def _segmented(id_: str, label: str, values: Sequence[str], value: str) -> Component:
    return html.Div(
        [
            html.Div(label, className="mantine-InputWrapper-label"),
            dmc.SegmentedControl(
                id=id_,
                data=[{"value": each, "label": each} for each in values],
                value=value,
                size="sm",
                **{"aria-label": label},
            ),
        ]
    )
