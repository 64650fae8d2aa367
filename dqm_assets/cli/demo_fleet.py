"""The demo's fleet: a simulated week at three hours a minute, or some hours with one outage at once."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from fastapi import FastAPI

from dqm_assets.pipeline.devices_collect import last_collected
from dqm_assets.pipeline.devices_monitor import monitor
from dqm_assets.pipeline.devices_stage import collect_due
from dqm_assets.settings import Settings
from dqm_assets.simulate.device_api import DeviceSimulation, devices_router
from dqm_assets.simulate.fleet_outages import OutagePlan, parse_outage
from dqm_assets.simulate.serving import serving
from dqm_assets.sources.devices.clock import Clock
from dqm_assets.sources.devices.connection import rule_of
from dqm_assets.store import Store

#: The running demo's fleet lives through its last week until it has reached the present.
PAST, MINUTES, STEPS = timedelta(days=7), 15, 12
#: Outages of its suppliers, states and branches; branches are too small to be judged.
OUTAGES_PER_DAY = 2.0
#: What one pass lets the fleet live through.
PASS_STEPS, PASS_OUTAGE = 24, "Supplier=Cobalto"


@dataclass(frozen=True)
class FleetOutcome:
    """What one pass over a simulated fleet gave."""

    snapshots: int
    injected: str
    #: Parts of the fleet that were found to be cut off.
    found: tuple[str, ...]


def demo_environment(settings: Settings) -> dict[str, str]:
    """Variables that put simulated sources in the place of those that the settings do not name."""
    environment: dict[str, str] = {}
    if settings.devices_url is None:
        environment |= {
            "DQM_DEVICES_URL": settings.simulator_url,
            "DQM_DEVICES_SIMULATE_MINUTES": str(MINUTES),
            "DQM_DEVICES_STEPS": str(STEPS),
            "DQM_DEVICES_START": (_this_hour() - PAST).isoformat(),
        }
    if settings.crypto_url is None:
        environment["DQM_CRYPTO_URL"] = f"{settings.simulator_url}/api/v3"
    return environment


def fleet_pass(store: Store, settings: Settings) -> FleetOutcome:
    """Let the fleet live through some hours with one outage; another pass goes on after the last."""
    step = timedelta(minutes=MINUTES)
    # Before what the running demo begins with.
    start = _this_hour() - PAST - PASS_STEPS * step
    last = last_collected(store)
    begins = (last + step if last else start) + PASS_STEPS // 2 * step
    outage = parse_outage(f"{PASS_OUTAGE}@{begins.isoformat()}/{2 * MINUTES}m")
    simulator = FastAPI()
    simulator.include_router(devices_router(DeviceSimulation(outages=OutagePlan((outage,)))))
    clock = Clock(datetime.now(UTC), step, PASS_STEPS, start, accelerated=True)
    with serving(simulator) as url:
        done = collect_due(store, settings.model_copy(update={"devices_url": url}), clock)
    moments = monitor(store, rule_of(settings)).moments
    found = tuple(part.name for moment in moments for part in moment.begun)
    return FleetOutcome(len(done.times), PASS_OUTAGE, found)


def _this_hour() -> datetime:
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
