"""The online monitor over a simulated fleet: an outage is found, named, and nobody else is blamed."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from dqm_assets.errors import SourceError
from dqm_assets.pipeline.devices_alert_log import alert_log_path
from dqm_assets.pipeline.devices_monitor import MonitorSummary, monitor
from dqm_assets.pipeline.devices_stage import collect_due
from dqm_assets.pipeline.devices_status import fleet_status
from dqm_assets.settings import Settings
from dqm_assets.simulate.device_api import DeviceSimulation
from dqm_assets.simulate.fleet_outages import OutagePlan, parse_outage
from dqm_assets.sources.devices.clock import Clock
from dqm_assets.sources.devices.incidents import Rule
from dqm_assets.store import Store

START = datetime(2026, 1, 5, 14, tzinfo=UTC)
OUTAGE = datetime(2026, 1, 5, 15, tzinfo=UTC)
STEP = timedelta(minutes=15)

Simulator = Callable[[DeviceSimulation], str]
FleetSettings = Callable[..., Settings]


def watched(store: Store, settings: Settings, snapshots: int) -> MonitorSummary:
    collect_due(store, settings, Clock(START, STEP, most=snapshots, start=START, accelerated=True))
    return monitor(store, Rule())


def broken_fleet(*outages: str) -> DeviceSimulation:
    lasting = tuple(parse_outage(f"{outage}@2026-01-05T15:00/45m") for outage in outages)
    return DeviceSimulation(2000, outages=OutagePlan(lasting))


def segments_alerted(store: Store) -> set[str]:
    return {row["segment"] for row in store.rows("SELECT segment FROM monitoring.alerts")}


@pytest.mark.parametrize(
    ("outage", "named"),
    [("Supplier=Cobalto*0.9", "Supplier=Cobalto"), ("State=MG*0.7", "State=MG")],
)
def test_an_outage_is_found_at_once_under_its_own_name_and_no_other(
    store: Store, simulator: Simulator, fleet_settings: FleetSettings, outage: str, named: str
) -> None:
    settings = fleet_settings(simulator(broken_fleet(outage)))
    watched(store, settings, 4)
    assert segments_alerted(store) == set()
    watched(store, settings, 2)
    alerts = store.rows("SELECT * FROM monitoring.alerts WHERE segment <> '' AND detector = 'share_drop'")
    assert [alert["segment"] for alert in alerts] == [named]
    assert alerts[0]["opened_ts"] - OUTAGE < 2 * STEP
    assert segments_alerted(store) <= {named, ""}
    watched(store, settings, 5)
    assert segments_alerted(store) <= {named, ""}, "the end of the outage alarmed somebody else"
    incidents = store.rows("SELECT * FROM monitoring.device_incidents")
    assert [f"{row['dimension']}={row['value']}" for row in incidents] == [named]
    assert incidents[0]["ended"] == OUTAGE + timedelta(minutes=45)


def test_the_alert_of_the_fleet_names_the_segment_and_the_log_says_the_same(
    store: Store, simulator: Simulator, fleet_settings: FleetSettings
) -> None:
    settings = fleet_settings(simulator(broken_fleet("Supplier=Cobalto")))
    summary = watched(store, settings, 6)
    fleet = store.rows("SELECT * FROM monitoring.alerts WHERE segment = '' AND detector = 'share_drop'")
    assert len(fleet) == 1
    assert "Supplier=Cobalto explains" in fleet[0]["title"]
    assert fleet[0]["owner"] == ""
    lines = [json.loads(line) for line in alert_log_path(store.settings.home).read_text().splitlines()]
    assert len(lines) == summary.logged > 0
    assert {line["alert_id"] for line in lines} >= {fleet[0]["alert_id"]}
    again = monitor(store, Rule())
    assert (again.moments, again.logged) == ((), 0)
    alert_log_path(store.settings.home).write_text("")  # as if killed between the store and the log
    assert watched(store, settings, 1).logged >= len(lines)
    assert watched(store, settings, 1).logged < len(lines)


def test_two_causes_at_once_are_two_names(
    store: Store, simulator: Simulator, fleet_settings: FleetSettings
) -> None:
    settings = fleet_settings(simulator(broken_fleet("Supplier=Tucano*0.9", "State=BA*0.9")))
    watched(store, settings, 6)
    assert segments_alerted(store) - {""} == {"Supplier=Tucano", "State=BA"}


def test_a_late_snapshot_is_judged_by_what_was_before_it(
    store: Store, simulator: Simulator, fleet_settings: FleetSettings
) -> None:
    settings = fleet_settings(simulator(broken_fleet()))
    watched(store, settings, 6)
    late = START + timedelta(minutes=65)
    collect_due(store, settings, Clock(late), moment=late)
    summary = monitor(store, Rule())
    assert [moment.ts for moment in summary.moments] == [late]
    assert segments_alerted(store) == set()


def test_the_status_compares_the_latest_share_with_the_mean_of_the_history(
    store: Store, simulator: Simulator, fleet_settings: FleetSettings
) -> None:
    settings = fleet_settings(simulator(broken_fleet("Supplier=Cobalto*0.9")))
    watched(store, settings, 5)
    status = fleet_status(store, Rule(), OUTAGE)
    online = [
        int(row["online"])
        for row in store.rows(
            "SELECT sum(count) AS online FROM raw.segment_timeseries WHERE segment = 'Type' "
            "GROUP BY ts ORDER BY ts"
        )
    ]
    assert status.inventory == 2000
    assert status.fleet.share == pytest.approx(online[-1] / 2000)
    assert status.fleet.baseline == pytest.approx(sum(online[-5:-1]) / 4 / 2000)
    assert status.alert
    assert "Supplier=Cobalto" in status.explanation
    assert not fleet_status(store, Rule(history=2, drop=0.95), OUTAGE).broken
    assert not fleet_status(store, Rule(), OUTAGE - STEP).alert


def test_without_an_inventory_the_monitor_says_what_to_do(
    store: Store, simulator: Simulator, fleet_settings: FleetSettings
) -> None:
    settings = fleet_settings(simulator(broken_fleet()))
    collect_due(store, settings, Clock(START))
    with store.transaction() as tx:
        tx.delete("raw.devices", "device_code IS NOT NULL")
    with pytest.raises(SourceError, match="dqm devices inventory"):
        monitor(store, Rule())
