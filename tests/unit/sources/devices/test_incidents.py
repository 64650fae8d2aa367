"""Telling who broke from who only contains it, on fleets small enough to follow by hand."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from dqm_assets.sources.devices.clock import Clock
from dqm_assets.sources.devices.explanation import explain_drop
from dqm_assets.sources.devices.fleet_history import WHOLE, FleetHistory, Part
from dqm_assets.sources.devices.incidents import IncidentFinder, Rule
from dqm_assets.sources.devices.snapshot import SegmentKey

START = datetime(2026, 1, 5, tzinfo=UTC)
RULE = Rule(history=2)
#: Devices by (state, supplier); every supplier has one type.
CELLS = {("SP", "A"): 100, ("SP", "B"): 100, ("BA", "A"): 100, ("BA", "B"): 100}
TYPES = {"A": "ATM", "B": "PC"}


def history(*online: dict[tuple[str, str], int]) -> FleetHistory:
    """A fleet where all are online, except what each snapshot says of single cells."""
    names = {
        "State": lambda cell: (cell[0],),
        "Supplier": lambda cell: (cell[1],),
        "Type": lambda cell: (TYPES[cell[1]],),
        "State and Supplier": lambda cell: cell,
        "State and Type": lambda cell: (cell[0], TYPES[cell[1]]),
        "Type and Supplier": lambda cell: (TYPES[cell[1]], cell[1]),
    }
    inventory: dict[SegmentKey, int] = {}
    for cell, devices in CELLS.items():
        for segment, values in names.items():
            key = SegmentKey(segment, values(cell))
            inventory[key] = inventory.get(key, 0) + devices
    keys = list(inventory)
    counts = np.zeros((len(online), len(keys)))
    for place, snapshot in enumerate(online):
        for cell, devices in (CELLS | snapshot).items():
            for segment, values in names.items():
                counts[place, keys.index(SegmentKey(segment, values(cell)))] += devices
    times = [START + timedelta(minutes=place) for place in range(len(online))]
    return FleetHistory(times, keys, counts, inventory)


def found(given: FleetHistory) -> list[tuple[Part, ...]]:
    finder = IncidentFinder(given, RULE)
    return [finder.look(place).begun for place in range(len(given.times))]


def test_a_supplier_that_broke_is_named_and_its_states_and_type_are_not() -> None:
    away = {("SP", "A"): 0, ("BA", "A"): 0}
    assert found(history({}, {}, away, away)) == [(), (), (Part("Supplier", "A"),), ()]


def test_a_state_that_broke_is_named_and_its_suppliers_are_not() -> None:
    away = {("SP", "A"): 10, ("SP", "B"): 10}
    assert found(history({}, {}, away))[-1] == (Part("State", "SP"),)


def test_a_fleet_that_lost_half_of_everything_is_one_incident() -> None:
    away = dict.fromkeys(CELLS, 50)
    assert found(history({}, {}, away))[-1] == (WHOLE,)


def test_a_second_cause_beside_a_first_is_seen() -> None:
    first = {("SP", "A"): 0, ("BA", "A"): 0}
    second = first | {("BA", "B"): 20}
    assert found(history({}, {}, first, second))[-1] == (Part("State", "BA"),)


def test_the_devices_of_an_incident_are_left_out_of_all_other_parts_and_come_back_with_its_end() -> None:
    away = {("SP", "A"): 0, ("BA", "A"): 0}
    given = history({}, {}, away, {})
    finder = IncidentFinder(given, RULE)
    moments = [finder.look(place) for place in range(4)]
    assert moments[2].shares[Part("State", "SP")] == 1.0
    assert moments[2].shares[WHOLE] == 0.5
    assert moments[2].shares[Part("Supplier", "A")] == 0.0
    assert Part("Type", "ATM") not in moments[2].shares, "it is nothing but the supplier"
    assert moments[3].broken == ()
    assert moments[3].shares[Part("Type", "ATM")] == 1.0
    incident = finder.incidents[0]
    assert (incident.level, incident.lost, incident.inventory) == (1.0, 200, 200)
    assert incident.ended == given.times[3]


@pytest.mark.parametrize(("left", "alarms"), [(86, False), (85, True)])
def test_a_drop_alarms_from_the_threshold_on(left: int, alarms: bool) -> None:
    away = {("SP", "A"): left, ("BA", "A"): left}
    assert bool(found(history({}, {}, away))[-1]) is alarms


def test_a_drop_is_explained_by_the_part_that_broke_within_what_dropped() -> None:
    away = {("SP", "A"): 0}
    given = history({}, {}, away)
    fleet = explain_drop(given, 2, WHOLE, (Part("Supplier", "A"),), baseline=2)
    state = explain_drop(given, 2, Part("State", "SP"), (), baseline=2)
    assert fleet is not None
    assert state is not None
    assert fleet.text.startswith("Supplier=A explains 100 % of the drop")
    assert "Supplier=A explains 100 % of it" in state.text
    assert sum(part.change for part in state.parts) == pytest.approx(-100)
    assert explain_drop(given, 1, WHOLE, (), baseline=2) is None


def test_missed_minutes_are_due_oldest_first_and_not_too_many_at_once() -> None:
    clock = Clock(START + timedelta(minutes=90, seconds=30))
    assert clock.due(None) == (START + timedelta(minutes=90),)
    due = clock.due(START)
    assert (len(due), due[0], due[-1]) == (60, START + timedelta(minutes=1), START + timedelta(minutes=60))
    assert clock.due(START + timedelta(minutes=90)) == ()


def test_an_accelerated_clock_moves_by_steps_and_may_stop_at_the_present() -> None:
    step = timedelta(minutes=15)
    clock = Clock(START, step, most=3, start=START - 2 * step, accelerated=True, not_after=START)
    assert clock.due(None) == (START - 2 * step, START - step, START)
    assert clock.due(START) == ()
    assert Clock(START, step, most=2, accelerated=True).due(START) == (START + step, START + 2 * step)
