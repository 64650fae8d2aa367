"""The demo: simulated sources through the real pipeline, and a score against the injected truth."""

import csv
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from dqm_assets.cli.demo_fleet import OUTAGES_PER_DAY, FleetOutcome, fleet_pass
from dqm_assets.cli.supervisor import Service, python_service
from dqm_assets.dagster_home import dagster_instance
from dqm_assets.ingest import Landing
from dqm_assets.pipeline.claims import claim_dropped
from dqm_assets.pipeline.datasets import DETECTOR, find_dataset
from dqm_assets.settings import Settings
from dqm_assets.simulate.runs import RunSeries, write_runs
from dqm_assets.store import Store

RUNS = 50
#: Time between two runs, simulated and real, so that the running demo stays at the present time.
INTERVAL = timedelta(seconds=30)


@dataclass(frozen=True)
class Outcome:
    """What one pass over simulated runs gave."""

    succeeded: bool
    runs: int
    good: int
    bad: int
    rows: int
    injected: int
    found: int
    precision: float
    recall: float
    fleet: FleetOutcome


def one_pass(settings: Settings) -> Outcome:
    """Land the simulated history, materialise it in this process and score GOOD/BAD against the truth.

    Args:
        settings: Where everything is; runs that are registered already are not loaded again.
    """
    from dqm_assets.defs.detector_runs.run_now import materialise
    from dqm_assets.defs.resources import process_store

    drop_history(settings)
    landing = Landing(settings.landing_folder)
    with dagster_instance(settings) as instance:
        claims = claim_dropped(process_store, landing, find_dataset(settings, DETECTOR), settle_seconds=0)
        succeeded = materialise(instance, DETECTOR, claims) if claims else True
    fleet = fleet_pass(process_store(), settings)
    return _score(process_store(), _truth_path(settings), fleet, succeeded=succeeded)


def drop_history(settings: Settings) -> None:
    """Drop the simulated history into the landing folder, once in the life of a ``DQM_HOME``."""
    if _state_path(settings).exists():
        return
    start = datetime.now(UTC).replace(microsecond=0) - RUNS * INTERVAL
    folder = Landing(settings.landing_folder).add_dataset(DETECTOR)
    for _ in write_runs(_series(start), folder, _truth_path(settings), first=0, count=RUNS):
        pass
    _state_path(settings).write_text(json.dumps({"start": start.isoformat()}))


def demo_services(settings: Settings, environment: Mapping[str, str]) -> list[Service]:
    """What feeds the demo: detector runs, and the server of the simulated sources with a day of prices."""
    drop_history(settings)
    services = [
        feed_service(settings, environment),
        python_service(
            "simulated sources",
            *("-m", "dqm_assets.cli", "simulate", "server", "--port", str(settings.simulator_port)),
            *("--outages-per-day", str(OUTAGES_PER_DAY)),
            env=environment,
        ),
    ]
    if settings.crypto_url is None:
        past = ("-m", "dqm_assets.cli", "simulate", "crypto")
        services.append(python_service("simulated prices", *past, env=environment, keep=False))
    return services


def feed_service(settings: Settings, environment: Mapping[str, str]) -> Service:
    """A service that goes on dropping runs; what a stopped demo missed stays missing."""
    start = datetime.fromisoformat(json.loads(_state_path(settings).read_text())["start"])
    following = max(RUNS, math.ceil((datetime.now(UTC) - start) / INTERVAL))
    return python_service(
        "simulator",
        *("-m", "dqm_assets.cli", "simulate", "runs", "--runs", "0", "--first-run", str(following)),
        *("--every", str(INTERVAL.total_seconds()), "--start", start.strftime("%Y-%m-%dT%H:%M:%S")),
        *("--interval-minutes", str(INTERVAL.total_seconds() / 60)),
        env=environment,
    )


def _series(start: datetime) -> RunSeries:
    return RunSeries(start=start, interval=INTERVAL)


def _state_path(settings: Settings) -> Path:
    return settings.home.absolute() / "demo.json"


def _truth_path(settings: Settings) -> Path:
    return settings.home.absolute() / "demo_truth.csv"


def _score(store: Store, truth_path: Path, fleet: FleetOutcome, *, succeeded: bool) -> Outcome:
    with truth_path.open(newline="") as file:
        injected = {row["file"] for row in csv.DictReader(file) if row["anomalous"] == "true"}
    runs = store.rows(
        "SELECT file, status, rows_loaded FROM metrics.runs WHERE dataset = ? AND simulated", [DETECTOR]
    )
    bad = {run["file"] for run in runs if run["status"] == "BAD"}
    injected &= {run["file"] for run in runs}
    found = len(bad & injected)
    return Outcome(
        succeeded=succeeded,
        runs=len(runs),
        good=sum(run["status"] == "GOOD" for run in runs),
        bad=len(bad),
        rows=sum(run["rows_loaded"] for run in runs),
        injected=len(injected),
        found=found,
        precision=found / len(bad) if bad else 1.0,
        recall=found / len(injected) if injected else 1.0,
        fleet=fleet,
    )
