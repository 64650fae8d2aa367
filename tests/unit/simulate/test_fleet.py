"""The simulated fleet: what the contract promises, and the correlations of a real one."""

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pytest

from dqm_assets.errors import SettingsError
from dqm_assets.quality.contracts import load_contracts
from dqm_assets.simulate.fleet import Fleet, make_fleet
from dqm_assets.simulate.fleet_activity import Window, connected, last_connections
from dqm_assets.simulate.fleet_catalogue import MODELS, STATES, TYPES
from dqm_assets.simulate.fleet_outages import OutagePlan, parse_outage
from dqm_assets.simulate.fleet_segments import SegmentCounter
from dqm_assets.sources.devices.segments import DIMENSIONS, dimensions_of

CONTRACT = Path(__file__).parents[3] / "contracts" / "devices.odcs.yaml"
NOON = datetime(2026, 1, 5, 15, tzinfo=UTC)


@pytest.fixture(scope="module")
def fleet() -> Fleet:
    return make_fleet(20_000)


@pytest.fixture(scope="module")
def inventory(fleet: Fleet):
    return fleet.inventory(last_connections(fleet, fleet.as_of))


def test_the_inventory_keeps_its_contract(inventory) -> None:
    contract = next(each for each in load_contracts(CONTRACT) if each.dataset == "device_inventory")
    results = contract.check(inventory, now=datetime(2026, 1, 1, tzinfo=UTC))
    assert [result.clause.id for result in results if not result.passed] == []
    assert len(results) > 20


def test_codes_and_addresses_are_unique_and_addresses_private(inventory) -> None:
    assert pc.count_distinct(inventory["device_code"]).as_py() == 20_000
    addresses = inventory["network_address"].to_pylist()
    assert len(set(addresses)) == 20_000
    assert all(ipaddress.ip_address(address).is_private for address in addresses[:500])


def test_states_follow_population_and_types_their_shares(fleet: Fleet) -> None:
    states = np.bincount(fleet.state, minlength=27) / fleet.devices
    millions = np.array([state.millions for state in STATES])
    assert len(STATES) == 27
    assert states == pytest.approx(millions / millions.sum(), abs=0.01)
    types = np.bincount(fleet.machine_type, minlength=4) / fleet.devices
    assert types == pytest.approx([kind.weight for kind in TYPES], abs=0.02)


def test_models_belong_to_suppliers_and_types_branches_to_states_versions_to_systems(inventory) -> None:
    def values_of(one: str, other: str) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for key, value in zip(inventory[one].to_pylist(), inventory[other].to_pylist(), strict=True):
            found.setdefault(key, set()).add(value)
        return found

    known = {model.name: model for model in MODELS}
    for model, suppliers in values_of("machine_model", "supplier").items():
        assert suppliers == {known[model].supplier}
    for model, types in values_of("machine_model", "machine_type").items():
        assert types == {known[model].type}
    assert all(len(states) == 1 for states in values_of("branch_id", "state").values())
    assert values_of("operating_system", "os_version")["QNX"] <= {"6.5", "7.0", "7.1"}


def test_old_devices_fail_more_often(fleet: Fleet) -> None:
    old = fleet.acquired < np.datetime64("2019-01-01")
    assert fleet.has_error[old].mean() > fleet.has_error[~old].mean()


def test_the_same_seed_gives_the_same_fleet_and_another_one_another(fleet: Fleet) -> None:
    again, other = make_fleet(20_000), make_fleet(20_000, seed=8)
    assert np.array_equal(fleet.model, again.model)
    assert np.array_equal(fleet.salt, again.salt)
    assert not np.array_equal(fleet.model, other.model)


@pytest.mark.parametrize("devices", [0, 2_000_001])
def test_a_fleet_of_no_or_too_many_devices_is_refused(devices: int) -> None:
    with pytest.raises(SettingsError, match="devices"):
        make_fleet(devices)


def test_counts_of_every_segment_are_those_of_the_devices(fleet: Fleet, inventory) -> None:
    window = Window(NOON)
    seen = connected(fleet, window)
    rows = inventory.filter(seen)
    counted = SegmentCounter(fleet).count(window)
    for segment in ("State", "Type and OS and OS_version", "Supplier and Model"):
        columns = [DIMENSIONS[dimension] for dimension in dimensions_of(segment)]
        groups = rows.group_by(columns).aggregate([([], "count_all")]).to_pylist()
        true = {tuple(row[column] for column in columns): row["count_all"] for row in groups}
        assert {each.values: each.count for each in counted if each.segment == segment and each.count} == true


def test_devices_sleep_at_night_and_move_smoothly(fleet: Fleet) -> None:
    shares = [connected(fleet, Window(NOON + timedelta(minutes=15 * step))).mean() for step in range(96)]
    assert max(shares) > 0.93
    assert min(shares) < 0.88
    assert np.abs(np.diff(shares)).max() < 0.02


def test_a_low_probability_misses_devices_and_a_longer_window_finds_them(fleet: Fleet) -> None:
    sure = connected(fleet, Window(NOON, 5, 1, 1.0)).sum()
    missing = connected(fleet, Window(NOON, 1, 1, 0.5)).sum()
    longer = connected(fleet, Window(NOON, 10, 1, 0.5)).sum()
    assert missing == pytest.approx(sure / 2, rel=0.05)
    assert longer == pytest.approx(sure, rel=0.01)


def test_an_outage_hits_its_share_of_its_devices_and_nobody_else(fleet: Fleet) -> None:
    outage = parse_outage("Supplier=Boreal,State=SP*0.8@2026-01-05T14:00/120m")
    hit = outage.hits(fleet)
    assert outage.lasts(NOON)
    assert not outage.lasts(NOON + timedelta(hours=1))
    concerned = (fleet.supplier == fleet.values["supplier"].index("Boreal")) & (
        fleet.state == fleet.values["state"].index("SP")
    )
    assert not (hit & ~concerned).any()
    assert hit.sum() == pytest.approx(0.8 * concerned.sum(), rel=0.1)


@pytest.mark.parametrize(
    "text", ["", "Supplier", "Colour=red", "Supplier=Boreal*2", "State=SP@yesterday/5m", "Supplier=Boreal*0"]
)
def test_what_is_no_outage_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(SettingsError):
        parse_outage(text)


def test_drawn_outages_follow_from_the_day_alone(fleet: Fleet) -> None:
    plan = OutagePlan(per_day=6.0, seed=3)
    times = [NOON + timedelta(hours=hour) for hour in range(48)]
    drawn = [plan.at(fleet, time) for time in times]
    assert drawn == [OutagePlan(per_day=6.0, seed=3).at(fleet, time) for time in times]
    assert any(drawn)
    assert all(outage.hits(fleet).sum() >= 0 for outages in drawn for outage in outages)
