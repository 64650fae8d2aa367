"""The device fleet at a million devices: answers of the API, and snapshots collected into the store.

``python -m benchmarks.devices --json``: a simulated fleet behind a real HTTP server in a process of its own.
``api_p95_ms`` is the 95th percentile of 60 requests of one client, whole answers included; ``segments_per_s``
how many segment values those answers counted a second. ``snapshots_per_s`` is what the collector makes of
missed minutes: requests, checks, flat files, the store's commits; ``monitor_snapshots_per_s`` what judging
them costs. The rows in the store are compared with the counts of the fleet at the end.
"""

import argparse
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import numpy as np

from benchmarks.report import print_report
from dqm_assets.pipeline.attempts import Attempt
from dqm_assets.pipeline.devices_collect import collect
from dqm_assets.pipeline.devices_inventory import fetch_inventory, load_inventory
from dqm_assets.pipeline.devices_monitor import monitor
from dqm_assets.settings import Settings
from dqm_assets.simulate.fleet import make_fleet
from dqm_assets.sources.devices.client import PATH, Question
from dqm_assets.sources.devices.connection import device_clients
from dqm_assets.sources.devices.incidents import Rule
from dqm_assets.store import Store, open_store

START = datetime(2026, 1, 5, 12, tzinfo=UTC)
_REQUESTS, _WARM_UP = 60, 5
_START_SECONDS = 120


@contextmanager
def simulator(devices: int) -> Generator[str]:
    """Run the simulator as users do; gives its address once it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "dqm_assets.cli", "simulate", "server"]
    process = subprocess.Popen([*command, "--port", str(port), "--devices", str(devices)])
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                httpx.get(f"{url}/health").raise_for_status()
                break
            except httpx.TransportError:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(30)


def answers(url: str) -> dict[str, float]:
    """Time whole answers, one after the other."""
    question = Question()
    seconds, values = [], 0
    with httpx.Client(base_url=url, timeout=60) as client:
        for place in range(_WARM_UP + _REQUESTS):
            body = question.body(START + timedelta(minutes=place))
            began = time.perf_counter()
            answer = client.post(PATH, json=body)
            seconds.append(time.perf_counter() - began)
            answer.raise_for_status()
            values = len(answer.json()["segments"])
    timed = np.array(seconds[_WARM_UP:])
    return {
        "api_p50_ms": float(np.median(timed)) * 1e3,
        "api_p95_ms": float(np.quantile(timed, 0.95)) * 1e3,
        "segment_values": values,
        "segments_per_s": values * len(timed) / float(timed.sum()),
    }


def ingestion(store: Store, settings: Settings, folder: Path, snapshots: int) -> dict[str, float]:
    """Collect missed minutes, then judge them; check that every count arrived."""
    times = [START + timedelta(minutes=place) for place in range(snapshots)]
    with device_clients(settings) as clients:
        began = time.perf_counter()
        done = collect(store, clients, times, folder, Attempt("benchmark", START))
        collected = time.perf_counter() - began
    stored = store.rows("SELECT count(*) AS n, count(DISTINCT ts) AS snapshots FROM raw.segment_timeseries")[
        0
    ]
    assert (stored["snapshots"], stored["n"]) == (snapshots, done.rows), "rows were lost or doubled"
    began = time.perf_counter()
    judged = monitor(store, Rule())
    assert len(judged.moments) == snapshots
    return {
        "snapshots_per_s": snapshots / collected,
        "rows_per_s": done.rows / collected,
        "monitor_snapshots_per_s": snapshots / (time.perf_counter() - began),
    }


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--json", action="store_true", help="one JSON line")
    parser.add_argument("--devices", type=int, default=1_000_000)
    parser.add_argument("--snapshots", type=int, default=240)
    options = parser.parse_args()
    began = time.perf_counter()
    make_fleet(options.devices)
    figures: dict[str, float] = {"devices": options.devices, "fleet_s": time.perf_counter() - began}
    with tempfile.TemporaryDirectory(prefix="dqm-devices-") as home, simulator(options.devices) as url:
        settings = Settings(home=Path(home), devices_url=url)
        with open_store(settings) as store:
            began = time.perf_counter()
            load_inventory(store, fetch_inventory(url)[0], simulated=True)
            figures["inventory_load_s"] = time.perf_counter() - began
            figures |= answers(url)
            figures |= ingestion(store, settings, Path(home) / "devices", options.snapshots)
    print_report("devices", figures, {}, as_json=options.json)


if __name__ == "__main__":
    main()
