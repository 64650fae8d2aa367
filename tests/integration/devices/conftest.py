"""A simulated device API on a real port, and a home whose settings point to it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from dqm_assets.settings import Settings
from dqm_assets.simulate.device_api import DeviceSimulation
from dqm_assets.simulate.server import create_simulator
from dqm_assets.simulate.serving import serving
from dqm_assets.sources.http import Patience

#: Quick to give up and to try again: what is tested is that nothing is lost, not how long it takes.
QUICK = Patience(timeout=0.5, answer=5.0, attempts=8, first_wait=0.005, longest_wait=0.02, failures=50)


@pytest.fixture
def simulator() -> Iterator[Callable[[DeviceSimulation], str]]:
    """Starts simulators that end with the test."""
    with ExitStack() as stack:
        yield lambda simulation: stack.enter_context(serving(create_simulator(simulation)))


@pytest.fixture
def fleet_settings(settings: Settings) -> Callable[..., Settings]:
    """The test's settings with an address and what else is asked for."""
    return lambda url, **changes: settings.model_copy(update={"devices_url": url, **changes})
