"""The collector against the simulated API: nothing lost, nothing doubled, whatever goes wrong."""

import csv
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dqm_assets.errors import SourceError
from dqm_assets.pipeline.attempts import Attempt
from dqm_assets.pipeline.devices_collect import CollectSummary, collect, due_times, last_collected
from dqm_assets.pipeline.devices_stage import collect_due, flat_folder
from dqm_assets.settings import Settings
from dqm_assets.simulate.device_api import DeviceSimulation
from dqm_assets.simulate.fleet import make_fleet
from dqm_assets.simulate.fleet_activity import Window
from dqm_assets.simulate.fleet_faults import FaultPlan
from dqm_assets.simulate.fleet_segments import SegmentCounter
from dqm_assets.sources.devices.clock import Clock
from dqm_assets.sources.devices.connection import device_clients
from dqm_assets.sources.devices.flat_file import HEADER
from dqm_assets.store import Store
from tests.integration.devices.conftest import QUICK

START = datetime(2026, 1, 5, 12, tzinfo=UTC)
#: Snapshots of the test with faults; the published run has 1,000.
REQUESTS = int(os.environ.get("DQM_DEVICE_REQUESTS", "60"))
DEVICES = 300

Simulator = Callable[[DeviceSimulation], str]
FleetSettings = Callable[..., Settings]


def minutes(count: int) -> list[datetime]:
    return [START + timedelta(minutes=place) for place in range(count)]


def collected(store: Store, settings: Settings, times: list[datetime]) -> CollectSummary:
    with device_clients(settings, patience=QUICK) as clients:
        return collect(store, clients, times, flat_folder(settings), Attempt("test", START))


def test_with_a_third_of_the_answers_wrong_no_snapshot_is_lost_or_doubled(
    store: Store, simulator: Simulator, fleet_settings: FleetSettings
) -> None:
    faults = FaultPlan(rate=0.3, hang_seconds=1.0, slow_seconds=0.05)
    settings = fleet_settings(simulator(DeviceSimulation(DEVICES, faults=faults)))
    times = minutes(REQUESTS)
    for begin in range(0, REQUESTS, 100):
        collected(store, settings, times[begin : begin + 100])
    counter = SegmentCounter(make_fleet(DEVICES))
    true = {
        (ts, count.segment, count.values): count.count
        for ts in times
        for count in counter.count(Window(ts, 5, 1, 0.99))
    }
    rows = store.rows("SELECT * FROM raw.segment_timeseries")
    stored = {
        (
            row["ts"],
            row["segment"],
            tuple(row[f"dim{n}_value"] for n in (1, 2, 3) if row[f"dim{n}_value"]),
        ): row["count"]
        for row in rows
    }
    assert len(rows) == len(stored), "a key is there twice"
    assert stored == true
    payloads = store.rows("SELECT ts, requests FROM raw.device_payloads ORDER BY ts")
    assert [row["ts"] for row in payloads] == times
    assert sum(row["requests"] for row in payloads) > REQUESTS, "no fault was met: the test shows nothing"
    codes = {row["code"] for row in store.rows("SELECT code FROM raw.quarantine WHERE dataset = 'devices'")}
    assert codes == {"not_a_snapshot", "wrong_time"}
    files = sorted(flat_folder(settings).glob("*/*.csv"))
    assert len(files) == REQUESTS


def test_collecting_again_changes_nothing(
    store: Store, simulator: Simulator, fleet_settings: FleetSettings
) -> None:
    settings = fleet_settings(simulator(DeviceSimulation(DEVICES)))
    collected(store, settings, minutes(3))
    before = store.query("SELECT * FROM raw.segment_timeseries ORDER BY ALL")
    collected(store, settings, minutes(3))
    assert store.query("SELECT * FROM raw.segment_timeseries ORDER BY ALL").equals(before)


def test_the_payload_is_kept_as_received_and_flattened_with_the_documented_header(
    store: Store, simulator: Simulator, fleet_settings: FleetSettings
) -> None:
    settings = fleet_settings(simulator(DeviceSimulation(DEVICES)))
    collected(store, settings, [START])
    row = store.rows("SELECT payload, question, simulated FROM raw.device_payloads")[0]
    payload = json.loads(row["payload"])
    assert row["simulated"] is True
    assert json.loads(row["question"])["current_time"] == payload["current_time"] == "2026-01-05T12:00:00Z"
    path = flat_folder(settings) / "2026-01-05" / "segments_20260105T120000Z.csv"
    with path.open(newline="") as file:
        lines = list(csv.reader(file))
    assert tuple(lines[0]) == HEADER
    assert (
        len(lines) - 1
        == len(payload["segments"])
        == store.rows("SELECT count(*) AS n FROM raw.segment_timeseries")[0]["n"]
    )
    types = sum(int(line[2]) for line in lines[1:] if line[1] == "Type")
    assert 0 < types <= DEVICES


def test_missed_minutes_are_collected_later(
    store: Store, simulator: Simulator, fleet_settings: FleetSettings
) -> None:
    settings = fleet_settings(simulator(DeviceSimulation(DEVICES)))
    collect_due(store, settings, Clock(START))
    collect_due(store, settings, Clock(START + timedelta(minutes=7, seconds=20)))
    times = [row["ts"] for row in store.rows("SELECT ts FROM raw.device_payloads ORDER BY ts")]
    assert times == minutes(8)
    assert due_times(store, Clock(START + timedelta(minutes=7, seconds=50))) == ()


def test_an_accelerated_clock_goes_on_where_it_stopped(
    store: Store, simulator: Simulator, fleet_settings: FleetSettings
) -> None:
    settings = fleet_settings(simulator(DeviceSimulation(DEVICES)))
    clock = Clock(datetime.now(UTC), timedelta(minutes=15), most=4, start=START, accelerated=True)
    first = collect_due(store, settings, clock)
    second = collect_due(store, settings, clock)
    assert first.times[-1] == START + timedelta(minutes=45)
    assert second.times[0] == START + timedelta(minutes=60)
    assert last_collected(store) == START + timedelta(minutes=105)


def test_a_failure_keeps_what_came_before_it_and_says_stage_and_reason(
    store: Store, simulator: Simulator, fleet_settings: FleetSettings
) -> None:
    settings = fleet_settings(simulator(DeviceSimulation(DEVICES)))
    collect_due(store, settings, Clock(START))
    away = settings.model_copy(update={"devices_url": "http://127.0.0.1:9"})
    with pytest.raises(SourceError, match="cannot be reached"):
        collect_due(store, away, Clock(START + timedelta(minutes=1)))
    status = store.rows("SELECT * FROM monitoring.pipeline_status WHERE pipeline = 'devices'")[0]
    assert (status["status"], status["stage"]) == ("FAILED", "extract")
    assert "cannot be reached" in status["reason"]
    assert status["last_success"] is not None
    assert "extract" in (Path(settings.home) / "logs" / "error.log").read_text()
    collect_due(store, settings, Clock(START + timedelta(minutes=2)))
    assert store.rows("SELECT status FROM monitoring.pipeline_status WHERE pipeline = 'devices'") == [
        {"status": "SUCCESS"}
    ]
    assert [row["ts"] for row in store.rows("SELECT ts FROM raw.device_payloads ORDER BY ts")] == minutes(3)
